/** The small worlds with a bug planted: gone through in every order, each of these is found, and replays from its plan. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { isFault } from "../../scenarios/plan.ts";
import { parsePlan } from "../../scenarios/plan-schema.ts";
import { mutants } from "../../scenarios/mutants/list.ts";
import { SMALL_WORLDS } from "../../scenarios/small-world.ts";
import { createSimulatedWorld } from "../sweep/simulated-world.ts";
import { exploreSmallWorld } from "../sweep/small-exploration.ts";
import { findCheckout } from "./checkout.ts";
import { editSources, type EditedSources } from "./edited-sources.ts";
import type { PlantedExploration } from "./exploration-worker.ts";
import { bundleExploration } from "./exploration-bundle.ts";
import { AS_IT_IS } from "./trial-bundle.ts";

const root = findCheckout();
const SMALLEST = 0;
const faultNamed = (name: string): number => SMALL_WORLDS[SMALLEST].faults.findIndex((fault) => fault.name === name);

async function explore(sources: EditedSources, fault: string): Promise<PlantedExploration> {
  const bundled = await bundleExploration(root, sources);
  if (!bundled.ok) throw new Error(bundled.error);
  const workerData = { world: SMALLEST, fault: faultNamed(fault) };
  const worker = new Worker(bundled.value, { eval: true, workerData });
  return new Promise((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("error", reject);
  });
}

function planted(id: string): EditedSources {
  const sources = editSources(
    root,
    mutants.find((mutant) => mutant.id === id)!,
  );
  if (!sources.ok) throw new Error(`${id} is stale`);
  return sources.value;
}

describe("the smallest world, in every order", () => {
  it("finds M01, a PushAck that advances the pull cursor, without any fault", async () => {
    const { counts, failure, again } = await explore(planted("M01"), "none");
    expect(counts).toMatchObject({ runs: 1, judged: 1, isComplete: false });
    expect(failure!.verdict.findings.map(({ checker }) => checker)).toContain("hints-move-nothing");
    expect(again.length).toBeGreaterThan(0);
  }, 60_000);

  it("finds M18, an acknowledgement before the commit, where the relay loses power in the right state", async () => {
    const { failure, again, shrunk } = await explore(planted("M18"), "power loss of the relay");
    expect(failure!.runs).toBeLessThan(200);
    expect(failure!.verdict.findings.map(({ checker, kind }) => `${checker}/${kind}`)).toContain(
      "max-cursor/max-below-ack",
    );
    expect(failure!.plan.steps.filter(isFault)).toMatchObject([{ do: "crash", how: "power" }]);
    // As data it is what it was; the plan is one that a capsule may carry.
    const { checker, kind } = failure!.verdict.findings[0]!;
    expect(again[0]).toBe(`${checker}/${kind}`);
    expect(parsePlan(JSON.parse(JSON.stringify(failure!.plan)))).toMatchObject({ ok: true });
    expect(shrunk!.steps.length).toBeLessThanOrEqual(2);
  }, 120_000);

  it("comes to the same numbers in another thread as here", async () => {
    const { counts, failure } = await explore(AS_IT_IS, "none");
    expect(failure).toBeUndefined();
    expect(exploreSmallWorld(createSimulatedWorld(), { world: SMALLEST, fault: faultNamed("none") }).counts).toEqual(
      counts,
    );
  }, 60_000);
});
