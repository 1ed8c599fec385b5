/**
 * What a run leaves behind if its controller is killed, written down before it is made (write-ahead), one JSON object a
 * line. The file is removed when the run has cleaned up; one whose controller is gone is a killed run's, and `heal`
 * (`heal.ts`) undoes what is in it. Each backend tells how its own things are undone.
 */
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { processStart } from "./process-start.ts";

export type JournalEntry =
  /** The first: who runs it. */
  | { readonly what: "run"; readonly run: string; readonly pid: number; readonly start: string }
  | { readonly what: "process"; readonly name: string; readonly pid: number; readonly start: string }
  | { readonly what: "folder"; readonly path: string }
  | { readonly what: "mount"; readonly path: string }
  /** Everything of an engine that carries this label. */
  | { readonly what: "label"; readonly label: string }
  /** A step of the plan, and what became of it; for people. */
  | { readonly what: "fault"; readonly step: number; readonly stage: string; readonly note: string };

/** One folder for all runs of this user on this machine: that is how a new run finds what a killed one left. */
export function journalFolder(): string {
  return join(tmpdir(), `zerok-chaos-${userInfo().uid}`);
}

export class Journal {
  readonly run: string;
  readonly path: string;

  constructor(run: string, folder = journalFolder()) {
    this.run = run;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.path = join(folder, `${run}.jsonl`);
    const { pid } = process;
    const first: JournalEntry = { what: "run", run, pid, start: processStart(pid) ?? "" };
    // There at once with its first line: whoever heals would take one without it for a killed run's.
    writeFileSync(`${this.path}.new`, `${JSON.stringify(first)}\n`, { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
  }

  /** On the disk when this returns. */
  add(entry: JournalEntry): void {
    appendFileSync(this.path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  }

  /** Nothing is left of the run. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}
