/** The shrinker on the real simulated world, with checkers of the test's own in the place of a bug. */
import { beforeAll, describe, expect, it } from "vitest";
import type { History } from "../../scenarios/history.ts";
import { isFault, type Plan } from "../../scenarios/plan.ts";
import { parsePlan } from "../../scenarios/plan-schema.ts";
import { planSmallWorld, SMALL_FAULTS, SMALL_WORLDS } from "../../scenarios/small-world.ts";
import type { Verdict } from "../../scenarios/verdict.ts";
import { planWild } from "../../scenarios/wild/wild.ts";
import { createDraw } from "../../scenarios/draw.ts";
import type { SimWorld } from "../sweep/sim-world.ts";
import { createSimulatedWorld } from "../sweep/simulated-world.ts";
import { shrinkPlan, type ShrinkResult } from "./shrink.ts";

const real = createSimulatedWorld();
const TARGET = { checker: "test", kind: "found" };

/** A world in which the test says what a finding is. */
function worldWith(isFound: (plan: Plan, history: History) => boolean): SimWorld {
  return {
    run: (plan, options) => real.run(plan, options),
    judge(plan, history): Verdict {
      const findings = isFound(plan, history) ? [{ ...TARGET, message: "", witness: [] }] : [];
      return { verdict: findings.length > 0 ? "invalid" : "valid", idle: false, findings, unknowns: [] };
    },
  };
}

const forEver = { now: () => 0, withinMs: 1 };

/** Found when a device has a blob of another one after some relay was down. */
function isCrashedAndHeard(_plan: Plan, history: History): boolean {
  let crashed = false;
  const acked = new Map<string, string>();
  for (const record of history) {
    if (record.type === "ack") acked.set(record.blob, record.device);
    if (record.type === "fault" && record.stage === "healed") crashed = true;
    const pusher = record.type === "deliver" ? acked.get(record.blob) : undefined;
    if (crashed && record.type === "deliver" && pusher !== undefined && pusher !== record.device) return true;
  }
  return false;
}

describe("a plan of many steps", () => {
  const world = worldWith(isCrashedAndHeard);
  let plan: Plan;
  let result: ShrinkResult;

  beforeAll(() => {
    // The first wild plan with several devices and faults that shows it.
    for (let seed = 1; ; seed++) {
      plan = planWild(createDraw(`0x${seed.toString(16)}`, "wild"));
      if (plan.topology.devices.length < 3 || plan.steps.filter(isFault).length < 3) continue;
      const shrunk = shrinkPlan(world, plan, TARGET, forEver);
      if (shrunk === undefined) continue;
      result = shrunk;
      return;
    }
  });

  it("becomes a push, a fault, and the two devices that matter", () => {
    expect(plan.steps.length).toBeGreaterThan(10);
    expect(result.plan.topology.devices.length).toBe(2);
    expect(result.plan.topology.relays.length).toBe(1);
    expect(result.plan.steps.filter(isFault).length).toBe(1);
    expect(result.plan.steps.filter(({ do: what }) => what === "push").length).toBe(1);
    expect(result.isMinimal).toBe(true);
  });

  it("has no step that can be taken out", () => {
    const { steps } = result.plan;
    for (let i = 0; i < steps.length; i++) {
      const without = { ...result.plan, steps: steps.toSpliced(i, 1) };
      expect(isCrashedAndHeard(without, real.run(without).history)).toBe(false);
    }
  });

  it("is a plan by itself: it can be read, and shows the same whatever its seed would have chosen", () => {
    const read = parsePlan(JSON.parse(JSON.stringify(result.plan)));
    expect(read.ok).toBe(true);
    expect(result.plan.choices).toEqual([]);
    expect(isCrashedAndHeard(result.plan, real.run(result.plan).history)).toBe(true);
  });
});

describe("a finding that is not there", () => {
  it("is not shrunk", () => {
    const plan = planWild(createDraw("0x1", "wild"));
    expect(
      shrinkPlan(
        worldWith(() => false),
        plan,
        TARGET,
        forEver,
      ),
    ).toBeUndefined();
  });

  it("of another kind does not count", () => {
    const plan = planWild(createDraw("0x1", "wild"));
    expect(
      shrinkPlan(
        worldWith(() => true),
        plan,
        { checker: "test", kind: "other" },
        forEver,
      ),
    ).toBeUndefined();
  });
});

describe("a finding that depends on a choice", () => {
  it("keeps that choice and no other", () => {
    const plan = planWild(createDraw("0x5", "wild"));
    // A sync that took the longest: only choices make one.
    const isSlow = (_plan: Plan, history: History): boolean =>
      history.some((record) => record.type === "ack" && record.at % 7 === 3);
    const world = worldWith(isSlow);
    const result = shrinkPlan(world, plan, TARGET, forEver);
    if (result === undefined) return expect.unreachable("the seed shows it");
    expect(isSlow(result.plan, real.run(result.plan).history)).toBe(true);
    const { choices = [] } = result.plan;
    for (let i = 0; i < choices.length; i++) {
      const without = { ...result.plan, choices: choices.toSpliced(i, 1) };
      expect(isSlow(without, real.run(without).history)).toBe(false);
    }
  });
});

describe("a finding in a plan with an order", () => {
  const ordered: Plan = {
    ...planSmallWorld(SMALL_WORLDS[0], SMALL_FAULTS[1]!),
    order: { fromMs: 520, picks: [0, 1, 0, 1, 1, 2] },
  };
  const isEver = (): boolean => true;
  /** The relay lost power before it had acknowledged anything. */
  const isEarly = (_plan: Plan, history: History): boolean => {
    const lostAt = history.findIndex((record) => record.type === "fault" && record.stage === "issued");
    const ackedAt = history.findIndex((record) => record.type === "ack");
    return lostAt >= 0 && lostAt < ackedAt && history.slice(0, lostAt).some((record) => record.type === "relay-view");
  };

  it("loses the order when it does not need one", () => {
    const result = shrinkPlan(worldWith(isEver), ordered, TARGET, forEver);
    expect(result!.plan).not.toHaveProperty("order");
  });

  it("keeps as many picks as matter, and is still that plan", () => {
    expect(isEarly(ordered, real.run(ordered).history)).toBe(true);
    // By time alone it cannot be: then the fault would have to come in the same millisecond.
    const isOrdered = (plan: Plan, history: History): boolean => plan.order !== undefined && isEarly(plan, history);
    const { plan } = shrinkPlan(worldWith(isOrdered), ordered, TARGET, forEver)!;
    expect(isOrdered(plan, real.run(plan).history)).toBe(true);
    expect(plan.order!.picks.length).toBeLessThan(ordered.order!.picks.length);
    expect(parsePlan(JSON.parse(JSON.stringify(plan)))).toMatchObject({ ok: true });
  });
});

describe("the time", () => {
  it("is kept: what is smallest so far is the result, and is said not to be minimal", () => {
    const plan = planWild(createDraw("0x5", "wild"));
    let ticks = 0;
    const result = shrinkPlan(
      worldWith(() => true),
      plan,
      TARGET,
      { now: () => ticks++, withinMs: 12 },
    );
    expect(result?.isMinimal).toBe(false);
  });
});
