/**
 * Many timers of one duration: the order of arming is the order of firing, so the earliest is always the first of an
 * insertion-ordered map, and each call costs the same however many there are. An iterator stands at the first one and
 * goes on when that one leaves: who begins anew walks over all that have left. When the first is due is asked after
 * every turn, and changes seldom.
 */
export class Timeouts<K> {
  readonly #durationMs: number;
  readonly #dueMs = new Map<K, number>();
  /** Its last answer is the first timer; undefined while there is none. */
  #order: MapIterator<[K, number]> | undefined;
  #first: K | undefined;
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
    if (this.#order === undefined || key === this.#first) this.#goOn();
  }

  disarm(key: K): void {
    if (this.#dueMs.delete(key) && key === this.#first) this.#goOn();
  }

  /** Takes out the next key whose time has come. */
  takeDue(nowMs: number): K | undefined {
    if (this.#earliestMs > nowMs) return undefined;
    const key = this.#first!;
    this.disarm(key);
    return key;
  }

  get size(): number {
    return this.#dueMs.size;
  }

  #goOn(): void {
    this.#order ??= this.#dueMs.entries();
    const next = this.#order.next();
    if (next.done === true) {
      this.#order = undefined;
      this.#first = undefined;
      this.#earliestMs = Number.POSITIVE_INFINITY;
    } else {
      this.#first = next.value[0];
      this.#earliestMs = next.value[1];
    }
  }
}
