import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder } from "./made-folder.ts";

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "zerok-folder-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe("a folder that a person names", () => {
  it("is made with all that leads to it, each with the mode, and again without a word", () => {
    const path = join(home, "a", "b", "c");
    makeFolder(path, 0o700);
    makeFolder(path, 0o755);
    for (const each of [path, join(home, "a")]) expect(statSync(each).mode & 0o777).toBe(0o700);
  });

  it("is refused where a file is in the way, there or before", () => {
    writeFileSync(join(home, "file"), "");
    expect(() => makeFolder(join(home, "file"))).toThrow(expect.objectContaining({ code: "EEXIST" }));
    expect(() => makeFolder(join(home, "file", "x"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  });

  it("follows a link to a folder", () => {
    mkdirSync(join(home, "real"));
    makeFolder(join(home, "real", ".", "deep"));
    expect(existsSync(join(home, "real", "deep"))).toBe(true);
  });

  // Elsewhere there is no place like it.
  it.runIf(existsSync("/proc/self"))("ends where the system makes none", () => {
    expect(() => makeFolder("/proc/zerok/data")).toThrow(expect.objectContaining({ code: "ENOENT" }));
  });
});
