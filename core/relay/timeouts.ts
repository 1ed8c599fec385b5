/**
 * Many timers of one duration: the order of arming is the order of firing, so the earliest is always the first of an
 * insertion-ordered map, and each call costs the same however many there are. When that is due is kept beside it: it is
 * asked after every turn, and changes seldom.
 */
export class Timeouts<K> {
  readonly #durationMs: number;
  readonly #dueMs = new Map<K, number>();
  #earliestMs = Number.POSITIVE_INFINITY;

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  /** Infinity while nothing is armed. */
  get earliestMs(): number {
    return this.#earliestMs;
  }

  arm(key: K, nowMs: number): void {
    this.#dueMs.delete(key);
    this.#dueMs.set(key, nowMs + this.#durationMs);
    this.#lookAhead();
  }

  disarm(key: K): void {
    if (this.#dueMs.delete(key)) this.#lookAhead();
  }

  /** Takes out the next key whose time has come. */
  takeDue(nowMs: number): K | undefined {
    if (this.#earliestMs > nowMs) return undefined;
    for (const key of this.#dueMs.keys()) {
      this.disarm(key);
      return key;
    }
    return undefined;
  }

  get size(): number {
    return this.#dueMs.size;
  }

  #lookAhead(): void {
    this.#earliestMs = Number.POSITIVE_INFINITY;
    for (const dueMs of this.#dueMs.values()) {
      this.#earliestMs = dueMs;
      return;
    }
  }
}
