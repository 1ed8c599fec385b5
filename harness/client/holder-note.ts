/**
 * A note in the data folder of who works with it: for people only. What keeps a second process out is the database,
 * which the system locks until the process ends, however it ends; a note that was left behind decides nothing.
 */
import { readFileSync, rmSync } from "node:fs";
import process from "node:process";
import { writePrivateFile } from "./private-file.ts";

export interface Holder {
  readonly pid: number;
  /** What it does, in its own words. */
  readonly what: string;
}

export function writeHolderNote(path: string, what: string): void {
  writePrivateFile(path, `${JSON.stringify({ pid: process.pid, what } satisfies Holder)}\n`);
}

export function removeHolderNote(path: string): void {
  rmSync(path, { force: true });
}

/** Undefined when there is none, or it is no note. */
export function readHolderNote(path: string): Holder | undefined {
  try {
    const note: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof note !== "object" || note === null || !("pid" in note) || !("what" in note)) return undefined;
    const { pid, what } = note;
    return typeof pid === "number" && typeof what === "string" ? { pid, what } : undefined;
  } catch {
    return undefined;
  }
}
