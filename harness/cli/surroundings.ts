/**
 * What a command of the client has around it besides `Io`: the environment, standard input, a person to ask, and the
 * wish that it should end. Tests hand in one of their own.
 */
import process from "node:process";
import { EXIT } from "./exit-code.ts";
import { UserError } from "../user-error.ts";

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  /** A person sits at standard input and can be asked. */
  readonly isInteractive: boolean;
  /** All of standard input; undefined when there is more than `bytesMax`. */
  readInput(bytesMax: number): Promise<Uint8Array | undefined>;
  /** Asks for one line, on stderr, and does not show what is typed. */
  askHidden(question: string): Promise<string>;
  /**
   * Runs what goes on until somebody ends it (Ctrl-C, SIGTERM): the signal is then aborted, and `work` must come to
   * its end. A second Ctrl-C ends the process at once.
   */
  untilStopped<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T>;
}

export function createProcessSurroundings(): Surroundings {
  return {
    env: process.env,
    platform: process.platform,
    isInteractive: process.stdin.isTTY === true,
    readInput,
    askHidden,
    untilStopped,
  };
}

async function readInput(bytesMax: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
  }
  return Buffer.concat(chunks);
}

async function untilStopped<T>(work: (stop: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    forget();
    controller.abort();
  };
  const forget = (): void => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.removeListener(name, stop);
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    forget();
  }
}

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const ESCAPE = "\u001b";

function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  return new Promise((resolve, reject) => {
    let typed = "";
    const end = (settle: () => void): void => {
      stdin.removeListener("data", read);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
      settle();
    };
    const read = (chunk: Buffer | string): void => {
      // An arrow key is no part of a passphrase.
      const text = String(chunk);
      if (text.startsWith(ESCAPE)) return;
      for (const character of text) {
        if (character === "\r" || character === "\n" || character === CTRL_D) return end(() => resolve(typed));
        if (character === CTRL_C) return end(() => reject(new UserError("Stopped.", EXIT.usage)));
        if (character === CTRL_U) typed = "";
        else if (character === "\u007f" || character === "\b") typed = Array.from(typed).slice(0, -1).join("");
        else typed += character;
      }
    };
    stdin.setRawMode(true);
    stdin.setEncoding("utf8");
    stdin.on("data", read);
    stdin.resume();
  });
}
