/** Explores one small world with one of its faults: a worker's task, and what a test calls. */
import { planSmallWorld, SMALL_WORLDS } from "../../scenarios/small-world.ts";
import { Exploration, type ExplorationWorld, type OrderFailure } from "../../sim/exploration.ts";
import type { Explored, ExploreTask } from "./task.ts";

/** To the end, or to the first order that is not valid. */
export function exploreSmallWorld(world: ExplorationWorld, task: Pick<ExploreTask, "world" | "fault">): Explored {
  const small = SMALL_WORLDS[task.world]!;
  const exploration = new Exploration(world, planSmallWorld(small, small.faults[task.fault]!), small.pace);
  let failure: OrderFailure | undefined;
  while (failure === undefined && exploration.advance((failed) => (failure = failed)));
  return { counts: exploration.counts, failure };
}
