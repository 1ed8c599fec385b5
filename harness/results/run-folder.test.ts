import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { settle } from "./run-folder.ts";

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), "zerok-folder-"));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

it("a name that another process takes meanwhile is left to it, and the next one is signed", () => {
  const draft = join(out, "draft");
  mkdirSync(draft);
  const signed: string[] = [];
  const folder = settle(out, draft, join(out, "run"), (name) => {
    signed.push(name);
    writeFileSync(join(draft, "name"), name);
    if (signed.length > 1) return;
    mkdirSync(name);
    writeFileSync(join(name, "theirs"), "");
  });
  expect([folder, signed]).toEqual([join(out, "run-2"), [join(out, "run"), join(out, "run-2")]]);
  expect(readFileSync(join(folder, "name"), "utf8")).toBe(folder);
  expect(readdirSync(join(out, "run"))).toEqual(["theirs"]);
});

it("a place where nothing can be written is told, and not tried for ever", () => {
  writeFileSync(join(out, "file"), "");
  expect(() => settle(out, join(out, "file", "draft"), join(out, "file", "run"), () => {})).toThrow(/ENOTDIR/);
});
