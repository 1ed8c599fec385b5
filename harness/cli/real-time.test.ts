import { expect, it } from "vitest";
import { seedAfter } from "../../scenarios/draw.ts";
import { builtScenarios } from "../../scenarios/registry.ts";
import { UserError } from "../user-error.ts";
import { assertRealTime } from "./real-time.ts";

const real = builtScenarios().filter(({ backends }) => backends.includes("local") || backends.includes("docker"));

it.each(real)("takes every plan of $id, which is for processes or containers", (scenario) => {
  for (let i = 0; i < 64; i++) {
    const plan = scenario.plan(seedAfter("0x1", i));
    expect(() => assertRealTime(plan), plan.seed).not.toThrow();
  }
});

it("refuses what would take longer than anybody waits, in one sentence", () => {
  const plan = { scenario: "S-SM-01", healAtMs: 15 * 60_000 };
  expect(() => assertRealTime(plan)).not.toThrow();
  expect(() => assertRealTime({ ...plan, healAtMs: plan.healAtMs + 1 })).toThrow(
    new UserError("The plan of S-SM-01 takes 16 minutes: above 15, a plan is for the simulator."),
  );
});
