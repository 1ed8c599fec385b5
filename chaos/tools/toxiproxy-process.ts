/**
 * The real toxiproxy-server as a process of ours on the loopback: started on a port that is free, asked again and again
 * whether it still answers, killed and started anew when it does not (a removal can make its API hang for good). A new
 * one knows no proxies: whoever gave it some hears of that by `onLost` and must not take the run for a good one.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { candidatePorts } from "../proxy/listen-port.ts";

export interface ToxiproxyOptions {
  readonly path: string;
  /** What it writes, line by line. */
  readonly onLine?: (line: string) => void;
  /** It ended or hung, and all its proxies with it; when it is up again `isUp` is true. */
  readonly onLost?: (why: string, isUp: boolean) => void;
  /** How often it is asked, and how long an answer may take. */
  readonly askEveryMs?: number;
  readonly answerWithinMs?: number;
}

export interface ToxiproxyProcess {
  /** The same after it was started anew. */
  readonly url: string;
  readonly pid: number | undefined;
  readonly isAlive: boolean;
  /** Of the process, for as long as nobody stops it. */
  readonly startedTimes: number;
  stop(): Promise<void>;
}

const START_MS = 10_000;
const STOP_MS = 2_000;
const ASK_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 5_000;
/** From the last answer of a process that dies to its end. */
const DYING_MS = 250;

/** Rejects with a sentence when it does not come up. */
export async function startToxiproxy(options: ToxiproxyOptions): Promise<ToxiproxyProcess> {
  let why = "no port is free";
  for (const port of candidatePorts(5).filter((candidate) => candidate !== 0)) {
    const keeper = new Keeper(options, port);
    const trouble = await keeper.start();
    if (trouble === undefined) {
      keeper.watch();
      return keeper;
    }
    why = trouble;
    await keeper.stop();
  }
  throw new Error(`${options.path} did not start: ${why}.`);
}

class Keeper implements ToxiproxyProcess {
  readonly url: string;
  startedTimes = 0;
  readonly #options: ToxiproxyOptions;
  readonly #port: number;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(options: ToxiproxyOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  get pid(): number | undefined {
    return this.isAlive ? this.#child?.pid : undefined;
  }

  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Gives what went wrong. */
  async start(): Promise<string | undefined> {
    const { path, onLine } = this.#options;
    let trouble: string | undefined;
    const child = spawn(path, ["-host", "127.0.0.1", "-port", String(this.#port)], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], LOG_LEVEL: "warn" },
    });
    this.#child = child;
    this.startedTimes += 1;
    child.once("error", (error) => (trouble = error.message));
    for (const stream of [child.stdout, child.stderr]) {
      forEachLine(stream, (line) => {
        // It says so, and lives on without an API.
        if (line.includes("Server finished with error")) trouble = `it cannot listen on port ${this.#port}`;
        onLine?.(line);
      });
    }
    const untilMs = performance.now() + START_MS;
    while (performance.now() < untilMs) {
      if (trouble !== undefined) return trouble;
      if (!this.isAlive) return `it ended with ${child.exitCode ?? child.signalCode}`;
      if (await answers(`${this.url}/version`, 500)) {
        // What answers could be another's; then ours complains a moment later.
        await pause(20);
        return trouble;
      }
      await pause(25);
    }
    return `it did not answer within ${START_MS} ms`;
  }

  watch(): void {
    const { askEveryMs = ASK_EVERY_MS, answerWithinMs = ANSWER_WITHIN_MS } = this.#options;
    this.#timer = setTimeout(async () => {
      // Not the version: a server that hangs in a proxy still tells that.
      const isWell = this.isAlive && (await answers(`${this.url}/proxies`, answerWithinMs));
      // A process that dies lets go of its sockets before the system tells of its end.
      if (!isWell && this.isAlive) await pause(DYING_MS);
      if (this.#isStopping) return;
      if (!isWell) await this.#startAnew(this.isAlive ? "it did not answer any more" : this.#describeEnd());
      if (!this.#isStopping) this.watch();
    }, askEveryMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    await this.#end("SIGTERM");
  }

  async #startAnew(why: string): Promise<void> {
    await this.#end("SIGKILL");
    const trouble = this.#isStopping ? "it is being stopped" : await this.start();
    this.#options.onLost?.(why, trouble === undefined);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isAlive || child.pid === undefined) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  }

  #describeEnd(): string {
    const { exitCode, signalCode } = this.#child!;
    return signalCode === null ? `it ended with exit code ${exitCode}` : `it was ended by ${signalCode}`;
  }
}

async function answers(url: string, withinMs: number): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

function forEachLine(stream: NodeJS.ReadableStream | null, told: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!.slice(0, 64 * 1024);
    lines.forEach(told);
  });
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
