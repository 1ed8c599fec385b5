import { describe, expect, it } from "vitest";
import { createDraw, createRedraw, seedAfter } from "../draw.ts";
import { findPlanFlaw } from "../plan-rules.ts";
import { parsePlan } from "../plan-schema.ts";
import { featuresOf } from "./features.ts";
import { Guide } from "./guide.ts";
import { drawCandidate, mutatePlan } from "./plan-mutation.ts";
import { planWild } from "./wild.ts";
import { drawWildOptions, WILD_FAULTS } from "./wild-options.ts";

describe("redraws", () => {
  it("change what they name and nothing else", () => {
    const first = createRedraw("0x1", "x", new Map());
    const other = createRedraw("0x1", "x", new Map([["b#1", 77]]));
    const draws = [first, other].map((draw) => ["a", "b", "b", "b", "c"].map((label) => draw.between(label, 0, 1e9)));
    expect(draws[0]!.map((value, i) => value === draws[1]![i])).toEqual([true, true, false, true, true]);
    expect(other.drawn()).toEqual(["a#0", "b#0", "b#1", "b#2", "c#0"]);
    expect(first.between("d", 0, 1e9)).toBe(createDraw("0x1", "x").between("d", 0, 1e9));
  });
});

describe("mutated plans", () => {
  const candidates = Array.from({ length: 40 }, (_, i) => drawCandidate(seedAfter("0x1", i)));
  const mutants = Array.from({ length: 400 }, (_, i) =>
    mutatePlan(createDraw(seedAfter("0x100", i)), candidates[i % 40]!, candidates[(i * 7 + 1) % 40]!),
  );

  it("are plans that a stranger could send, other than their parents; few come to nothing", () => {
    const made = mutants.filter((mutant) => mutant !== undefined);
    expect(made.length).toBeGreaterThan(360);
    let others = 0;
    for (const { plan } of made) {
      expect(findPlanFlaw(plan)).toBeUndefined();
      expect(parsePlan(JSON.parse(JSON.stringify(plan))).ok).toBe(true);
    }
    mutants.forEach((mutant, i) => {
      if (JSON.stringify(mutant?.plan) !== JSON.stringify(candidates[i % 40]!.plan)) others += 1;
    });
    expect(others).toBeGreaterThan(350);
  });

  it("come from the draw and the parents alone", () => {
    const again = mutatePlan(createDraw(seedAfter("0x100", 3)), candidates[3]!, candidates[22]!);
    expect(again).toEqual(mutants[3]);
  });
});

describe("a guide", () => {
  it("keeps what reached something new, and nothing else", () => {
    const guide = new Guide("0x1");
    guide.learn(guide.next(), ["a", "b"]);
    guide.learn(guide.next(), ["b", "a"]);
    expect(guide.standing).toEqual({ kept: 1, features: 2 });
    guide.learn(guide.next(), ["a", "c"]);
    expect(guide.standing).toEqual({ kept: 2, features: 3 });
  });

  it("makes the same plans of the same seed and the same answers", () => {
    const plans = () => {
      const guide = new Guide("0x5");
      return Array.from({ length: 30 }, (_, i) => {
        const candidate = guide.next();
        guide.learn(candidate, [`f${i % 9}`]);
        return candidate.plan;
      });
    };
    expect(plans()).toEqual(plans());
    expect(plans()[0]).toEqual(planWild(createDraw("0x5", "wild")));
  });
});

it("a run's features are the marks of each life, and the pairs that one life hit", () => {
  const lives = [new Set(["y", "x"]), new Set(["z"]), new Set(["x"])];
  expect(featuresOf(lives)).toEqual(["x", "x & y", "y", "z"]);
});

it("with everything on, every kind of fault is there but those that lose acknowledged data", () => {
  const every = planWild(createDraw("0x1", "wild"), "every").drawn!.find((line) => line.startsWith("faults"))!;
  const swarm = drawWildOptions(createDraw("0x1", "wild")).faults;
  const ruinous = ["wipe-relay", "rollback-relay"];
  for (const kind of WILD_FAULTS) {
    if (!ruinous.includes(kind) || swarm.has(kind)) expect(every).toContain(kind);
  }
});
