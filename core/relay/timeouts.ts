/**
 * Many timers of one duration: the order of arming is the order of firing, so the earliest is always the first of an
 * insertion-ordered map, and each call costs the same however many there are.
 */
export class Timeouts<K> {
  readonly #durationMs: number;
  readonly #dueMs = new Map<K, number>();

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  arm(key: K, nowMs: number): void {
    this.#dueMs.delete(key);
    this.#dueMs.set(key, nowMs + this.#durationMs);
  }

  disarm(key: K): void {
    this.#dueMs.delete(key);
  }

  earliest(): number | undefined {
    for (const dueMs of this.#dueMs.values()) return dueMs;
    return undefined;
  }

  /** Takes out the next key whose time has come. */
  takeDue(nowMs: number): K | undefined {
    for (const [key, dueMs] of this.#dueMs) {
      if (dueMs > nowMs) return undefined;
      this.#dueMs.delete(key);
      return key;
    }
    return undefined;
  }

  get size(): number {
    return this.#dueMs.size;
  }
}
