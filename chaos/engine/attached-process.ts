/**
 * One life of a container, attached: heard line by line on its stdout, its stderr in a log file, written to on its
 * stdin. Killed, stopped, paused through the engine, and over only when the engine says so and all was heard.
 */
import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import type { Ending, HostProcess } from "../world/backend.ts";
import { within } from "../world/deadline.ts";
import { FaultError } from "../world/fault-error.ts";
import { keepWords } from "../world/kept-words.ts";
import { engineAnswer, isMoot } from "./engine.ts";

export type Deed = "kill" | "stop" | "pause" | "unpause";

export interface AttachedOptions {
  /** As in messages to a person. */
  readonly name: string;
  readonly docker: Docker;
  /** Created with an open stdin, and not running. */
  readonly container: Docker.Container;
  /** Its stdout too goes to a file, when one is named. */
  readonly stdoutPath: string | undefined;
  readonly stderrPath: string;
  readonly onLine: (line: string) => void;
  /** Does a thing to the container in another way than by asking the engine; `false`: it cannot. */
  readonly otherwise?: ((what: Deed) => Promise<boolean>) | undefined;
}

const KILL_TIMEOUT_MS = 20_000;
const LOG_TAIL_CHARS = 600;
const SIGNAL_NAMES: { readonly [code: number]: string } = { 134: "SIGABRT", 137: "SIGKILL", 139: "SIGSEGV" };

export class AttachedProcess implements HostProcess {
  readonly closed: Promise<Ending>;
  readonly #options: AttachedOptions;
  readonly #stream: Duplex;
  #ending: Ending | undefined;
  /** What is done to it, one after the other. */
  #turns: Promise<unknown> = Promise.resolve();

  private constructor(options: AttachedOptions, stream: Duplex, ended: Promise<Ending>) {
    this.#options = options;
    this.#stream = stream;
    this.closed = ended.then((ending) => (this.#ending = ending));
  }

  /** Resolves when the engine has started it. */
  static async start(options: AttachedOptions): Promise<AttachedProcess> {
    const { docker, container, stdoutPath, stderrPath, onLine } = options;
    const stream = (await container.attach({
      stream: true,
      stdin: true,
      stdout: true,
      stderr: true,
      hijack: true,
    })) as Duplex;
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    let heard = "";
    stdout.setEncoding("utf8");
    stdout.on("data", (text: string) => {
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
    stderr.on("data", (bytes: Uint8Array) => keepWords(stderrPath, bytes));
    docker.modem.demuxStream(stream, stdout, stderr);
    const drained = new Promise<void>((resolve) => {
      // A broken connection is an end, too.
      stream.once("end", resolve).once("close", resolve).once("error", resolve);
    });
    try {
      await container.start();
    } catch (error) {
      stream.destroy();
      throw error;
    }
    const ended = container.wait().then(
      async ({ StatusCode: status }: { StatusCode: number }): Promise<Ending> => {
        await drained;
        const signal = SIGNAL_NAMES[status];
        return signal === undefined ? { code: status, signal: null } : { code: null, signal };
      },
      // Removed under us, or the engine is gone.
      (): Ending => ({ code: null, signal: null }),
    );
    return new AttachedProcess(options, stream, ended);
  }

  get isOver(): boolean {
    return this.#ending !== undefined;
  }

  writeLine(line: string): void {
    if (!this.isOver && !this.#stream.destroyed) this.#stream.write(`${line}\n`);
  }

  async signal(signal: "SIGTERM" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    await this.#inTurn(() => this.#send(signal));
  }

  /** Does something between two of its steps. One that a pause holds, or that is over, stays as it is. */
  whileStill<T>(act: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const { State } = await this.#options.container.inspect();
      if (State.Paused || !State.Running) return act();
      await this.#send("SIGSTOP");
      try {
        return await act();
      } finally {
        await this.#send("SIGCONT");
      }
    });
  }

  /** Nothing is being done to it any more. */
  async settled(): Promise<void> {
    await this.#turns;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turns.then(act);
    this.#turns = done.catch(() => {});
    return done;
  }

  async #send(signal: "SIGTERM" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    const { container, name, otherwise } = this.#options;
    if (this.isOver) return;
    const what = ({ SIGTERM: "stop", SIGSTOP: "pause", SIGCONT: "unpause" } as const)[signal];
    if ((await otherwise?.(what)) === true) return;
    try {
      // The freezer, not the signal: nothing in the container can tell, or refuse.
      if (what === "pause") await container.pause();
      else if (what === "unpause") await container.unpause();
      else await container.kill({ signal: "SIGTERM" });
    } catch (error) {
      if (isMoot(error)) return;
      const refusal = engineAnswer(error);
      if (refusal === undefined) throw error;
      // Not in the state that the plan has put it into: somebody else was at it.
      throw new FaultError(`the engine does not ${what} ${name}: ${refusal.message}`);
    }
  }

  async kill(): Promise<Ending> {
    const { container, name, otherwise } = this.#options;
    await this.#inTurn(async () => {
      if (this.isOver || (await otherwise?.("kill")) === true) return;
      try {
        await container.kill({ signal: "SIGKILL" });
      } catch (error) {
        if (!isMoot(error)) throw error;
      }
    });
    return within(KILL_TIMEOUT_MS, `the container of ${name} did not die of SIGKILL`, this.closed);
  }

  describeEnd(): string {
    const { code, signal } = this.#ending ?? { code: null, signal: null };
    const how =
      this.#ending === undefined
        ? "is still there"
        : signal !== null
          ? `was ended by ${signal}`
          : code === null
            ? "was removed by somebody"
            : `ended with exit code ${code}`;
    const tail = readTail(this.#options.stderrPath);
    return tail === "" ? how : `${how}; its last words: ${tail}`;
  }
}

function readTail(path: string): string {
  try {
    return readFileSync(path, "utf8")
      .trim()
      .slice(-LOG_TAIL_CHARS)
      .replaceAll(/\s*\n\s*/g, " | ");
  } catch {
    return "";
  }
}
