/**
 * Where a command writes: results to `out`, everything about the way there to `err`. With `--json` nothing but one JSON
 * document goes to `out`. Tests hand in one that keeps the text.
 */
import process from "node:process";
import picocolors from "picocolors";

export interface Io {
  out(text: string): void;
  /** Whether all that went to `out` so far was taken: false when its reader is gone, or its disk is full. */
  taken(): Promise<boolean>;
  err(text: string): void;
  /** The stream behind `err`, for a progress bar; `undefined` when it is no terminal. */
  readonly progress: NodeJS.WritableStream | undefined;
  /** Whether `out` shows colours. */
  readonly hasColor: boolean;
  readonly columns: number;
}

/** `onFailure`: `out` takes nothing more, and not because its reader has read enough. At most once. */
export function createProcessIo(onFailure: (why: string) => void): Io {
  const { stdout, stderr } = process;
  let isGone = false;
  // A reader that went away (`zerok scenarios | head`) is no error of ours.
  stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (!isGone && code !== "EPIPE") onFailure(code ?? message);
    isGone = true;
  });
  // There is nobody left to tell.
  stderr.on("error", () => {});
  return {
    out: (text) => void stdout.write(text),
    taken: () =>
      new Promise(
        (resolve) => void stdout.write("", (error) => resolve(!isGone && (error ?? undefined) === undefined)),
      ),
    err: (text) => void stderr.write(text),
    progress: stderr.isTTY === true ? stderr : undefined,
    hasColor: picocolors.isColorSupported && (stdout.isTTY === true || process.env["FORCE_COLOR"] !== undefined),
    columns: stdout.isTTY === true ? stdout.columns : 132,
  };
}
