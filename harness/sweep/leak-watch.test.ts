import { expect, it } from "vitest";
import { describeDivergence } from "../cli/divergence-text.ts";
import { Simulator, type SimRun } from "../../sim/simulator.ts";
import { findScenario } from "../../scenarios/registry.ts";
import { portableSuite } from "../../core/crypto/portable.ts";
import { toySuite } from "../../sim/toy-suite.ts";
import { findDivergence, type Inspect } from "./divergence.ts";
import { watchLeaks } from "./leak-watch.ts";
import { SeedRunner } from "./seed-runner.ts";
import { CATALOGUE } from "./simulated-world.ts";
import type { SimWorld } from "./sim-world.ts";

it("notes who asks for chance and time, answers all the same, and is gone afterwards", () => {
  const before = { random: Math.random, now: Date.now, date: Date };
  const { result, leaks } = watchLeaks(
    () => [Math.random() < 1, Date.now() > 0, new Date().getTime() > 0, new Date(5).getTime(), crypto.randomUUID()],
    () => 7,
  );
  expect(result.slice(0, 4)).toEqual([true, true, true, 5]);
  expect(leaks.map(({ what, event }) => `${what} ${event}`)).toEqual([
    "Math.random 7",
    "Date.now 7",
    "new Date 7",
    "crypto.randomUUID 7",
  ]);
  expect(leaks[0]!.where).toMatch(/^harness\/sweep\/leak-watch\.test\.ts:\d+$/);
  expect({ random: Math.random, now: Date.now, date: Date }).toEqual(before);
  expect(() =>
    watchLeaks(
      () => {
        throw new Error("as it was");
      },
      () => 0,
    ),
  ).toThrow("as it was");
  expect(Math.random).toBe(before.random);
});

it("sees nothing in a run of the real machines, with either suite", () => {
  const simulator = new Simulator();
  const plan = findScenario("S-CONC-01")!.plan!("0x1");
  for (const suite of ["toy", "portable"] as const) {
    expect(
      watchLeaks(
        () => simulator.run(plan, { suite }),
        () => 0,
      ).leaks,
    ).toEqual([]);
  }
  expect(portableSuite).not.toBe(toySuite);
});

/** Inspects the runs of a simulator between which and its suite something is put. */
function inspectWith(wrapSuite: ConstructorParameters<typeof Simulator>[0]): Inspect {
  const simulator = new Simulator(wrapSuite);
  const world: SimWorld = {
    run: (plan, options): SimRun => simulator.run(plan, options),
    judge: () => ({ verdict: "valid", idle: false, findings: [], unknowns: [] }),
  };
  const runner = new SeedRunner(world, CATALOGUE);
  return async (detail) =>
    runner.perform({ job: "inspect", scenario: "S-CONC-01", seeds: ["0x1"], suite: "toy", detail });
}

it("names a planted Math.random, and where it is", async () => {
  const leaky = (): Inspect =>
    inspectWith({
      wrapSuite: (suite) => ({
        ...suite,
        hash: (bytes: Uint8Array) => suite.hash(Uint8Array.of(...bytes.slice(0, 200), Math.floor(Math.random() * 256))),
      }),
    });
  const divergence = await findDivergence(leaky(), leaky());
  expect(divergence.origin).toMatchObject({ type: "leak", what: "Math.random" });
  const text = describeDivergence(divergence).join("\n");
  expect(text).toMatch(/because: Math\.random was called in harness\/sweep\/leak-watch\.test\.ts:\d+, after event \d+/);
  expect(text).toMatch(/first divergent event: \d+/);
});

it("names the input that differs when nobody asked for chance or time", async () => {
  let life = 0;
  const counting = (): Inspect => {
    const own = life++;
    return inspectWith({
      wrapSuite: (suite, host) =>
        host === "a" ? { ...suite, hash: (bytes: Uint8Array) => suite.hash(Uint8Array.of(...bytes, own)) } : suite,
    });
  };
  const { origin, event } = await findDivergence(counting(), counting());
  expect(event).toBeGreaterThan(0);
  expect(origin).toMatchObject({ type: "input", fields: ["bytes"] });
});
