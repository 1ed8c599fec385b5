/**
 * Undoes what runs left behind whose controller was killed: by their journals (`journal.ts`), and nothing that is not
 * in one. A process is ended only if it began when the journal says, because ids are given again. Every new run does
 * this first, and so does `zerok chaos --heal`; a run that is still going on is left alone.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { journalFolder, type JournalEntry } from "./journal.ts";
import { processStart } from "./process-start.ts";

export interface Healing {
  readonly run: string;
  /** What was ended or removed, each in words; what was gone already is not among it. */
  readonly undone: readonly string[];
  /** What could not be, each in words: the journal stays. */
  readonly left: readonly string[];
}

export interface HealOptions {
  readonly folder?: string;
  /** Removes everything of an engine that carries a label; words for what it was. */
  readonly removeLabel?: (label: string) => Promise<readonly string[]>;
}

export async function heal({ folder = journalFolder(), removeLabel }: HealOptions = {}): Promise<readonly Healing[]> {
  if (!existsSync(folder)) return [];
  const healings: Healing[] = [];
  for (const name of readdirSync(folder).toSorted()) {
    if (!name.endsWith(".jsonl")) continue;
    const path = join(folder, name);
    const entries = readJournal(path);
    const [first] = entries;
    if (first?.what === "run" && processStart(first.pid) === first.start) continue;
    const run = first?.what === "run" ? first.run : name;
    const undone: string[] = [];
    const left: string[] = [];
    // The last thing made goes first: what a process still holds cannot be unmounted, nor a mount be removed.
    for (const what of ["process", "label", "mount", "folder"] as const) {
      for (const entry of entries.toReversed()) {
        if (entry.what !== what) continue;
        await undo(entry, removeLabel, undone, left);
      }
    }
    if (left.length === 0) rmSync(path, { force: true });
    healings.push({ run, undone, left });
  }
  return healings;
}

async function undo(
  entry: JournalEntry,
  removeLabel: HealOptions["removeLabel"],
  undone: string[],
  left: string[],
): Promise<void> {
  try {
    switch (entry.what) {
      case "process":
        if (entry.start === "" || processStart(entry.pid) !== entry.start) return;
        process.kill(entry.pid, "SIGKILL");
        undone.push(`ended process ${entry.pid} (${entry.name})`);
        return;
      case "label":
        if (removeLabel === undefined)
          left.push(`what is labelled ${entry.label} on the engine: npx zerok chaos --heal --on docker`);
        else undone.push(...(await removeLabel(entry.label)));
        return;
      case "mount":
        if (!isMounted(entry.path)) return;
        execFileSync("umount", ["-l", entry.path], { stdio: "ignore" });
        undone.push(`unmounted ${entry.path}`);
        return;
      case "folder":
        if (!existsSync(entry.path)) return;
        rmSync(entry.path, { recursive: true, force: true, maxRetries: 5 });
        undone.push(`removed ${entry.path}`);
        return;
      default:
        return;
    }
  } catch (error) {
    left.push(`${describe(entry)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describe(entry: JournalEntry): string {
  switch (entry.what) {
    case "process":
      return `process ${entry.pid} (${entry.name})`;
    case "label":
      return `what is labelled ${entry.label}`;
    case "mount":
    case "folder":
      return `the ${entry.what} ${entry.path}`;
    default:
      return entry.what;
  }
}

/** Whole lines; one that was cut off by the kill was not acted on yet. */
function readJournal(path: string): readonly JournalEntry[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // Another run was quicker.
    return [];
  }
  return text
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JournalEntry];
      } catch {
        return [];
      }
    });
}

function isMounted(path: string): boolean {
  try {
    return readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .some((line) => line.split(" ")[1]?.replaceAll("\\040", " ") === path);
  } catch {
    return true;
  }
}
