/** A rate limit in whole numbers: `perPeriod` tokens every `periodMs`, at most `burst` saved up. */
export class TokenBucket {
  readonly #perPeriod: number;
  readonly #periodMs: number;
  readonly #burst: number;
  /** In units of 1/periodMs of a token, so that refilling loses nothing to rounding. */
  #level: number;
  #atMs: number;

  constructor(perPeriod: number, periodMs: number, burst: number, nowMs: number) {
    this.#perPeriod = perPeriod;
    this.#periodMs = periodMs;
    this.#burst = burst;
    this.#level = burst * periodMs;
    this.#atMs = nowMs;
  }

  /** As good as a new one. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#level === this.#burst * this.#periodMs;
  }

  #refill(nowMs: number): void {
    const full = this.#burst * this.#periodMs;
    this.#level = Math.min(full, this.#level + (nowMs - this.#atMs) * this.#perPeriod);
    this.#atMs = nowMs;
  }

  /** Takes a token; otherwise answers in how many milliseconds there is one. */
  take(nowMs: number): number {
    this.#refill(nowMs);
    if (this.#level >= this.#periodMs) {
      this.#level -= this.#periodMs;
      return 0;
    }
    return Math.ceil((this.#periodMs - this.#level) / this.#perPeriod);
  }
}
