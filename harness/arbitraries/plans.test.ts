import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge } from "../../scenarios/judge.ts";
import { isFault } from "../../scenarios/plan.ts";
import { findPlanFlaw } from "../../scenarios/plan-rules.ts";
import { parsePlan } from "../../scenarios/plan-schema.ts";
import { Simulator } from "../../sim/simulator.ts";
import { arbitraryPlan, arbitraryTopology, arbitraryWorkload } from "./plans.ts";

const simulator = new Simulator();

describe("arbitrary plans", () => {
  it("can be run, and the protocol holds on them", () => {
    fc.assert(
      fc.property(arbitraryPlan(), (plan) => {
        expect(parsePlan(JSON.parse(JSON.stringify(plan))).ok).toBe(true);
        const { verdict, findings } = judge(plan, simulator.run(plan).history);
        expect(findings).toEqual([]);
        expect(verdict).toBe("valid");
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it("shrink to what matters", () => {
    const isTroubled = (steps: readonly { readonly do: string }[]): boolean =>
      steps.some((step) => step.do === "crash") && steps.some((step) => step.do === "push");
    const details = fc.check(
      fc.property(arbitraryPlan(), ({ steps }) => !isTroubled(steps)),
      { numRuns: 2000, seed: 3 },
    );
    expect(details.failed).toBe(true);
    const [plan] = details.counterexample!;
    expect(isTroubled(plan.steps)).toBe(true);
    expect(plan.topology.devices.length).toBeLessThanOrEqual(2);
    expect(plan.steps.filter(isFault).length).toBeLessThanOrEqual(3);
  });
});

describe("arbitrary topologies and workloads", () => {
  it("fit together", () => {
    const both = arbitraryTopology().chain((topology) =>
      fc.record({ topology: fc.constant(topology), steps: arbitraryWorkload(topology) }),
    );
    fc.assert(
      fc.property(both, arbitraryPlan(), ({ topology, steps }, plan) => {
        const healAtMs = Math.max(0, ...steps.map(({ atMs }) => atMs));
        expect(findPlanFlaw({ ...plan, topology, steps, healAtMs })).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
});
