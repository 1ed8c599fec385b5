import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { markIndex, marks } from "./list.ts";

const root = join(import.meta.dirname, "..", "..");
const NO_CODE = /\.test\.ts$|^scenarios\/(mutants|marks)\//;

/** Each place where a mark is set, as `name file`. */
function placesIn(room: string): string[] {
  const files = readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
    .map((file) => `${room}/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".ts") && !NO_CODE.test(file));
  return files.flatMap((file) => {
    const calls = readFileSync(join(root, file), "utf8").matchAll(/\bmark(?:\?\.)?\(([^()]*)\)/g);
    const names = [...calls].flatMap(([, argument]) => [...argument!.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
    return names.map((name) => `${name} ${file}`);
  });
}

const used = ["core", "scenarios", "sim"].flatMap(placesIn);

describe("the list of marks", () => {
  it("has every mark that the pure rooms set, with its file, and no other", () => {
    expect(used.toSorted()).toEqual(marks.map(({ name, where }) => `${name} ${where}`).toSorted());
  });

  it("has sixty or more that a sweep must hit, and a reason for each other one", () => {
    expect(marks.filter(({ expected }) => expected).length).toBeGreaterThanOrEqual(60);
    for (const { name, expected, what, why } of marks) {
      expect.soft(what, name).toMatch(/^[A-Z].*\.$/);
      expect.soft(why === undefined, name).toBe(expected);
    }
  });

  it("numbers them", () => {
    marks.forEach(({ name }, index) => expect(markIndex(name)).toBe(index));
    expect(markIndex("nobody.knows")).toBeUndefined();
  });
});
