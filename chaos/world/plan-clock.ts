/**
 * The plan's clock on a real backend: one of its milliseconds is one of the wall clock, but it stands still while a host
 * starts, because what a plan says of the time after a fault is about a host that is up. Steps and the ends of faults
 * are taken by it.
 */
import { runClock, sleepUntil } from "./run-clock.ts";

export class PlanClock {
  readonly #signal: AbortSignal;
  #originUs: number | undefined;
  /** For how long it stood still so far, without the present hold, and where. */
  #heldUs = 0;
  readonly #stops: { readonly atMs: number; readonly forMs: number }[] = [];
  #holds = 0;
  #heldSinceUs = 0;
  #released: Promise<void> = Promise.resolve();
  #release: () => void = () => {};

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Its zero. */
  begin(atUs: number): void {
    this.#originUs = atUs;
  }

  get heldMs(): number {
    return Math.round(this.#heldNowUs / 1000);
  }

  /** Milliseconds of the plan, with fractions; 0 before it has begun. */
  get nowMs(): number {
    const nowUs = this.#holds === 0 ? runClock.nowUs() : this.#heldSinceUs;
    return this.#originUs === undefined ? 0 : (nowUs - this.#originUs - this.#heldUs) / 1000;
  }

  /** When this millisecond of the plan is or was, on the controller's clock, as far as is known now. */
  at(planMs: number): number {
    return (this.#originUs ?? runClock.nowUs()) + this.#heldNowUs + 1000 * planMs;
  }

  /** How many milliseconds of the wall clock after the plan's zero this millisecond of the plan was. */
  takenMs(planMs: number): number {
    return this.#stops.reduce((ms, { atMs, forMs }) => (atMs <= planMs ? ms + forMs : ms), planMs);
  }

  /** Stands still until `work` is done. */
  async holdWhile<T>(work: Promise<T>): Promise<T> {
    if (this.#holds++ === 0) {
      this.#heldSinceUs = runClock.nowUs();
      this.#released = new Promise((resolve) => (this.#release = resolve));
    }
    try {
      return await work;
    } finally {
      const atMs = this.nowMs;
      if (--this.#holds === 0) {
        const forUs = runClock.nowUs() - this.#heldSinceUs;
        this.#heldUs += forUs;
        this.#stops.push({ atMs, forMs: forUs / 1000 });
        this.#release();
      }
    }
  }

  /** Resolves when it is that time, or at once when the run is aborted. */
  async until(planMs: number): Promise<void> {
    while (!this.#signal.aborted) {
      await this.#released;
      if (this.nowMs >= planMs) return;
      await sleepUntil(this.at(planMs), this.#signal);
    }
  }

  get #heldNowUs(): number {
    return this.#heldUs + (this.#holds === 0 ? 0 : runClock.nowUs() - this.#heldSinceUs);
  }
}
