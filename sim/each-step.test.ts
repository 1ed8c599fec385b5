/** The lists of W-05, W-09 and W-10 are as long as the base plan has steps: no step is left out, and each case comes. */
import { describe, expect, it } from "vitest";
import { createDraw, seedAfter } from "../scenarios/draw.ts";
import * as each from "../scenarios/catalogue/each-step-plans.ts";
import { judge } from "../scenarios/judge.ts";
import type { Moment } from "../scenarios/plan.ts";
import { findScenario } from "../scenarios/registry.ts";
import { Simulator } from "./simulator.ts";

const simulator = new Simulator();

function momentsOfBase(): readonly Moment[] {
  const seen: Moment[] = [];
  simulator.run(each.planBase(createDraw("0x1")), { onMoment: (moment) => void seen.push(moment) });
  return seen;
}

describe("the base plan", () => {
  const moments = momentsOfBase();

  it("has exactly the transactions that are broken one by one", () => {
    for (const [host, count] of Object.entries(each.TRANSACTIONS)) {
      for (const stage of ["written", "synced"]) {
        const seen = moments.filter(
          (moment) => moment.on === "stored" && moment.host === host && moment.stage === stage,
        );
        expect(seen.length, `${host} ${stage}`).toBe(count);
      }
    }
  });

  it("has a message of each kind that is withheld, and none of a kind that is not, but a Bye", () => {
    const kinds = new Set(
      moments.flatMap((moment) => (moment.on === "sent" ? [`${moment.message} to ${moment.to}`] : [])),
    );
    const withheld = new Set(
      each.LOST_REPLY_CASES.map(({ name }) => name.replace(/^(\w+) \d+ (to|of) (\w+)$/, "$1 $2 $3")),
    );
    expect([...kinds].filter((kind) => !kind.startsWith("Bye") && !kind.startsWith("Hello")).toSorted()).toEqual(
      [...withheld].filter((kind) => !kind.startsWith("Hello")).toSorted(),
    );
  });
});

describe.each(["W-05", "W-09", "W-10"])("%s", (id) => {
  const { cases, plan: planOf } = findScenario(id)!;

  it("comes to each of its cases, one a seed, and each of them is valid", () => {
    for (let i = 0; i < cases!; i++) {
      const plan = planOf!(seedAfter("0x1", i));
      const { verdict, idle, findings } = judge(plan, simulator.run(plan).history);
      expect({ i, verdict, idle, findings }).toEqual({ i, verdict: "valid", idle: false, findings: [] });
    }
  });

  it("begins anew behind the last one", () => {
    const caseOf = (seed: string): unknown => {
      const { steps, choices } = planOf!(seed);
      return { faults: steps.filter((step) => "when" in step || step.do === "withhold"), choices };
    };
    expect(caseOf(seedAfter("0x1", cases!))).toEqual(caseOf("0x1"));
    expect(caseOf("0x2")).not.toEqual(caseOf("0x1"));
  });
});
