import type { Io } from "./io.ts";

/** Keeps what was written: for tests. */
export interface CapturedIo extends Io {
  readonly written: { out: string; err: string };
}

export function createCapturedIo(): CapturedIo {
  const written = { out: "", err: "" };
  return {
    written,
    out: (text) => void (written.out += text),
    taken: () => Promise.resolve(true),
    err: (text) => void (written.err += text),
    progress: undefined,
    hasColor: false,
    columns: 100,
  };
}
