import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, describe, expect, it } from "vitest";
import { CrashFiles, walBytes } from "./crash-files.ts";
import type { Database, OpenError, Schema } from "./database.ts";
import { openDatabase } from "./database.ts";

const files = new CrashFiles();
afterAll(() => files.remove());

const FIRST = "CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT NOT NULL UNIQUE) STRICT";
const SCHEMA: Schema = { what: "a notebook", applicationId: 77, versions: [FIRST] };

function open(path: string, schema = SCHEMA): Database {
  const opened = openDatabase(path, schema, { lockTimeoutMs: 0 });
  if (!opened.ok) throw new Error(opened.error.sentence);
  return opened.value;
}
function refusal(path: string, schema = SCHEMA): OpenError {
  const opened = openDatabase(path, schema, { lockTimeoutMs: 0 });
  if (opened.ok) throw new Error("was opened");
  expect(opened.error.sentence, "one sentence, which says where").toMatch(/^[^\n]+\.$/);
  expect(opened.error.sentence).toContain(path);
  return opened.error;
}
const write = (database: Database, note: string): unknown => {
  return database.transaction(() => database.prepare("INSERT INTO notes (note) VALUES (?)").run(note));
};
const notes = (database: Database): unknown[] => database.prepare("SELECT note FROM notes ORDER BY id").pluck().all();

describe("a SQLite file", () => {
  it("is durable at every commit, for its owner only, and nobody else's while it is open", () => {
    const path = files.path();
    const database = open(path);
    write(database, "one");
    expect(database.prepare("PRAGMA synchronous").pluck().get()).toBe(2);
    expect(database.prepare("PRAGMA journal_mode").pluck().get()).toBe("wal");
    for (const each of [path, `${path}-wal`]) expect(statSync(each).mode & 0o777, each).toBe(0o600);
    expect(existsSync(`${path}-shm`)).toBe(false);
    database.close();
  });

  it("gets its mode back when somebody opened it to others", () => {
    const path = files.path();
    open(path).close();
    chmodSync(path, 0o644);
    const database = open(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    database.close();
  });

  it("refuses a second opening, also by another process and before anything was written, until it is closed", () => {
    const path = files.path();
    open(path).close();
    const database = open(path);
    expect(refusal(path).type).toBe("InUse");
    const library = createRequire(import.meta.url).resolve("better-sqlite3");
    const look = `try { require(${JSON.stringify(library)})(${JSON.stringify(path)}, { timeout: 0 }).exec("SELECT * FROM notes") }
                  catch (error) { process.stdout.write(error.code) }`;
    expect(execFileSync(process.execPath, ["-e", look], { encoding: "utf8" })).toBe("SQLITE_BUSY");
    expect(write(database, "still works")).toMatchObject({ ok: true });
    database.close();
    open(path).close();
  });

  it("has nothing left in its log of writes once it is open again after a kill", () => {
    const path = files.path();
    const database = open(path);
    write(database, "one");
    const left = files.kill(path);
    expect(walBytes(left)).toBeGreaterThan(0);
    const again = open(left);
    expect([walBytes(left), notes(again)]).toEqual([0, ["one"]]);
    again.close();
    database.close();
  });

  it("refuses what a newer program wrote, and leaves it as it is", () => {
    const path = files.path();
    const newer = { ...SCHEMA, versions: [FIRST, "CREATE TABLE more (id INTEGER PRIMARY KEY)"] };
    open(path, newer).close();
    const bytes = readFileSync(path);
    expect(refusal(path).type).toBe("TooNew");
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it("brings what an older program wrote up to date, and keeps it", () => {
    const path = files.path();
    const older = open(path);
    write(older, "kept");
    older.close();
    const newer = open(path, { ...SCHEMA, versions: [FIRST, "INSERT INTO notes (note) VALUES ('added')"] });
    expect(notes(newer)).toEqual(["kept", "added"]);
    newer.close();
  });

  it("refuses a database of somebody else, and one of ours of another kind", () => {
    const foreign = files.path();
    new Sqlite(foreign).exec("CREATE TABLE theirs (id INTEGER)").close();
    expect(refusal(foreign).type).toBe("Foreign");
    const other = files.path();
    open(other, { ...SCHEMA, applicationId: 78 }).close();
    expect(refusal(other).type).toBe("Foreign");
  });

  it("says in one sentence that a file is damaged, is a folder, or cannot be made", () => {
    const garbage = files.path();
    writeFileSync(garbage, "this is no database, however long it may be. ".repeat(100));
    expect(refusal(garbage).type).toBe("Corrupt");
    expect(refusal(join(files.path(), "in-no-folder")).type).toBe("NoAccess");
    const folder = files.path();
    mkdirSync(folder);
    expect(refusal(folder).type).toBe("NoAccess");
  });

  it("takes a transaction back whole when a rule is broken in the middle, and throws what is our own mistake", () => {
    const database = open(files.path());
    write(database, "one");
    const insert = database.prepare("INSERT INTO notes (note) VALUES (?)");
    const twice = database.transaction(() => [insert.run("two"), insert.run("one")]);
    expect(twice).toEqual({ ok: false, error: { type: "StorageFailed" } });
    const mistake = (): unknown =>
      database.transaction(() => {
        insert.run("three");
        throw new RangeError("ours");
      });
    expect(mistake).toThrow("ours");
    expect(notes(database)).toEqual(["one"]);
    expect(write(database, "two")).toMatchObject({ ok: true });
    database.close();
    expect(database.transaction(() => 1)).toEqual({ ok: false, error: { type: "StorageFailed" } });
  });
});
