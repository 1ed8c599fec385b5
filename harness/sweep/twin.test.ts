/** A relay that could read plaintexts is found by the slice of a sweep that runs each plan with other ones as well. */
import { expect, it } from "vitest";
import { EMPTY, parseHex } from "../../core/bytes.ts";
import { SeedRunner } from "./seed-runner.ts";
import type { SimWorld } from "./sim-world.ts";
import { createStandInWorld, STAND_IN_CATALOGUE } from "./stand-in-world.ts";

/** A world whose relay reads so many bytes of the first payload. */
function worldThatShows(bytes: number): SimWorld {
  const world = createStandInWorld();
  return {
    ...world,
    run(plan, options) {
      const push = plan.steps.find((step) => step.do === "push");
      const seen = push === undefined ? EMPTY : parseHex(push.op)!.subarray(0, bytes);
      const run = world.run(plan, options);
      return { ...run, history: [...run.history, { type: "relay-view", at: 1, relay: "relay", bytes: seen }] };
    },
  };
}

function sweep(world: SimWorld, portable: readonly string[]) {
  const runner = new SeedRunner(world, STAND_IN_CATALOGUE);
  const task = { job: "sweep", scenario: "S-ONE-01", seeds: ["0x1"], suite: "toy", stopAtMs: undefined } as const;
  return runner.perform({ ...task, portable, atLeast: 1 }).map(({ verdict, findings }) => ({ verdict, findings }));
}

it("what depends on a plaintext makes the seed invalid", () => {
  expect(sweep(worldThatShows(16), ["0x1"])).toMatchObject([
    { verdict: "invalid", findings: [{ checker: "relay-view", kind: "views-differ" }] },
  ]);
});

it("an equal view does not, and a seed outside of the slice is not run again", () => {
  expect(sweep(worldThatShows(0), ["0x1"])).toEqual([{ verdict: "valid", findings: [] }]);
  expect(sweep(worldThatShows(16), [])).toEqual([{ verdict: "valid", findings: [] }]);
});
