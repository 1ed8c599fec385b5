/**
 * All mutants: each is bundled, hunted in a thread of its own, and reported. With a budget the time is shared: whoever
 * is not caught within its share waits until all others had theirs, and goes on where it was. A mutant that is stale or
 * cannot be loaded fails the campaign, and so does an accusation of the correct core.
 */
import { seedAfter } from "../../scenarios/draw.ts";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import { Control } from "./control.ts";
import { describeEditError, editSources } from "./edited-sources.ts";
import { Hunt, HUNT_LIMITS, type Catch, type FalseAlarm, type HuntLimits } from "./hunt.ts";
import { ANY_CHECKER } from "./mutant-file.ts";
import { AS_IT_IS, bundleTrial, type TrialCode } from "./trial-bundle.ts";
import { TrialRoom } from "./trial-room.ts";

export interface CampaignOptions {
  readonly root: string;
  /** Those of the pure rooms; one that waits is only listed. */
  readonly mutants: readonly Mutant[];
  readonly firstSeed: string;
  /** Base seeds to hunt from, far apart. */
  readonly repeat: number;
  readonly jobs: number;
  /** For all together; undefined: until each is caught, or all was tried. */
  readonly budgetMs: number | undefined;
  readonly limits?: HuntLimits;
  /** After so long a trial counts as endless, if the correct core ends in a fraction of it. */
  readonly trialMs?: number;
  readonly watch: (progress: CampaignProgress) => void;
}

export interface CampaignProgress {
  readonly done: number;
  readonly of: number;
  readonly last: MutantReport;
}

export type Outcome = "caught" | "missed" | "waiting" | "stale" | "broken";

export interface MutantReport {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
  /** Why it waits, is stale or broken. */
  readonly why: string | undefined;
  readonly catches: readonly Catch[];
  /** Base seeds from which it was not caught. */
  readonly missed: number;
  /** Seeds that were run in vain. */
  readonly seedsInVain: number;
  /** Caught, but in no run by the checker that the mutant names: to be looked at. */
  readonly isByOthersOnly: boolean;
}

export interface CampaignReport {
  readonly reports: readonly MutantReport[];
  readonly falseAlarms: readonly FalseAlarm[];
  readonly wallMs: number;
}

/** Seeds between two base seeds: more than one hunt uses. */
const BASE_STEP = 1_000_000;
/** A trial takes tens of milliseconds, the longest of the catalogue in a cold thread two seconds. */
const TRIAL_MS = 20_000;
const TRIAL_MS_MIN = 2_000;
/** The correct core always ends: so much time only on a machine with much else to do. */
const CONTROL_MS = 120_000;
/** Shares of the time that is left: most mutants need far less than one. */
const SHARES = 3;
const SLICE_MS_MIN = 1_000;

interface Entry {
  readonly mutant: Mutant;
  code: Promise<TrialCode | Flaw> | undefined;
  hunt: Hunt | undefined;
}

interface Flaw {
  readonly outcome: "stale" | "broken";
  readonly why: string;
}

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const { root, mutants, jobs, budgetMs, limits = HUNT_LIMITS, watch } = options;
  const startedMs = performance.now();
  const endMs = budgetMs === undefined ? Number.POSITIVE_INFINITY : startedMs + budgetMs;
  const shortMs = budgetMs === undefined ? TRIAL_MS : Math.max(TRIAL_MS_MIN, budgetMs / 30);
  const trialMs = options.trialMs ?? Math.min(TRIAL_MS, shortMs);
  const bases = Array.from({ length: options.repeat }, (_, i) => seedAfter(options.firstSeed, i * BASE_STEP));
  const reports = new Map<string, MutantReport>();
  const alarms = new Map<string, FalseAlarm>();
  const queue: Entry[] = mutants
    .filter(({ waiting }) => waiting === undefined)
    .map((mutant) => ({ mutant, code: undefined, hunt: undefined }));
  const of = queue.length;
  let done = 0;

  const asItIs = await bundleTrial(root, AS_IT_IS);
  if (!asItIs.ok) throw new Error(`the sources as they are do not compile: ${asItIs.error}`);
  const control = new Control(asItIs.value, CONTROL_MS);
  const built = await control.scenarios();
  const cache = await control.cache();

  function report(entry: Entry, flaw?: Flaw): void {
    const last = reportOf(entry.mutant, entry.hunt, flaw);
    reports.set(entry.mutant.id, last);
    done += 1;
    watch({ done, of, last });
  }

  /** The next few are bundled while others run. */
  function codeOf(entry: Entry): Promise<TrialCode | Flaw> {
    for (const next of [entry, ...queue.slice(0, jobs)]) next.code ??= bundleMutant(root, next.mutant);
    return entry.code!;
  }

  async function advance(entry: Entry): Promise<void> {
    if (entry.hunt === undefined) {
      const code = await codeOf(entry);
      if ("outcome" in code) return report(entry, code);
      entry.hunt = new Hunt({
        mutant: entry.mutant,
        room: new TrialRoom(code, cache),
        control,
        bases,
        built,
        limits,
        trialMs,
        threads: jobs,
        onFalseAlarm: (alarm) => void alarms.set(`${alarm.scenario} ${alarm.seed}`, alarm),
      });
    }
    const leftMs = endMs - performance.now();
    const shareMs = Math.max(SLICE_MS_MIN, (SHARES * leftMs * jobs) / (queue.length + 1));
    const untilMs = Math.min(endMs, performance.now() + shareMs);
    let why: string | undefined;
    // From its next base seed on at once: a thread that waits costs memory.
    do why = await entry.hunt.proceed(untilMs, endMs);
    while (why === undefined && !entry.hunt.isOver && performance.now() < untilMs);
    const isOver = why !== undefined || entry.hunt.isOver || performance.now() >= endMs;
    if (!isOver) return void queue.push(entry);
    await entry.hunt.close();
    report(entry, why === undefined ? undefined : { outcome: "broken", why });
  }

  async function lane(): Promise<void> {
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) await advance(entry);
  }

  try {
    await Promise.all(Array.from({ length: jobs }, lane));
  } finally {
    await control.close();
  }
  return {
    reports: mutants.map((mutant) => reports.get(mutant.id) ?? reportOf(mutant, undefined, undefined)),
    falseAlarms: [...alarms.values()],
    wallMs: performance.now() - startedMs,
  };
}

async function bundleMutant(root: string, mutant: Mutant): Promise<TrialCode | Flaw> {
  const edited = editSources(root, mutant);
  if (!edited.ok) return { outcome: "stale", why: describeEditError(edited.error) };
  const bundled = await bundleTrial(root, edited.value);
  return bundled.ok ? bundled.value : { outcome: "broken", why: bundled.error };
}

function reportOf(mutant: Mutant, hunt: Hunt | undefined, flaw: Flaw | undefined): MutantReport {
  const catches = hunt?.catches ?? [];
  const missed = hunt?.missed.length ?? 0;
  const outcome =
    flaw?.outcome ??
    (mutant.waiting !== undefined ? "waiting" : catches.length > 0 && missed === 0 ? "caught" : "missed");
  return {
    mutant,
    outcome,
    why: flaw?.why ?? mutant.waiting,
    catches,
    missed,
    seedsInVain: hunt?.seedsInVain ?? 0,
    isByOthersOnly:
      mutant.caughtBy !== ANY_CHECKER &&
      catches.length > 0 &&
      !catches.some(({ checkers }) => checkers.includes(mutant.caughtBy)),
  };
}
