import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPrivateFile, writePrivateFile } from "./private-file.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "zerok-file-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("writes and replaces, for the owner only, and leaves nothing beside it", () => {
  const path = join(folder, "a.json");
  writePrivateFile(path, "one");
  writePrivateFile(path, "two ä");
  expect(readFileSync(path, "utf8")).toBe("two ä");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["a.json"]);
});

it("creates only what is not there", () => {
  const path = join(folder, "a.json");
  createPrivateFile(path, "one");
  expect(() => createPrivateFile(path, "two")).toThrow(/EEXIST/);
  expect(readFileSync(path, "utf8")).toBe("one");
  expect(readdirSync(folder)).toEqual(["a.json"]);
});

it("keeps the old text when the new one cannot be put there", () => {
  const path = join(folder, "a");
  mkdirSync(join(path, "b"), { recursive: true });
  expect(() => writePrivateFile(path, "x")).toThrow();
  expect(readdirSync(folder)).toEqual(["a"]);
});
