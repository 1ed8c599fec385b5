/**
 * What mutants were caught by, made as small as it can be: each catch is shrunk in a thread of the mutant's own, after
 * the hunt and so outside of its time, and then each step of the result is left out once more to see that it is needed.
 */
import type { Plan } from "../../scenarios/plan.ts";
import type { MutantReport } from "./campaign.ts";
import { editSources } from "./edited-sources.ts";
import type { Catch } from "./hunt.ts";
import { bundleTrial } from "./trial-bundle.ts";
import type { Trial } from "./trial.ts";
import { TrialRoom } from "./trial-room.ts";

export interface ShrunkCatch extends Pick<Catch, "base" | "scenario" | "seed" | "target"> {
  readonly stepsBefore: number;
  readonly plan: Plan;
  readonly runs: number;
  readonly seconds: number;
  /** The shrinker was not stopped by the time, and no step can be left out: each was tried again. */
  readonly isMinimal: boolean;
}

/** It could not be shrunk, and why. */
export interface UnshrunkCatch extends Pick<Catch, "base" | "scenario" | "seed" | "target"> {
  readonly why: string;
}

/** By the mutant's id. Mutants without a catch are not there. */
export type Shrunk = ReadonlyMap<string, readonly (ShrunkCatch | UnshrunkCatch)[]>;

export interface ShrinkCatchesOptions {
  readonly root: string;
  readonly reports: readonly MutantReport[];
  /** Each catch, or only the first of each mutant. */
  readonly isEach: boolean;
  readonly jobs: number;
  readonly watch: (mutant: string, shrunk: ShrunkCatch | UnshrunkCatch) => void;
}

/** For one catch; then the smallest so far is what there is. */
const SHRINK_MS = 30_000;
/** Of a plan that was just run many times. */
const RUN_MS = 20_000;

export async function shrinkCatches(options: ShrinkCatchesOptions): Promise<Shrunk> {
  const { root, reports, isEach, jobs, watch } = options;
  const shrunk = new Map<string, readonly (ShrunkCatch | UnshrunkCatch)[]>();
  const queue = reports.filter(({ catches }) => catches.length > 0);

  async function shrinkMutant({ mutant, catches }: MutantReport): Promise<void> {
    const room = await openRoom(root, mutant);
    const done: (ShrunkCatch | UnshrunkCatch)[] = [];
    shrunk.set(mutant.id, done);
    for (const each of isEach ? catches : catches.slice(0, 1)) {
      const one = await shrinkCatch(room, each);
      done.push(one);
      watch(mutant.id, one);
    }
    await room.close();
  }

  async function lane(): Promise<void> {
    for (let report = queue.shift(); report !== undefined; report = queue.shift()) await shrinkMutant(report);
  }

  await Promise.all(Array.from({ length: jobs }, lane));
  return shrunk;
}

export function isShrunk(one: ShrunkCatch | UnshrunkCatch): one is ShrunkCatch {
  return "plan" in one;
}

/** A thread with the mutant planted. It was caught, so its edits fit and compile. */
async function openRoom(root: string, mutant: MutantReport["mutant"]): Promise<TrialRoom> {
  const edited = editSources(root, mutant);
  const code = edited.ok ? await bundleTrial(root, edited.value) : edited;
  if (!code.ok) throw new Error(`${mutant.id} was caught, and cannot be planted again`);
  return new TrialRoom(code.value);
}

async function shrinkCatch(
  room: TrialRoom,
  { base, scenario, seed, target }: Catch,
): Promise<ShrunkCatch | UnshrunkCatch> {
  const about = { base, scenario, seed, target };
  if (target.kind === "endless") return { ...about, why: "a run without end cannot be run again and again" };
  const answer = await room.shrink({ shrink: { scenario, seed }, target, withinMs: SHRINK_MS });
  if (answer.type !== "shrunk") {
    return { ...about, why: answer.type === "stuck" ? `no end for lack of ${answer.why}` : answer.message };
  }
  const { plan, stepsBefore, runs, isMinimal, tookMs } = answer;
  if (plan === undefined) return { ...about, why: "run once more, it does not show what was found" };
  const isNeeded = isMinimal && (await needsEachStep(room, plan, target));
  return { ...about, stepsBefore, plan, runs, seconds: tookMs / 1000, isMinimal: isNeeded };
}

function trialOf(plan: Plan): Trial {
  return { scenario: plan.scenario, seed: plan.seed, plan };
}

/** Whether the target is lost without any one of the steps. */
async function needsEachStep(room: TrialRoom, plan: Plan, target: Catch["target"]): Promise<boolean> {
  for (let i = 0; i < plan.steps.length; i++) {
    const answer = await room.run(trialOf({ ...plan, steps: plan.steps.toSpliced(i, 1) }), RUN_MS);
    if (answer.type !== "judged") return false;
    if (answer.findings.some(({ checker, kind }) => checker === target.checker && kind === target.kind)) return false;
  }
  return true;
}
