import { expect, it } from "vitest";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import type { MutantReport } from "./campaign.ts";
import { CHECKER_NAMES, firstsOf, neverFirst } from "./firsts.ts";

const mutant: Mutant = { id: "X1", title: "…", from: "own", edits: [], caughtBy: "drains", scenarios: [] };

function report(id: string, checker: string, ...others: readonly string[]): MutantReport {
  const first = { checker, kind: "…", message: "…" };
  const firsts = [checker, ...others];
  const about = { base: "0x1", scenario: "W-13", seed: "0x1", first, target: first };
  const seen = { ...about, firsts, checkers: firsts, seeds: 1, seconds: 1 };
  return {
    mutant: { ...mutant, id },
    outcome: "caught",
    why: undefined,
    catches: [seen],
    missed: 0,
    seedsInVain: 0,
    isByOthersOnly: false,
  };
}

it("tells for each checker which mutants it was the first to accuse, and which of them alone", () => {
  const firsts = firstsOf([report("X1", "drains"), report("X2", "drains", "limits"), report("X3", "relay-view")]);
  expect(firsts.map(({ checker }) => checker)).toEqual(CHECKER_NAMES);
  expect(firsts.filter(({ mutants }) => mutants.length > 0)).toEqual([
    { checker: "drains", mutants: ["X1", "X2"], alone: ["X1"] },
    { checker: "relay-view", mutants: ["X3"], alone: ["X3"] },
  ]);
  expect(neverFirst(firsts)).toContain("limits");
  expect(neverFirst(firsts)).not.toContain("drains");
  expect(neverFirst(firsts)).toHaveLength(CHECKER_NAMES.length - 2);
});
