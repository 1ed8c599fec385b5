/** Where the records of a run go: the simulator's recorder, or the controller of a real backend. */
import type { HistoryRecord } from "./history.ts";

export interface HistorySink {
  /** The time of what is being recorded, milliseconds since the plan's zero. */
  readonly at: number;
  /** Hex of ids, the same text object each time. */
  readonly names: { of(bytes: Uint8Array): string };
  /** A number for the next operation, unique over the run. */
  nextProcess(): number;
  add(record: HistoryRecord): void;
}
