import { describe, expect, it } from "vitest";
import { rareMutants } from "../../scenarios/mutants/rare.ts";
import { renderComparison } from "../cli/comparison-text.ts";
import { createPaint } from "../cli/paint.ts";
import { findCheckout } from "./checkout.ts";
import { hunt, type WayReport } from "./comparison.ts";
import { editSources } from "./edited-sources.ts";
import type { TrialAnswer } from "./trial-room.ts";
import type { Trial } from "./trial.ts";

const judged = (verdict: "valid" | "invalid", features?: readonly string[]): TrialAnswer => {
  return {
    type: "judged",
    verdict,
    events: 9,
    findings: [],
    tookMs: 10,
    ...(features === undefined ? {} : { features }),
  };
};

function room(answer: (number: number) => TrialAnswer) {
  const tried: Trial[] = [];
  return { tried, run: (trial: Trial) => Promise.resolve(answer(tried.push(trial))) };
}

describe("a hunt of one way", () => {
  it("ends with the first accusation that the correct core does not share", async () => {
    const mutant = room((number) => judged(number === 4 || number === 7 ? "invalid" : "valid"));
    const core = room((number) => judged(number === 1 ? "invalid" : "valid"));
    const found = await hunt(mutant, core, "random", "0x1", 1000);
    expect(found).toEqual({ base: "0x1", isFound: true, runs: 7, seconds: 0.07 });
    expect(core.tried).toEqual([mutant.tried[3], mutant.tried[6]]);
  });

  it("ends when its time is over, of the mutant's thread", async () => {
    const found = await hunt(
      room(() => judged("valid")),
      room(() => judged("valid")),
      "swarm",
      "0x1",
      100,
    );
    expect(found).toEqual({ base: "0x1", isFound: false, runs: 10, seconds: 0.1 });
  });

  it("tries the same plans as random until there is something to be guided by, then others", async () => {
    const plansOf = async (way: "random" | "guided" | "every-fault", features: readonly string[]) => {
      const tried = room((number) =>
        judged(
          "valid",
          features.map((name) => `${name}${number}`),
        ),
      );
      await hunt(tried, tried, way, "0x5", 300);
      return tried.tried.map(({ plan }) => plan);
    };
    const random = await plansOf("random", []);
    expect(await plansOf("guided", [])).toEqual(random);
    expect(await plansOf("guided", ["x"])).not.toEqual(random);
    expect((await plansOf("every-fault", []))[0]!.topology.relays.length).toBe(random[0]!.topology.relays.length);
  });
});

it("rare mutants match the sources of today", () => {
  const root = findCheckout();
  for (const mutant of rareMutants) expect(editSources(root, mutant), mutant.id).toMatchObject({ ok: true });
});

it("shows two ways beside each other", () => {
  const report = (way: WayReport["way"], runs: readonly number[]): WayReport => ({
    mutant: rareMutants[0]!,
    way,
    flaw: undefined,
    hunts: runs.map((count) => ({ base: "0x1", isFound: count < 100, runs: count, seconds: count / 10 })),
  });
  const text = renderComparison(
    createPaint(false),
    ["random", "guided"],
    [report("random", [100, 100]), report("guided", [100, 40, 20])],
  );
  expect(text).toMatch(/R-ONE-EVENT .* 0\/2 +>100 +2\/3 +20 +2\.0/);
  expect(text).toContain("random: 0 of 1 mutants, 0 of 2 hunts; 200 runs in 20 s.");
  expect(text).toContain("guided: 1 of 1 mutants, 2 of 3 hunts, median 20 runs; 160 runs in 16 s.");
});
