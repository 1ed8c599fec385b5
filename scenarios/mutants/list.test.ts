import { describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkers } from "../checkers/index.ts";
import { RELAY_VIEW } from "../checkers/relay-view.ts";
import { catalogue } from "../registry.ts";
import { mutants } from "./list.ts";

const root = join(import.meta.dirname, "..", "..");
const names = new Set([...checkers.map(({ name }) => name), RELAY_VIEW]);
const scenarioIds = new Set(catalogue.map(({ id }) => id));
const simulated = mutants.filter(({ test, waiting }) => test === undefined && waiting === undefined);

describe("the list of mutants", () => {
  it("has each id once, all thirty of upstream's defects, and more of our own", () => {
    const ids = mutants.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const upstream = Array.from({ length: 30 }, (_, i) => `M${String(i + 1).padStart(2, "0")}`);
    expect(ids.filter((id) => id.startsWith("M"))).toEqual(upstream);
    expect(simulated.length).toBeGreaterThanOrEqual(60);
  });

  it.each(mutants.map((mutant) => [mutant.id, mutant] as const))(
    "%s matches the sources of today, each find once",
    (_id, { edits, waiting }) => {
      if (waiting === undefined) expect(edits.length).toBeGreaterThan(0);
      const sources = new Map<string, string>();
      for (const { file, find, replace } of edits) {
        const source = sources.get(file) ?? readFileSync(join(root, file), "utf8");
        expect({ file, find, matches: source.split(find).length - 1 }).toEqual({ file, find, matches: 1 });
        expect(replace).not.toBe(find);
        sources.set(
          file,
          source.replace(find, () => replace),
        );
      }
    },
  );

  it("names checkers and scenarios that there are", () => {
    for (const { id, caughtBy, scenarios } of simulated) {
      expect.soft(names, `${id} is caught by`).toContain(caughtBy);
      for (const scenario of scenarios) expect.soft(scenarioIds, `${id} is looked for in`).toContain(scenario);
    }
  });

  it("edits neither tests nor checkers, and stays in the pure rooms unless a test is named", () => {
    for (const { id, edits, test } of mutants) {
      for (const { file } of edits) {
        expect
          .soft(file, id)
          .toMatch(test === undefined ? /^(core|sim|scenarios)\// : /^(core|sim|scenarios|harness)\//);
        expect.soft(file, id).not.toMatch(/\.test\.ts$|^scenarios\/(checkers|mutants)\//);
      }
    }
  });

  it("has something for each checker to see", () => {
    const named = new Set(mutants.map(({ caughtBy }) => caughtBy));
    expect([...names].filter((name) => !named.has(name))).toEqual([]);
  });
});
