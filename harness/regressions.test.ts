/**
 * Every bug that a sweep ever found, as the smallest plan that showed it: none of them may come back. A file says in
 * words what went wrong and which checker saw it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePlan } from "../scenarios/plan-schema.ts";
import { createSimulatedWorld } from "./sweep/simulated-world.ts";

const FOLDER = new URL("../scenarios/regressions/", import.meta.url);
const world = createSimulatedWorld();

describe("a bug that was found", () => {
  for (const file of readdirSync(FOLDER).toSorted()) {
    it(`${file.replace(/\.json$/, "")} stays mended`, () => {
      const regression = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Record<string, unknown>;
      expect(regression["format"]).toBe("zerok-regression/1");
      expect(regression["found"]).toMatch(/^[a-z-]+\/[a-z-]+$/);
      const plan = parsePlan(regression["plan"]);
      if (!plan.ok) throw new Error(plan.error.message);
      for (const suite of ["toy", "portable"] as const) {
        const verdict = world.judge(plan.value, world.run(plan.value, { suite }).history);
        expect(verdict.findings.map(({ checker, kind, message }) => `${checker}/${kind}: ${message}`)).toEqual([]);
        expect(verdict.verdict).toBe("valid");
      }
    });
  }
});
