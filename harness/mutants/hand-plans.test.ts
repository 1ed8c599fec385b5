/** The hand-written plans: each is found on its mutant by the checker named, not on the core, and has no step too many. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { handPlans } from "../../scenarios/mutants/hand-plans.ts";
import { mutants } from "../../scenarios/mutants/list.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { findPlanFlaw } from "../../scenarios/plan-rules.ts";
import { createSimulatedWorld } from "../sweep/simulated-world.ts";
import { findCheckout } from "./checkout.ts";
import { editSources } from "./edited-sources.ts";
import { bundleTrial } from "./trial-bundle.ts";
import { TrialRoom } from "./trial-room.ts";

const WITHIN_MS = 60_000;
const root = findCheckout();
const core = createSimulatedWorld();
const first = mutants.filter(({ test, waiting }) => test === undefined && waiting === undefined).slice(0, 20);

it("there is one for each of the first twenty mutants of the pure rooms", () => {
  expect(Object.keys(handPlans)).toEqual(first.map(({ id }) => id));
});

describe.each(first)("$id, $title", (mutant) => {
  const plan = handPlans[mutant.id]!;
  let room: TrialRoom;

  beforeAll(async () => {
    const edited = editSources(root, mutant);
    const code = edited.ok ? await bundleTrial(root, edited.value) : edited;
    if (!code.ok) throw new Error(`${mutant.id} cannot be planted`);
    room = new TrialRoom(code.value);
  });
  afterAll(() => room.close());

  async function foundBy(tried: Plan): Promise<readonly string[]> {
    const answer = await room.run({ scenario: tried.scenario, seed: tried.seed, plan: tried }, WITHIN_MS);
    if (answer.type !== "judged") return expect.unreachable(`${mutant.id}: ${answer.type}`);
    return answer.findings.map(({ checker, kind }) => `${checker}/${kind}`);
  }
  const isNamed = (finding: string): boolean => finding.startsWith(`${mutant.caughtBy}/`);

  it("is found by the checker that is named, and needs each step", async () => {
    expect(findPlanFlaw(plan)).toBeUndefined();
    const found = (await foundBy(plan)).filter(isNamed);
    expect(found, `of ${(await foundBy(plan)).join(", ") || "nothing"}`).not.toEqual([]);
    for (let i = 0; i < plan.steps.length; i++) {
      const without = await foundBy({ ...plan, steps: plan.steps.toSpliced(i, 1) });
      expect(
        without.filter((finding) => found.includes(finding)),
        `without step ${i + 1}`,
      ).toEqual([]);
    }
  }, 120_000);

  it("is not found on the core", () => {
    const { verdict, findings } = core.judge(plan, core.run(plan).history);
    expect(findings.map(({ message }) => message)).toEqual([]);
    expect(verdict).toBe("valid");
  });
});
