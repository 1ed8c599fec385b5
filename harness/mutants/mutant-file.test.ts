import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCheckout } from "./checkout.ts";
import { readMutantFile } from "./mutant-file.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "zerok-mutants-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const edit = { file: "core/log/append.ts", find: "max.cursor + 1", replace: "max.cursor + 2" };

function read(content: unknown) {
  const path = join(folder, "mine.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return readMutantFile(path, findCheckout());
}

describe("a file of mutants", () => {
  it("is a list, or an object that holds one; what may be left out is filled in", () => {
    const expected = [{ id: "mine", title: "by two", from: "own", edits: [edit], caughtBy: "any", scenarios: [] }];
    expect(read([{ id: "mine", title: "by two", edits: [edit] }])).toEqual(expected);
    expect(read({ mutants: [{ id: "mine", title: "by two", edits: [edit] }] })).toEqual(expected);
  });

  it.each([
    ["is no JSON", "{", /is no JSON/],
    ["is empty", [], /lists no mutant/],
    ["holds something else", { bugs: [] }, /holds no mutants: it takes a list/],
    ["lacks an id", [{ title: "x", edits: [edit] }], /mutant 1, "id"/],
    ["has no edits", [{ id: "a", title: "x", edits: [] }], /mutant 1, "edits": at least one edit/],
    ["knows a field too many", [{ id: "a", title: "x", edits: [edit], why: 1 }], /mutant 1, "why"/],
    ["has an id twice", [1, 2].map(() => ({ id: "a", title: "x", edits: [edit] })), /two mutants are called "a"/],
    [
      "leaves the rooms",
      [{ id: "a", title: "x", edits: [{ ...edit, file: "harness/main.ts" }] }],
      /is no TypeScript file in core\//,
    ],
    [
      "climbs out",
      [{ id: "a", title: "x", edits: [{ ...edit, file: "core/../harness/main.ts" }] }],
      /is no TypeScript file in/,
    ],
    [
      "edits a checker",
      [{ id: "a", title: "x", edits: [{ ...edit, file: "scenarios/checkers/limits.ts" }] }],
      /are not edited/,
    ],
    ["names no file", [{ id: "a", title: "x", edits: [{ ...edit, file: "core/nothing.ts" }] }], /there is no file/],
    [
      "matches nothing",
      [{ id: "a", title: "x", edits: [{ ...edit, find: "min.cursor" }] }],
      /mutant a: "min.cursor" is not in/,
    ],
    [
      "matches twice",
      [{ id: "a", title: "x", edits: [{ ...edit, find: "sizeBytes" }] }],
      /is in core\/log\/append.ts \d+ times/,
    ],
    ["changes nothing", [{ id: "a", title: "x", edits: [{ ...edit, replace: edit.find }] }], /is replaced by itself/],
  ])("%s", (_what, content, sentence) => {
    expect(() => read(content)).toThrow(sentence);
  });

  it("may not be there at all", () => {
    expect(() => readMutantFile(join(folder, "nothing.json"), findCheckout())).toThrow(/cannot be read \(ENOENT\)/);
  });

  it("needs a checkout", () => {
    expect(() => findCheckout(folder)).toThrow(/an installed package has none/);
  });
});
