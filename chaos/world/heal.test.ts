import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { heal } from "./heal.ts";
import { Journal } from "./journal.ts";
import { processStart } from "./process-start.ts";

let home = "";
let journals = "";
const children: ChildProcess[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "zerok-heal-"));
  journals = join(home, "journals");
  mkdirSync(journals);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true });
});

function startSleeper(): { readonly pid: number; readonly ended: Promise<unknown>; readonly child: ChildProcess } {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  children.push(child);
  return { pid: child.pid!, child, ended: new Promise((resolve) => child.once("exit", (_code, by) => resolve(by))) };
}

/** As a controller that was killed leaves it; `lines` may end in the middle of one. */
function leaveJournal(run: string, lines: readonly object[], rest = ""): void {
  const first = { what: "run", run, pid: 2 ** 22 + 1, start: "1" };
  writeFileSync(
    join(journals, `${run}.jsonl`),
    [first, ...lines].map((one) => `${JSON.stringify(one)}\n`).join("") + rest,
  );
}

describe("what killed runs left", () => {
  it("is ended and removed by its journal, and nothing else is touched", async () => {
    const [left, foreign, reborn] = [startSleeper(), startSleeper(), startSleeper()];
    const folder = join(home, "run");
    const other = join(home, "other");
    for (const path of [folder, other]) {
      mkdirSync(path);
      writeFileSync(join(path, "file"), "");
    }
    leaveJournal(
      "killed",
      [
        { what: "folder", path: folder },
        { what: "process", name: "relay", pid: left.pid, start: processStart(left.pid) },
        // Its number was given to somebody else meanwhile.
        { what: "process", name: "a", pid: reborn.pid, start: "17" },
        { what: "fault", step: 3, stage: "issued", note: "" },
      ],
      '{"what":"folder","pa',
    );
    const healings = await heal({ folder: journals });
    expect(healings).toEqual([
      { run: "killed", left: [], undone: [`ended process ${left.pid} (relay)`, `removed ${folder}`] },
    ]);
    expect(await left.ended).toBe("SIGKILL");
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(other)).toBe(true);
    for (const { child } of [foreign, reborn]) expect(child.exitCode ?? child.signalCode).toBe(null);
    expect(readdirSync(journals)).toEqual([]);
    expect(await heal({ folder: journals })).toEqual([]);
  });

  it("is left alone while its run goes on", async () => {
    const folder = join(home, "run");
    mkdirSync(folder);
    const journal = new Journal("mine", journals);
    journal.add({ what: "folder", path: folder });
    expect(await heal({ folder: journals })).toEqual([]);
    expect(existsSync(folder)).toBe(true);
    journal.remove();
    expect(readdirSync(journals)).toEqual([]);
  });

  it("keeps the journal of what it could not undo", async () => {
    leaveJournal("boxed", [{ what: "label", label: "chaos.run=boxed" }]);
    const [healing] = await heal({ folder: journals });
    expect(healing!.left[0]).toContain("chaos.run=boxed");
    expect(readdirSync(journals)).toEqual(["boxed.jsonl"]);
    const again = await heal({ folder: journals, removeLabel: async (label) => [`removed 2 containers of ${label}`] });
    expect(again).toEqual([{ run: "boxed", left: [], undone: ["removed 2 containers of chaos.run=boxed"] }]);
    expect(readdirSync(journals)).toEqual([]);
  });
});
