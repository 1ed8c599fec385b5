/**
 * Runs a plan on a real backend and judges the history that the controller wrote. Whatever happens – the end of the
 * run, an error, an abort – the backend takes everything away that it made. Called by `run-on.ts`.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { fail, ok, type Result } from "../../core/result.ts";
import type { AgentMoment } from "../../scenarios/agent-protocol.ts";
import type { HistoryRecord, PhaseRecord } from "../../scenarios/history.ts";
import { judgeReal } from "../../scenarios/judge-real.ts";
import { isFault, type FaultStep, type Plan } from "../../scenarios/plan.ts";
import type { Verdict } from "../../scenarios/verdict.ts";
import type { Backend, Fidelity } from "./backend.ts";
import { EnvironmentError } from "./environment-error.ts";
import { FaultError } from "./fault-error.ts";
import { measureLag, type FaultLag, type FaultTime } from "./fault-times.ts";
import { heal } from "./heal.ts";
import { Journal } from "./journal.ts";
import { RunHistory } from "./run-history.ts";
import { World } from "./world.ts";

export interface WorldRunOptions {
  /** Of this run alone: made if it is not there, empty if it is, gone at the end. */
  readonly folder: string;
  /** What else of this run goes if its controller is killed. */
  readonly around?: string | undefined;
  /** Crash steps that hit an agent at a named moment instead of at a time, by step id. */
  readonly moments?: ReadonlyMap<number, AgentMoment>;
  /** From SIGTERM to exit 0. */
  readonly graceMs?: number;
  /** For how long all agents must stand equal and owe nothing, to have converged. */
  readonly quietMs?: number;
  /** Names of files in a relay's data folder that a wipe leaves. */
  readonly relayKeeps?: readonly string[];
  /** Ends the run at once. */
  readonly signal?: AbortSignal;
  readonly onPhase?: (phase: PhaseRecord["phase"]) => void;
  /** Called at the end, before anything is removed; of a run that is not valid, `links` is what the proxies know. */
  readonly onEnd?: (folder: string, run: WorldRun | undefined, links: string) => void;
}

export interface WorldRun {
  /** With the times at which its steps were taken. */
  readonly plan: Plan;
  readonly history: readonly HistoryRecord[];
  readonly verdict: Verdict;
  /** What no checker could see here, and what was not done exactly as the plan has it: each one sentence. */
  readonly blindSpots: readonly string[];
  readonly faults: readonly FaultTime[];
  readonly lag: FaultLag | undefined;
  /** Steps that the backend could do only approximately or not at all. */
  readonly fidelity: readonly StepFidelity[];
}

export interface StepFidelity extends Fidelity {
  readonly step: number;
}

export type RunError =
  /** This machine or the given programs could not do it. */
  { readonly type: "EnvironmentError"; readonly message: string } | { readonly type: "Interrupted" };

/** Twice what a relay allows itself. */
const GRACE_MS = 20_000;
const QUIET_MS = 2000;
const RUN_BYTES = 6;

export async function runWorld(
  plan: Plan,
  backend: Backend,
  options: WorldRunOptions,
): Promise<Result<WorldRun, RunError>> {
  const { folder, signal } = options;
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    return fail({ type: "EnvironmentError", message: `${folder} is not empty: a run needs a folder of its own` });
  }
  await heal(backend.removeLabel === undefined ? {} : { removeLabel: backend.removeLabel });
  const journal = new Journal(`${plan.scenario}-${randomBytes(RUN_BYTES).toString("hex")}`);
  if (options.around !== undefined) journal.add({ what: "folder", path: options.around });
  journal.add({ what: "folder", path: folder });
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  const history = new RunHistory();
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted === true) stop.abort();
  let failure: EnvironmentError | undefined;
  const world = new World(plan, {
    backend,
    journal,
    history,
    moments: options.moments ?? new Map(),
    graceMs: options.graceMs ?? GRACE_MS,
    quietMs: options.quietMs ?? QUIET_MS,
    relayKeeps: options.relayKeeps ?? ["identity.key"],
    signal: stop.signal,
    onDeath(host, why, isInvariant) {
      if (stop.signal.aborted) return;
      if (isInvariant) history.stopped(host, `${host} ${why}`);
      else failure ??= new EnvironmentError(`${host} ${why}`);
      stop.abort();
    },
    onPhase: options.onPhase ?? (() => {}),
  });
  let run: WorldRun | undefined;
  let hasBegun = false;
  try {
    await backend.begin(plan, { folder, around: options.around, journal, signal: stop.signal });
    hasBegun = true;
    await world.run();
  } catch (error) {
    // What fails after the run was stopped fails because of that.
    if (!(error instanceof EnvironmentError) && !(error instanceof FaultError)) throw error;
    if (!stop.signal.aborted) failure ??= new EnvironmentError(error.message);
  } finally {
    stop.abort();
    signal?.removeEventListener("abort", interrupt);
    try {
      await world.killAll();
      if (signal?.aborted !== true && failure === undefined) run = finish(plan, backend, world, history);
      const isWell = run?.verdict.verdict === "valid";
      options.onEnd?.(folder, run, isWell || !hasBegun ? "" : await backend.links.dump());
    } finally {
      await backend.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      journal.remove();
    }
  }
  if (signal?.aborted === true) return fail({ type: "Interrupted" });
  if (failure !== undefined) return fail({ type: "EnvironmentError", message: failure.message });
  return ok(run!);
}

function finish(plan: Plan, backend: Backend, world: World, history: RunHistory): WorldRun {
  const records = history.finish();
  const taken = world.planAsTaken();
  return {
    plan: taken,
    history: records,
    verdict: withDoubts(judgeReal(taken, records), world.doubts),
    blindSpots: [...backend.blindSpots, ...world.blindSpots],
    faults: world.faultTimes,
    lag: measureLag(world.faultTimes),
    fidelity: plan.steps
      .filter((step): step is FaultStep => isFault(step))
      .map((step) => ({ step: step.id, ...backend.fidelity(step) }))
      .filter(({ how }) => how !== "exact"),
  };
}

/** What was not as it should be, although nobody issued it: nothing can be said of such a run but what is wrong. */
function withDoubts(verdict: Verdict, doubts: readonly string[]): Verdict {
  if (doubts.length === 0) return verdict;
  const unknowns = [...verdict.unknowns, ...doubts];
  return { ...verdict, verdict: verdict.verdict === "valid" ? "unknown" : verdict.verdict, unknowns };
}
