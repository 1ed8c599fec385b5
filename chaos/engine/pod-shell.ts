/**
 * A shell that stays open inside of a pod's namespaces: what must be done or read there takes milliseconds instead of
 * the hundred that a new exec costs. One command at a time, in the order in which they were given.
 */
import type { Duplex } from "node:stream";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { EnvironmentError } from "../world/environment-error.ts";
import { within } from "../world/deadline.ts";

export interface ShellAnswer {
  readonly code: number;
  /** stdout and stderr, as they came. */
  readonly output: string;
}

const ANSWER_TIMEOUT_MS = 15_000;

export class PodShell {
  readonly #name: string;
  readonly #stream: Duplex;
  #heard = "";
  #asked = 0;
  #isOver = false;
  #onHeard: () => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  private constructor(name: string, stream: Duplex, docker: Docker) {
    this.#name = name;
    this.#stream = stream;
    const output = new PassThrough();
    docker.modem.demuxStream(stream, output, output);
    output.setEncoding("utf8");
    output.on("data", (text: string) => {
      this.#heard += text;
      this.#onHeard();
    });
    const end = (): void => {
      this.#isOver = true;
      this.#onHeard();
    };
    stream.on("end", end).on("close", end).on("error", end);
  }

  static async open(docker: Docker, container: Docker.Container, name: string): Promise<PodShell> {
    const exec = await container.exec({
      Cmd: ["sh"],
      User: "0",
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
    });
    const stream = await exec.start({ hijack: true, stdin: true, Tty: false });
    return new PodShell(name, stream, docker);
  }

  /** What the command printed and its exit code; an `EnvironmentError` when the shell is gone or does not answer. */
  run(command: string): Promise<ShellAnswer> {
    const answer = this.#last.then(() => this.#run(command));
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** The same, where anything but exit code 0 is an `EnvironmentError`. */
  async must(command: string): Promise<string> {
    const { code, output } = await this.run(command);
    if (code === 0) return output;
    const said = output.trim().split("\n").slice(-3).join(" | ");
    throw new EnvironmentError(`in the pod of ${this.#name}, \`${command.slice(0, 120)}\` ended with ${code}: ${said}`);
  }

  async #run(command: string): Promise<ShellAnswer> {
    const mark = `--zerok-${this.#asked++}--`;
    this.#heard = "";
    // A subshell: what the command reads, changes or exits from is not this one's.
    const asked = new Promise<ShellAnswer>((resolve, reject) => {
      this.#onHeard = () => {
        const at = this.#heard.indexOf(`\n${mark} `);
        const end = at < 0 ? -1 : this.#heard.indexOf("\n", at + 1);
        if (end >= 0) {
          const code = Number(this.#heard.slice(at + mark.length + 2, end));
          resolve({ code, output: this.#heard.slice(0, at) });
        } else if (this.#isOver) {
          reject(new EnvironmentError(`the pod of ${this.#name} is gone`));
        }
      };
      this.#onHeard();
    });
    if (!this.#isOver) {
      this.#stream.write(`(${command}\n) </dev/null 2>&1; printf '\\n${mark} %s\\n' "$?"\n`);
    }
    return within(ANSWER_TIMEOUT_MS, `the pod of ${this.#name} did not answer`, asked);
  }

  close(): void {
    this.#stream.destroy();
  }
}
