/**
 * One process of a run: started from an argv, heard line by line on its stdout, its stderr in a log file. Killed by its
 * own handle only, so that a process id that was given to somebody else is never hit.
 */
import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Ending, HostProcess } from "../world/backend.ts";
import { within } from "../world/deadline.ts";
import { keepWords } from "../world/kept-words.ts";
import { FIRST, setThreadPriorities } from "./hurry.ts";

export interface ChildOptions {
  /** As in messages to a person. */
  readonly name: string;
  /** The program and its words. */
  readonly argv: readonly string[];
  /** Added to the controller's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** The system's, when it is not to be the controller's. */
  readonly priority?: number | undefined;
  /** stderr is appended to it. */
  readonly logPath: string;
  /** Lines of stdout are appended to it too, when it is there. */
  readonly stdoutPath?: string | undefined;
  /** Each whole line of stdout; what a dying process did not end with a line break is dropped. */
  readonly onLine: (line: string) => void;
  /** Started, so that it can be ended if the controller itself dies. */
  readonly guard?: { add(pid: number): void; remove(pid: number): void } | undefined;
}

/** After SIGKILL a process is gone as soon as the system gets to it. */
const KILL_TIMEOUT_MS = 10_000;
const LOG_TAIL_CHARS = 600;

export class Child implements HostProcess {
  readonly name: string;
  /** Gone, and all that it had said was heard. */
  readonly closed: Promise<Ending>;
  ending: Ending | undefined;
  readonly #process: ChildProcess;
  readonly #logPath: string;
  readonly #priority: number | undefined;
  #failure: string | undefined;

  constructor(options: ChildOptions) {
    const { name, argv, env, priority, logPath, stdoutPath, onLine, guard } = options;
    this.name = name;
    this.#logPath = logPath;
    this.#priority = priority;
    const [program = "", ...words] = argv;
    const log = openSync(logPath, "a", 0o600);
    try {
      this.#process = spawn(program, words, { stdio: ["pipe", "pipe", log], env: { ...process.env, ...env } });
    } finally {
      closeSync(log);
    }
    const { pid, stdin, stdout } = this.#process;
    if (pid !== undefined) guard?.add(pid);
    if (pid !== undefined && priority !== undefined) setThreadPriorities(pid, priority);
    // A dead reader is told of by `close`.
    stdin!.on("error", () => {});
    let heard = "";
    stdout!.setEncoding("utf8");
    stdout!.on("data", (text: string) => {
      heard += text;
      let start = 0;
      for (let end = heard.indexOf("\n"); end >= 0; end = heard.indexOf("\n", start)) {
        const line = heard.slice(start, end);
        if (stdoutPath !== undefined) keepWords(stdoutPath, `${line}\n`);
        onLine(line);
        start = end + 1;
      }
      heard = heard.slice(start);
    });
    this.closed = new Promise((resolve) => {
      const end = (ending: Ending): void => {
        if (this.ending !== undefined) return;
        this.ending = ending;
        if (pid !== undefined) guard?.remove(pid);
        resolve(ending);
      };
      this.#process.once("error", (error) => {
        if (pid !== undefined) return;
        // Never started: there will be no `close`.
        this.#failure = error.message;
        end({ code: null, signal: null });
      });
      this.#process.once("close", (code, signal) => end({ code, signal }));
    });
  }

  get pid(): number | undefined {
    return this.ending === undefined ? this.#process.pid : undefined;
  }

  get isOver(): boolean {
    return this.ending !== undefined;
  }

  writeLine(line: string): void {
    if (!this.isOver) this.#process.stdin!.write(`${line}\n`);
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    const isAtOnce = signal === "SIGKILL" || signal === "SIGSTOP";
    if (this.#priority !== undefined && isAtOnce) setThreadPriorities(pid, FIRST);
    this.#process.kill(signal);
    if (this.#priority !== undefined && signal === "SIGCONT") setThreadPriorities(pid, this.#priority);
  }

  /** SIGKILL, and until it is gone. */
  async kill(): Promise<Ending> {
    void this.signal("SIGKILL");
    return within(KILL_TIMEOUT_MS, `${this.name} did not die of SIGKILL`, this.closed);
  }

  /** How it ended and what it said last on stderr, in one line. */
  describeEnd(): string {
    if (this.#failure !== undefined) return `could not be started (${this.#failure})`;
    const { code, signal } = this.ending ?? { code: null, signal: null };
    const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
    const tail = readTail(this.#logPath);
    return tail === "" ? how : `${how}; its last words: ${tail}`;
  }
}

function readTail(path: string): string {
  try {
    const text = readFileSync(path, "utf8").trim();
    return text.slice(-LOG_TAIL_CHARS).replaceAll(/\s*\n\s*/g, " | ");
  } catch {
    return "";
  }
}
