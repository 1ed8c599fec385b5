/**
 * What runs inside the thread of an exploration with a bug planted: bundled as `trial-worker.ts` is. A small world with
 * one of its faults is gone through up to the first order that fails; that order is run again as its plan says, and
 * shrunk.
 */
import { parentPort, workerData } from "node:worker_threads";
import { judge } from "../../scenarios/judge.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { Simulator } from "../../sim/simulator.ts";
import { shrinkPlan } from "../shrink/shrink.ts";
import type { SimWorld } from "../sweep/sim-world.ts";
import { exploreSmallWorld } from "../sweep/small-exploration.ts";
import type { Explored, ExploreTask } from "../sweep/task.ts";

export interface PlantedExploration extends Explored {
  /** What the plan with its order shows by itself, as `checker/kind`. */
  readonly again: readonly string[];
  readonly shrunk: Plan | undefined;
}

const SHRINK_MS = 30_000;

function explorePlanted(task: Pick<ExploreTask, "world" | "fault">): PlantedExploration {
  const simulator = new Simulator();
  const world: SimWorld = { run: (plan, options) => simulator.run(plan, options), judge };
  const explored = exploreSmallWorld(world, task);
  const { failure } = explored;
  if (failure === undefined) return { ...explored, again: [], shrunk: undefined };
  const { findings } = judge(failure.plan, simulator.run(failure.plan).history);
  const again = findings.map(({ checker, kind }) => `${checker}/${kind}`);
  const shrunk = shrinkPlan(world, failure.plan, findings[0]!, { now: Date.now, withinMs: SHRINK_MS })?.plan;
  return { ...explored, again, shrunk };
}

parentPort!.postMessage(explorePlanted(workerData as ExploreTask));
