/**
 * A checker holds one property against a history, record by record: it can follow a run that is still going on. It
 * takes only the record types that it names, so that a run of many records costs little.
 */
import type { HistoryRecord } from "./history.ts";
import type { Plan } from "./plan.ts";
import type { Finding } from "./verdict.ts";

export interface Checker {
  readonly name: string;
  /** One sentence: holds when … */
  readonly holdsWhen: string;
  /** Numbers of the invariants in `core/PROTOCOL.md` that it enforces. */
  readonly enforces: readonly number[];
  start(plan: Plan, report: (finding: Omit<Finding, "checker">) => void): CheckerRun;
}

export interface CheckerRun {
  readonly on: {
    readonly [T in HistoryRecord["type"]]?: (record: Extract<HistoryRecord, { readonly type: T }>) => void;
  };
  /** The run is over. */
  finish?(): void;
}
