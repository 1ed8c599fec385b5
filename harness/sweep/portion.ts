/** Which seeds a sweep runs, cut into tasks: round and round over the ids, so that time is shared among them. */
import { seedAfter } from "../../scenarios/draw.ts";
import type { Shard } from "../cli/option-values.ts";
import type { Suite } from "./sim-world.ts";
import type { SweepTask } from "./task.ts";

/** The first runs of a process are up to twenty times slower: a task is never smaller than this. */
const SEEDS_PER_TASK = 16;
const SEEDS_PER_TASK_MAX = 64;
/** What every id gets even when the time is over before its turn. */
const SEEDS_AT_LEAST = 2;

export interface Portions {
  readonly ids: readonly string[];
  readonly firstSeed: string;
  /** Of every id; `undefined` = as many as the time allows. */
  readonly seedsPerId: number | undefined;
  readonly stopAtMs: number | undefined;
  readonly shard: Shard;
  readonly suite: Suite;
  /** One seed in so many also runs with the portable suite; 0 = none. */
  readonly portableEvery: number;
  readonly workers: number;
}

export function* cutPortions(portions: Portions): Generator<SweepTask, void, void> {
  const { ids, firstSeed, seedsPerId = Infinity, stopAtMs, shard, suite, portableEvery } = portions;
  const size = taskSize(portions);
  for (let from = 0; from < seedsPerId; from += size * shard.of) {
    // Numbers of this shard: index, index + of, index + 2 of, …
    const numbers: number[] = [];
    for (let i = 0; i < size; i++) {
      const number = from + shard.index + i * shard.of;
      if (number < seedsPerId) numbers.push(number);
    }
    if (numbers.length === 0) continue;
    const seeds = numbers.map((number) => seedAfter(firstSeed, number));
    // Counted within the shard, so that each shard has its share and the first run of an id is always in it.
    const isPortable = (number: number): boolean =>
      portableEvery > 0 && Math.floor(number / shard.of) % portableEvery === 0;
    const portable = seeds.filter((_, i) => isPortable(numbers[i]!));
    for (const scenario of ids) {
      yield { job: "sweep", scenario, seeds, suite, portable, stopAtMs, atLeast: from === 0 ? SEEDS_AT_LEAST : 0 };
    }
  }
}

function taskSize({ seedsPerId, stopAtMs, ids, workers, shard }: Portions): number {
  if (seedsPerId === undefined || stopAtMs !== undefined) return SEEDS_PER_TASK;
  const perWorker = (seedsPerId * ids.length) / shard.of / workers;
  return Math.min(Math.max(Math.ceil(perWorker / 8), SEEDS_PER_TASK), SEEDS_PER_TASK_MAX);
}
