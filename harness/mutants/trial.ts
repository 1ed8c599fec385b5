/** A trial: one seed of one scenario on one bundle of the pure rooms. What is asked of a trial worker, and its answer. */

export interface Trial {
  readonly scenario: string;
  readonly seed: string;
}

export interface TrialFinding {
  readonly checker: string;
  readonly kind: string;
  readonly message: string;
}

export interface TrialResult {
  readonly type: "judged";
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly events: number;
  /** One of each checker and kind, the earliest first: by the record that it was told at, then by its witness. */
  readonly findings: readonly TrialFinding[];
}

/** What a worker says. */
export type TrialMessage = { readonly type: "ready"; readonly built: readonly string[] } | TrialResult;
