/** A trial: one seed of one scenario on one bundle of the pure rooms. What is asked of a trial worker, and its answers. */
import type { Plan } from "../../scenarios/plan.ts";
import type { ShrinkTarget } from "../shrink/shrink.ts";

export interface Trial {
  readonly scenario: string;
  readonly seed: string;
  /** Nobody accused: run it once more with other plaintexts, and compare what the relays could read. */
  readonly isTwin?: boolean;
  /** This one, whatever the seed would draw; then the answer tells the run's features. */
  readonly plan?: Plan;
}

/** The plan of a trial that found something, made as small as it can be: inside the worker, where the bug is. */
export interface ShrinkTrial {
  readonly shrink: Trial;
  readonly target: ShrinkTarget;
  readonly withinMs: number;
}

export interface TrialFinding {
  readonly checker: string;
  readonly kind: string;
  readonly message: string;
  /** Index of the record that the checker was looking at; the history's length when the run was over. */
  readonly at: number;
  /** The same, and of what was told at the end, the index of the last record of its witness. */
  readonly provenAt: number;
}

export interface TrialResult {
  readonly type: "judged";
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly events: number;
  /** Of a trial with a plan of its own. */
  readonly features?: readonly string[];
  /** One of each checker and kind, the earliest first: by `at`, then by `provenAt`. */
  readonly findings: readonly TrialFinding[];
}

export interface TrialShrunk {
  readonly type: "shrunk";
  /** Of the plan as it was found. */
  readonly stepsBefore: number;
  /** Undefined when the plan does not show the target when it is run for itself. */
  readonly plan: Plan | undefined;
  readonly isMinimal: boolean;
  readonly runs: number;
}

/** What a worker says. */
export type TrialMessage =
  | { readonly type: "ready"; readonly built: readonly string[] }
  | { readonly type: "cache"; readonly bytes: Uint8Array }
  | TrialResult
  | TrialShrunk;
