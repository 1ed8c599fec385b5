/** The controller of a run is killed, and so is its guard: whoever runs next leaves nothing of it behind. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { heal } from "../../chaos/world/heal.ts";
import { journalFolder, type JournalEntry } from "../../chaos/world/journal.ts";
import { processStart } from "../../chaos/world/process-start.ts";

const PROGRAM = fileURLToPath(new URL("../zerok.mjs", import.meta.url));
const BUILT = fileURLToPath(new URL("../../dist/harness/main.js", import.meta.url));
const TIMEOUT_MS = 120_000;
const canRun = existsSync(BUILT) && existsSync("/proc/self/stat");
const WHY = "skipped without a build, whose code it runs, and without /proc, where it looks for the guard";

/** Other runs of this machine have their journals elsewhere. */
let home = "";
let journals = "";
const children: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "zerok-killed-"));
  journals = join(home, basename(journalFolder()));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

/** Of the run of this controller; empty before it has begun. */
function journalOf(pid: number): readonly JournalEntry[] {
  if (!existsSync(journals)) return [];
  for (const name of readdirSync(journals)) {
    const lines = readFileSync(join(journals, name), "utf8").split("\n").slice(0, -1);
    const entries = lines.map((line) => JSON.parse(line) as JournalEntry);
    if (entries[0]?.what === "run" && entries[0].pid === pid) return entries;
  }
  return [];
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

describe.skipIf(!canRun)(`a run whose controller was killed (${WHY})`, () => {
  it(
    "leaves nothing once somebody has healed it, and what is not its own stays",
    async () => {
      const foreign = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      const words = [PROGRAM, "chaos", "T-LOSS-04", "--out", join(home, "runs")];
      const controller = spawn(process.execPath, words, { stdio: "ignore", env: { ...process.env, TMPDIR: home } });
      children.push(foreign, controller);
      const { pid } = controller;
      const ofKind = <W extends JournalEntry["what"]>(what: W) =>
        journalOf(pid!).filter((entry): entry is Extract<JournalEntry, { what: W }> => entry.what === what);
      // One relay and two devices at the least.
      await expect.poll(() => ofKind("process").length, { timeout: TIMEOUT_MS / 2 }).toBeGreaterThanOrEqual(3);
      const processes = ofKind("process");
      const [folder] = ofKind("folder");
      const isThere = (entry: { readonly pid: number; readonly start: string }): boolean =>
        processStart(entry.pid) === entry.start;
      expect(processes.some(isThere)).toBe(true);

      const own = new Set(processes.map((entry) => entry.pid));
      // The guard first: nobody is left to clean up.
      for (const guard of childrenOf(pid!)) if (!own.has(guard)) process.kill(guard, "SIGKILL");
      const ended = new Promise((resolve) => controller.once("exit", resolve));
      controller.kill("SIGKILL");
      await ended;
      const relay = processes.find(({ name }) => name === "relay")!;
      expect(isThere(relay)).toBe(true);
      expect(existsSync(folder!.path)).toBe(true);

      const healings = await heal({ folder: journals });
      expect(healings.flatMap(({ undone }) => undone)).toContain(`ended process ${relay.pid} (relay)`);
      await expect.poll(() => processes.filter(isThere), { timeout: TIMEOUT_MS / 2 }).toEqual([]);
      expect(existsSync(folder!.path)).toBe(false);
      expect(journalOf(pid!)).toEqual([]);
      expect(foreign.exitCode ?? foreign.signalCode).toBe(null);
    },
    TIMEOUT_MS,
  );
});
