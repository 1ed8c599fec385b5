/**
 * The backend `local`: runs a plan on relays and agents as processes of this machine, and gives the history that the
 * controller wrote. Their command lines are the caller's. Whatever happens – the end of the run, an error, an abort –
 * no process and no folder is left behind; if the controller itself is killed, its guard sees to that.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import type { AgentMoment } from "../../scenarios/agent-protocol.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { HistoryRecord, PhaseRecord } from "../../scenarios/history.ts";
import { judgeReal } from "../../scenarios/judge-real.ts";
import type { Plan } from "../../scenarios/plan.ts";
import type { Verdict } from "../../scenarios/verdict.ts";
import { EnvironmentError } from "./environment-error.ts";
import { Guard } from "./guard.ts";
import { LocalWorld } from "./local-world.ts";
import { RunHistory } from "./run-history.ts";

export interface LocalOptions {
  /**
   * Program and words that start a relay; `--config`, `--data-dir`, `--listen`, `--http` and `--json` are added. It
   * prints `{"type":"ready","address":"0k://…"}` first and ends with exit code 0 on SIGTERM.
   */
  readonly relayCommand: readonly string[];
  /** Program and words that start an agent; `--config` is added (`scenarios/agent-config.ts`). */
  readonly agentCommand: readonly string[];
  /** Of this run alone: made if it is not there, empty if it is, gone at the end. */
  readonly folder: string;
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
}

export interface LocalRun {
  /** With the times at which its steps were taken. */
  readonly plan: Plan;
  readonly history: readonly HistoryRecord[];
  readonly verdict: Verdict;
  /** What no checker could see here, and what was not done exactly as the plan has it: each one sentence. */
  readonly blindSpots: readonly string[];
}

export type LocalError =
  /** This machine or the given programs could not do it. */
  { readonly type: "EnvironmentError"; readonly message: string } | { readonly type: "Interrupted" };

const GRACE_MS = 10_000;
const QUIET_MS = 2000;

/** True of every run on this backend. */
const ALWAYS_BLIND: readonly string[] = [
  "zero-knowledge: looked for in the relays' data folders, logs and HTTP answers, not in their memory",
  "nonce-unique: what devices seal is seen, what relays seal is not",
  "drains: of a relay only its descriptors are counted",
  "links are the machine's own: the plan's standing latency is not made",
];

export async function runLocal(plan: Plan, options: LocalOptions): Promise<Result<LocalRun, LocalError>> {
  const { folder, signal } = options;
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    return fail({ type: "EnvironmentError", message: `${folder} is not empty: a run needs a folder of its own` });
  }
  const guard = new Guard();
  guard.addFolder(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  const history = new RunHistory();
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  signal?.addEventListener("abort", interrupt);
  if (signal?.aborted === true) stop.abort();
  let failure: EnvironmentError | undefined;
  const world = new LocalWorld(plan, {
    relayCommand: options.relayCommand,
    agentCommand: options.agentCommand,
    folder,
    history,
    moments: options.moments ?? new Map(),
    graceMs: options.graceMs ?? GRACE_MS,
    quietMs: options.quietMs ?? QUIET_MS,
    relayKeeps: options.relayKeeps ?? ["identity.key"],
    guard,
    signal: stop.signal,
    onDeath(host, why, isInvariant) {
      if (stop.signal.aborted) return;
      if (isInvariant) history.stopped(host, `${host} ${why}`);
      else failure ??= new EnvironmentError(`${host} ${why}`);
      stop.abort();
    },
    onPhase: options.onPhase ?? (() => {}),
  });
  try {
    await world.run();
  } catch (error) {
    // What fails after the run was stopped fails because of that.
    if (!(error instanceof EnvironmentError)) throw error;
    if (!stop.signal.aborted) failure ??= error;
  } finally {
    stop.abort();
    signal?.removeEventListener("abort", interrupt);
    await world.killAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    guard.removeFolder(folder);
    await guard.close();
  }
  if (signal?.aborted === true) return fail({ type: "Interrupted" });
  if (failure !== undefined) return fail({ type: "EnvironmentError", message: failure.message });
  const records = history.finish();
  const taken = world.planAsTaken();
  return ok({
    plan: taken,
    history: records,
    verdict: judgeReal(taken, records),
    blindSpots: [...ALWAYS_BLIND, ...world.blindSpots],
  });
}
