/**
 * The history of a run on real processes, on the controller's clock. Reports of several agents come through several
 * pipes, each in its own order; records are put into the order of their times when the run is over, and what came
 * through one pipe keeps its order.
 */
import { encodeHex } from "../../core/bytes.ts";
import type { HistorySink } from "../../scenarios/history-sink.ts";
import type { FaultRecord, HistoryRecord, PhaseRecord } from "../../scenarios/history.ts";
import { runClock, type RunClock } from "./run-clock.ts";

export class RunHistory implements HistorySink {
  readonly names = { of: encodeHex };
  /** Sealed by devices so far: messages of the transport. */
  frames = 0;
  readonly #records: HistoryRecord[] = [];
  readonly #clock: RunClock;
  readonly #startUs: number;
  #originUs: number | undefined;
  #tellingUs: number | undefined;
  #processes = 0;

  constructor(clock: RunClock = runClock) {
    this.#clock = clock;
    this.#startUs = clock.nowUs();
  }

  /** Milliseconds since the controller began, with fractions; the plan's zero is taken off at the end. */
  get at(): number {
    return ((this.#tellingUs ?? this.#clock.nowUs()) - this.#startUs) / 1000;
  }

  /** Microseconds on the controller's clock at which the plan began. */
  get originUs(): number {
    return this.#originUs ?? this.#startUs;
  }

  nextProcess(): number {
    return this.#processes++;
  }

  add(record: HistoryRecord): void {
    this.#records.push(record);
  }

  /** Whatever `tell` adds was seen at `atUs`. */
  seenAt(atUs: number, tell: () => void): void {
    this.#tellingUs = atUs;
    try {
      tell();
    } finally {
      this.#tellingUs = undefined;
    }
  }

  /** The plan's zero is now. */
  begin(): void {
    this.#originUs = this.#clock.nowUs();
  }

  phase(phase: PhaseRecord["phase"], waiting?: readonly string[]): void {
    const { at, frames } = this;
    this.add(
      waiting === undefined ? { type: "phase", at, phase, frames } : { type: "phase", at, phase, frames, waiting },
    );
  }

  fault(step: number, stage: FaultRecord["stage"], note?: string): void {
    const { at } = this;
    const type = "fault";
    this.add(note === undefined ? { type, at, step, stage } : { type, at, step, stage, note });
  }

  stopped(host: string, message: string): void {
    this.add({ type: "stopped", at: this.at, why: "invariant", host, message });
  }

  /** All records in the order of time, counted from the plan's zero. */
  finish(): HistoryRecord[] {
    const originMs = (this.originUs - this.#startUs) / 1000;
    return this.#records
      .map((record) => ({ ...record, at: Math.round(1000 * (record.at - originMs)) / 1000 }))
      .toSorted((a, b) => a.at - b.at);
  }
}
