import { describe, expect, it } from "vitest";
import { createDraw, seedAfter } from "../draw.ts";
import { isFault, type Plan } from "../plan.ts";
import { parsePlan } from "../plan-schema.ts";
import { findScenario } from "../registry.ts";
import { drawWildOptions, WILD_FAULTS } from "./wild-options.ts";
import { planWild } from "./wild.ts";

const plans: readonly Plan[] = Array.from({ length: 400 }, (_, i) => planWild(createDraw(seedAfter("0x1", i), "wild")));
const options = plans.map(({ seed }) => drawWildOptions(createDraw(seed, "wild")));

describe("wild plans", () => {
  it("are plans that a stranger could send, with what was drawn in words", () => {
    for (const plan of plans) {
      expect(parsePlan(JSON.parse(JSON.stringify(plan))).ok).toBe(true);
      expect(plan.drawn!.length).toBe(4);
    }
  });

  it("come from the seed alone", () => {
    expect(planWild(createDraw("0x2a", "wild"))).toEqual(planWild(createDraw("0x2a", "wild")));
    expect(findScenario("WILD")!.plan!("0x2a")).toEqual(planWild(createDraw("0x2a", "wild")));
  });

  it("have 1 to 3 relays, 1 to 8 devices and 1 to 4 groups, all of these", () => {
    const sizes = (of: (plan: Plan) => readonly unknown[]): readonly number[] =>
      [...new Set(plans.map((plan) => of(plan).length))].toSorted((a, b) => a - b);
    expect(sizes(({ topology }) => topology.relays)).toEqual([1, 2, 3]);
    expect(sizes(({ topology }) => topology.groups)).toEqual([1, 2, 3, 4]);
    expect(sizes(({ topology }) => topology.devices)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("are a swarm: each kind of fault is missing in most, there in some, and often without most others", () => {
    for (const kind of WILD_FAULTS) {
      const having = options.filter(({ faults }) => faults.has(kind)).length;
      expect(having, kind).toBeGreaterThan(0);
      expect(having, kind).toBeLessThan(options.length / 2);
    }
    expect(options.some(({ faults }) => faults.size === 0)).toBe(true);
    expect(options.filter(({ faults }) => faults.size <= 2).length).toBeGreaterThan(options.length / 10);
  });

  it("cut links for long enough to be noticed", () => {
    for (const step of plans.flatMap(({ steps }) => steps).filter(isFault)) {
      if (step.do === "partition") expect(step.forMs).toBeGreaterThanOrEqual(2000);
    }
  });
});
