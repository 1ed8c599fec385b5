import { describe, expect, it } from "vitest";
import { pushOf, writePlan } from "../../scenarios/mutants/hand-plan.ts";
import { isFault, type Plan } from "../../scenarios/plan.ts";
import { findPlanFlaw } from "../../scenarios/plan-rules.ts";
import { renderStep } from "../../scenarios/step-text.ts";
import { harsherPlans, shorterPlans } from "./shorter.ts";

/** Steps in a word, who is offline at the start, and when everything heals. */
function told({ steps, topology, healAtMs }: Plan): string {
  const offline = topology.devices.filter(({ online }) => !online).map(({ name }) => ` ${name} off`);
  return `${steps.map(({ do: what }) => what).join(" ")}${offline.join("")} | ${healAtMs}`;
}

const away = writePlan({
  devices: { a: {}, b: {} },
  steps: [{ atMs: 0, do: "disconnect", device: "b" }, pushOf("a", 10, 1), { atMs: 2000, do: "connect", device: "b" }],
});

describe("fewer steps by what goes together", () => {
  it("has a device offline from the start instead of told to be, healed soon or as late as before", () => {
    const candidates = [...shorterPlans(away)].map(told);
    expect(candidates.slice(0, 2)).toEqual(["push b off | 110", "push b off | 2100"]);
    expect(candidates).toContain("push | 2100");
  });

  it("lets one fault last until the end of another that goes", () => {
    const twice = writePlan({
      devices: { a: {} },
      steps: [
        { atMs: 0, do: "crash", host: "relay", how: "kill", downMs: 100 },
        { atMs: 1000, do: "pause", host: "a", forMs: 500 },
      ],
    });
    const [first] = [...shorterPlans(twice)];
    expect(first!.steps.map(renderStep)).toEqual(["relay is killed, and starts again after 1.5 s"]);
    expect([...shorterPlans(twice)].every((plan) => plan.steps.filter(isFault).length < 2)).toBe(true);
  });

  it("makes only whole plans, each with fewer steps; harsher ones have as many", () => {
    for (const plan of shorterPlans(away)) {
      expect(findPlanFlaw(plan)).toBeUndefined();
      expect(plan.steps.length).toBeLessThan(away.steps.length);
    }
    const harsher = [...harsherPlans(away)];
    expect(harsher[0]!.topology.devices[0]!.config).toMatchObject({ pullLimit: 1, pollMs: 600_000 });
    expect(harsher.every((plan) => plan.steps.length === 3 && findPlanFlaw(plan) === undefined)).toBe(true);
    // The bound is that of the harsher configuration.
    expect(harsher[0]!.bound.withinMs).toBeGreaterThan(away.bound.withinMs);
  });
});
