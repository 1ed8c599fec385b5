import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeHostFaults, NO_FAULTS, parseHostFaults, SEEN_SUFFIX } from "../../scenarios/host-faults.ts";
import type { HostFaults } from "../../scenarios/host-faults.ts";
import { openDatabase } from "../sqlite/database.ts";
import { FaultFile, openFaultFile } from "./fault-file.ts";

let home = "";
let path = "";
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "zerok-fault-file-"));
  path = join(home, "faults.json");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(faults: Partial<HostFaults>): string {
  const text = encodeHostFaults({ ...NO_FAULTS, ...faults });
  writeFileSync(path, text);
  return text;
}

const SCHEMA = { what: "a test's data", applicationId: 7, versions: ["CREATE TABLE rows (value INTEGER)"] };

function openRows(faults: FaultFile) {
  const opened = openDatabase(join(home, "rows.db"), SCHEMA, { faults });
  if (!opened.ok) throw new Error(opened.error.sentence);
  const database = opened.value;
  const insert = database.prepare("INSERT INTO rows VALUES (1)");
  const count = database.prepare<[], number>("SELECT count(*) FROM rows").pluck();
  return { database, insert: () => database.transaction(() => insert.run().changes), count: () => count.get() };
}

describe("a host's fault file", () => {
  it("does not exist without its variable", () => {
    expect(openFaultFile({})).toBeUndefined();
  });

  it("is the same after writing and reading, and nothing else is taken", () => {
    const faults = { ...NO_FAULTS, revision: 3, wallOffsetMs: -5000, seed: "x", isFull: true };
    expect(parseHostFaults(encodeHostFaults(faults))).toEqual(faults);
    for (const text of ["", "{", "[]", "{}", encodeHostFaults(faults).replace('"isFull":true', '"isFull":1')]) {
      expect(parseHostFaults(text)).toBeUndefined();
    }
  });

  it("moves the wall clock and nothing else, and says that it is followed", () => {
    const text = write({ wallOffsetMs: 3_600_000 });
    const clock = new FaultFile(path).shift({ rate: 1, now: () => ({ monoMs: 10, wallMs: 1000 }) });
    expect(clock.now()).toEqual({ monoMs: 10, wallMs: 3_601_000 });
    expect(readFileSync(`${path}${SEEN_SUFFIX}`, "utf8")).toBe(text);
  });

  it("is followed when it changes, and half a file is not", async () => {
    const file = new FaultFile(path);
    expect(existsSync(`${path}${SEEN_SUFFIX}`)).toBe(false);
    const clock = file.shift({ rate: 1, now: () => ({ monoMs: 0, wallMs: 0 }) });
    writeFileSync(path, '{"revision":1,');
    const text = write({ revision: 2, wallOffsetMs: 7 });
    await expect.poll(() => existsSync(`${path}${SEEN_SUFFIX}`), { timeout: 20_000 }).toBe(true);
    expect(readFileSync(`${path}${SEEN_SUFFIX}`, "utf8")).toBe(text);
    expect(clock.now().wallMs).toBe(7);
  });

  it("makes commits fail as a full disk and a failing one do, with nothing of them left", () => {
    write({ isFull: true });
    const full = openRows(new FaultFile(path));
    expect(full.insert()).toEqual({ ok: false, error: { type: "StorageFull" } });
    expect(full.count()).toBe(0);
    full.database.close();
    write({ writeErrorPermille: 1000, seed: "0x1" });
    const failing = openRows(new FaultFile(path));
    expect(failing.insert()).toEqual({ ok: false, error: { type: "StorageFailed" } });
    expect(failing.count()).toBe(0);
    failing.database.close();
  });

  it("fails as many commits as it says, the same ones for the same seed", () => {
    const lots = (seed: string): readonly boolean[] => {
      write({ writeErrorPermille: 300, seed });
      const file = new FaultFile(path);
      return Array.from({ length: 400 }, () => file.beforeCommit() !== undefined);
    };
    expect(lots("0x1")).toEqual(lots("0x1"));
    expect(lots("0x1")).not.toEqual(lots("0x2"));
    const failed = lots("0x1").filter(Boolean).length;
    expect(failed).toBeGreaterThan(80);
    expect(failed).toBeLessThan(160);
  });

  it("makes commits slow, and takes back what it did to SQLite", () => {
    write({ syncDelayMs: 30, isSyncLost: true });
    const file = new FaultFile(path);
    const rows = openRows(file);
    const synchronous = (): unknown => rows.database.prepare<[], number>("PRAGMA synchronous").pluck().get();
    const startMs = performance.now();
    expect(rows.insert()).toEqual({ ok: true, value: 1 });
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(29);
    expect(synchronous()).toBe(0);
    rows.database.close();
  });
});
