/**
 * Where a command writes: results to `out`, everything about the way there to `err`. With `--json` nothing but one JSON
 * document goes to `out`. Tests hand in one that keeps the text.
 */
import process from "node:process";
import picocolors from "picocolors";

export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** The stream behind `err`, for a progress bar; `undefined` when it is no terminal. */
  readonly progress: NodeJS.WritableStream | undefined;
  /** Whether `out` shows colours. */
  readonly hasColor: boolean;
  readonly columns: number;
}

export function createProcessIo(): Io {
  const { stdout, stderr } = process;
  // A reader that went away (`zerok scenarios | head`) is no error of ours.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    progress: stderr.isTTY === true ? stderr : undefined,
    hasColor: picocolors.isColorSupported && (stdout.isTTY === true || process.env["FORCE_COLOR"] !== undefined),
    columns: stdout.isTTY === true ? stdout.columns : 120,
  };
}
