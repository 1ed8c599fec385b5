/**
 * A checker holds one property against a history, record by record: it can follow a run that is still going on. It
 * takes only the topics that it names (`topic.ts`), so that a run of many records costs little. What a record is about –
 * device, log, blob, what was said of them before – is looked up once for all checkers (`checkers/history-index.ts`).
 */
import type { Handlers } from "./audience.ts";
import type { HistoryIndex } from "./checkers/history-index.ts";
import type { BlobRow, PushRow } from "./checkers/history-rows.ts";
import type { Plan } from "./plan.ts";
import type { Finding } from "./verdict.ts";

export type Report = (finding: Omit<Finding, "checker">) => void;

export interface Checker {
  readonly name: string;
  /** One sentence: holds when … */
  readonly holdsWhen: string;
  /** Numbers of the invariants in `core/PROTOCOL.md` that it enforces. */
  readonly enforces: readonly number[];
  start(plan: Plan, report: Report, index: HistoryIndex): CheckerRun;
}

export interface CheckerRun {
  readonly on: Handlers;
  /** This blob is settled (`history-rows.ts`): whoever keeps records of it lets them go. */
  forget?(blob: BlobRow, push: PushRow | undefined): void;
  /** The run is over. */
  finish?(): void;
}
