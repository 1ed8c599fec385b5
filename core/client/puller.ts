/**
 * When a client asks for the next page: somebody told of a cursor above its position, its application wishes it, or it
 * has not asked for `pollMs`; one Pull at a time, none while a page is being committed, none before a wait is over.
 * Nothing here moves the position.
 */
import { doubledMs, RETRY_MS } from "./backoff.ts";

export class Puller {
  readonly #pollMs: number;
  /** The highest cursor that anyone told of. */
  #latest = 0;
  #sentMs: number | undefined;
  #isWanted = false;
  #notBeforeMs = 0;
  #nextPollMs = 0;
  #isTaking = false;
  /** Pages in a row that could not be committed. */
  #failures = 0;

  constructor(pollMs: number) {
    this.#pollMs = pollMs;
  }

  get latest(): number {
    return this.#latest;
  }

  /** `monoMs` of the Pull that still waits for its answer. */
  get sentMs(): number | undefined {
    return this.#sentMs;
  }

  get isTaking(): boolean {
    return this.#isTaking;
  }

  /** When it wants to be told the time, in a live session. */
  get dueMs(): number {
    return this.#notBeforeMs > 0 ? Math.min(this.#nextPollMs, this.#notBeforeMs) : this.#nextPollMs;
  }

  want(): void {
    this.#isWanted = true;
  }

  /** A hint: there is something up to here. */
  heard(cursor: number): void {
    this.#latest = Math.max(this.#latest, cursor);
  }

  welcomed(max: number, nowMs: number): void {
    this.#latest = max;
    this.#nextPollMs = nowMs + this.#pollMs;
  }

  isDue(position: number, nowMs: number): boolean {
    if (this.#sentMs !== undefined || this.#isTaking || this.#notBeforeMs > nowMs) return false;
    this.#notBeforeMs = 0;
    return this.#isWanted || this.#latest > position;
  }

  sent(nowMs: number): void {
    this.#isWanted = false;
    this.#sentMs = nowMs;
  }

  /** A page came. False when none was asked for. */
  answered(nowMs: number): boolean {
    if (this.#sentMs === undefined) return false;
    this.#sentMs = undefined;
    this.#nextPollMs = nowMs + this.#pollMs;
    return true;
  }

  /** The relay's answers come in order: what was hinted before a last page and is not in it is not there. */
  believed(max: number, hasMore: boolean): void {
    this.#latest = hasMore ? Math.max(this.#latest, max) : max;
  }

  /** False when no Pull was under way. */
  refused(untilMs: number): boolean {
    if (this.#sentMs === undefined) return false;
    this.#sentMs = undefined;
    this.#isWanted = true;
    this.#notBeforeMs = untilMs;
    return true;
  }

  taking(): void {
    this.#isTaking = true;
  }

  taken(): void {
    this.#isTaking = false;
    this.#failures = 0;
  }

  takeFailed(nowMs: number): void {
    this.#isTaking = false;
    this.#isWanted = true;
    this.#failures += 1;
    this.#notBeforeMs = nowMs + doubledMs(RETRY_MS, this.#failures);
  }

  /** The session is over. True when a Pull was under way. */
  lost(): boolean {
    const wasAsking = this.#sentMs !== undefined;
    this.#sentMs = undefined;
    this.#notBeforeMs = 0;
    return wasAsking;
  }

  expire(nowMs: number): void {
    if (this.#nextPollMs > nowMs) return;
    this.#nextPollMs = nowMs + this.#pollMs;
    this.#isWanted = true;
  }
}
