/** Runs something that must be ended in order: Ctrl-C, SIGTERM and a closed terminal abort its signal once, a second one ends the process. */
import process from "node:process";
import { EXIT } from "./exit-code.ts";
import type { Io } from "./io.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs something that needs no end in order: all that it holds goes with the process. The same signals end that, with
 * this sentence and the code of a run without a verdict.
 */
export async function endOnInterrupt<T>(io: Pick<Io, "err">, sentence: string, run: () => Promise<T>): Promise<T> {
  const end = (): void => {
    io.err(`zerok: ${sentence}\n`);
    process.exit(EXIT.unknown);
  };
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    return await run();
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, end);
  }
}

export async function withInterrupt<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  for (const signal of SIGNALS) process.once(signal, interrupt);
  try {
    return await run(stop.signal);
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, interrupt);
  }
}
