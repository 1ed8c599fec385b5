/**
 * Two ways to draw wild plans, in equal time over the same mutants: how many each finds, after how many runs. The time
 * of the mutant's thread alone counts, and an accusation only when the correct core is not accused with the same plan.
 */
import { createDraw, seedAfter } from "../../scenarios/draw.ts";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { Guide } from "../../scenarios/wild/guide.ts";
import { planWild, WILD_ID } from "../../scenarios/wild/wild.ts";
import { Control } from "./control.ts";
import { describeEditError, editSources } from "./edited-sources.ts";
import { AS_IT_IS, bundleTrial } from "./trial-bundle.ts";
import { TrialRoom } from "./trial-room.ts";

/** `random` and `swarm` are the same plans: what the other one is compared with. */
export type Way = "swarm" | "every-fault" | "random" | "guided";

export const COMPARED = { swarm: ["swarm", "every-fault"], guided: ["random", "guided"] } as const satisfies {
  readonly [what: string]: readonly [Way, Way];
};

export interface ComparisonOptions {
  readonly root: string;
  readonly mutants: readonly Mutant[];
  readonly ways: readonly Way[];
  readonly firstSeed: string;
  readonly repeat: number;
  readonly jobs: number;
  /** For one way from one base seed. */
  readonly huntMs: number;
  readonly watch: (row: WayReport) => void;
}

export interface WayHunt {
  readonly base: string;
  readonly isFound: boolean;
  readonly runs: number;
  readonly seconds: number;
}

export interface WayReport {
  readonly mutant: Mutant;
  readonly way: Way;
  readonly hunts: readonly WayHunt[];
  /** Why it could not be tried. */
  readonly flaw: string | undefined;
}

const BASE_STEP = 1_000_000;
const TRIAL_MS = 20_000;

/** In the order of the mutants, and for each in the order of the ways. */
export async function compareWays(options: ComparisonOptions): Promise<readonly WayReport[]> {
  const { root, mutants, ways, jobs, watch } = options;
  const bases = Array.from({ length: options.repeat }, (_, i) => seedAfter(options.firstSeed, i * BASE_STEP));
  const asItIs = await bundleTrial(root, AS_IT_IS);
  if (!asItIs.ok) throw new Error(`the sources as they are do not compile: ${asItIs.error}`);
  const control = new Control(asItIs.value, TRIAL_MS);
  let cache: Uint8Array | undefined;
  const reports = new Map<Mutant, readonly WayReport[]>();
  const queue = [...mutants];

  async function tryMutant(mutant: Mutant): Promise<void> {
    const own: WayReport[] = [];
    reports.set(mutant, own);
    const tell = (report: WayReport): void => {
      own.push(report);
      watch(report);
    };
    const edited = editSources(root, mutant);
    const code = edited.ok ? await bundleTrial(root, edited.value) : undefined;
    if (code?.ok !== true) {
      const flaw = edited.ok ? code!.error : describeEditError(edited.error);
      for (const way of ways) tell({ mutant, way, hunts: [], flaw: String(flaw) });
      return;
    }
    const room = new TrialRoom(code.value, cache);
    try {
      for (const way of ways) {
        const hunts: WayHunt[] = [];
        for (const base of bases) hunts.push(await hunt(room, control, way, base, options.huntMs));
        tell({ mutant, way, hunts, flaw: undefined });
      }
    } finally {
      await room.close();
    }
  }

  async function lane(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await tryMutant(next);
  }

  try {
    cache = await control.cache();
    await Promise.all(Array.from({ length: jobs }, lane));
  } finally {
    await control.close();
  }
  return mutants.flatMap((mutant) => reports.get(mutant)!);
}

export async function hunt(
  room: Pick<TrialRoom, "run">,
  control: Pick<Control, "run">,
  way: Way,
  base: string,
  huntMs: number,
): Promise<WayHunt> {
  const stream = createStream(way, base);
  let runs = 0;
  let ms = 0;
  while (ms < huntMs) {
    const plan = stream.next();
    const trial = { scenario: WILD_ID, seed: plan.seed, plan };
    const answer = await room.run(trial, TRIAL_MS);
    runs += 1;
    ms += answer.tookMs;
    if (answer.type === "unloadable") throw new Error(answer.message);
    if (answer.type === "judged") stream.learn(answer.features ?? []);
    if (answer.type === "judged" && answer.verdict !== "invalid") continue;
    const core = await control.run(trial);
    if (core.type === "judged" && core.verdict !== "invalid") return { base, isFound: true, runs, seconds: ms / 1000 };
  }
  return { base, isFound: false, runs, seconds: ms / 1000 };
}

interface PlanStream {
  next(): Plan;
  /** Of the run of the plan that came last. */
  learn(features: readonly string[]): void;
}

function createStream(way: Way, base: string): PlanStream {
  if (way === "guided") {
    const guide = new Guide(base);
    let last = guide.next();
    let isFirst = true;
    return {
      next() {
        if (!isFirst) last = guide.next();
        isFirst = false;
        return last.plan;
      },
      learn: (features) => guide.learn(last, features),
    };
  }
  let number = 0;
  const faults = way === "every-fault" ? "every" : "swarm";
  return {
    next: () => planWild(createDraw(seedAfter(base, number++), WILD_ID), faults),
    learn: () => {},
  };
}
