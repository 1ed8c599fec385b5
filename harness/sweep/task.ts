/**
 * What the main process asks of a worker, and what it answers: small plain data. A task is some seeds of one scenario,
 * at least sixteen where there are as many, because the first runs of a process are slow.
 */
import type { Plan } from "../../scenarios/plan.ts";
import type { Finding, Verdict } from "../../scenarios/verdict.ts";
import type { ExplorationCounts, OrderFailure } from "../../sim/exploration.ts";
import type { TraceEvent } from "../../sim/kernel/trace.ts";
import type { SimRun } from "../../sim/simulator.ts";
import type { ChoiceLine } from "./choice-log.ts";
import type { Leak } from "./leak-watch.ts";
import type { Suite } from "./sim-world.ts";

export type Task = SweepTask | EchoTask | InspectTask | ExploreTask;

/** Run and judge. */
export interface SweepTask {
  readonly job: "sweep";
  readonly scenario: string;
  readonly seeds: readonly string[];
  readonly suite: Suite;
  /** Those of `seeds` that are run with the portable suite too. */
  readonly portable: readonly string[];
  /** Wall clock; after it no further seed is begun, once `atLeast` are done. */
  readonly stopAtMs: number | undefined;
  readonly atLeast: number;
}

/** Run again, elsewhere and in another order, for the hashes alone. */
export interface EchoTask {
  readonly job: "echo";
  readonly scenario: string;
  /** Run this one, whatever the seed would draw; with one seed only. */
  readonly plan?: Plan;
  readonly seeds: readonly string[];
  readonly suite: Suite;
}

/** Events of a trace: the first one, and the first one no longer. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What is wanted in detail: events, and choices counted likewise. */
export interface Look extends Stretch {
  readonly choices?: Stretch;
}

export const WHOLE_TRACE: Look = { from: 0, to: Number.MAX_SAFE_INTEGER };

/** Run `seeds` in this order and look into the last one. */
export interface InspectTask {
  readonly job: "inspect";
  readonly scenario: string;
  /** As in `EchoTask`. */
  readonly plan?: Plan;
  readonly seeds: readonly string[];
  readonly suite: Suite;
  readonly detail: Look | undefined;
}

/** Go through every order of a small world with one of its faults, up to the first that fails. Numbers in their lists. */
export interface ExploreTask {
  readonly job: "explore";
  readonly world: number;
  readonly fault: number;
}

export interface Explored {
  readonly counts: ExplorationCounts;
  readonly failure: OrderFailure | undefined;
}

export interface SeedResult {
  readonly seed: string;
  readonly verdict: Verdict["verdict"];
  readonly idle: boolean;
  readonly findings: readonly BriefFinding[];
  readonly unknowns: readonly string[];
  readonly events: number;
  readonly simulatedMs: number;
  readonly traceHash: string;
  readonly shapeHash: string;
  /** Of the run with the portable suite, where there was one. */
  readonly portableShapeHash: string | undefined;
  /** Numbers of the marks that were hit. */
  readonly marks: readonly number[];
}

/** A finding without its witness: that stays in the run folder. */
export type BriefFinding = Pick<Finding, "checker" | "kind" | "message">;

export interface SeedHashes {
  readonly seed: string;
  readonly traceHash: string;
  readonly shapeHash: string;
}

/** An event of a trace as it is written down: its bytes in hex. */
export type TraceLine = Omit<TraceEvent, "bytes"> & { readonly bytes: string };

export interface Inspection {
  readonly traceHash: string;
  readonly checkpoints: SimRun["checkpoints"];
  readonly detail: readonly TraceLine[];
  /** Over all choices so far, every few hundred of them; `event` is their number. */
  readonly choiceCheckpoints: readonly { readonly event: number; readonly hash: string }[];
  readonly choices: readonly ChoiceLine[];
  readonly leaks: readonly Leak[];
}

export interface Answers {
  readonly sweep: readonly SeedResult[];
  readonly echo: readonly SeedHashes[];
  readonly inspect: Inspection;
  readonly explore: Explored;
}
