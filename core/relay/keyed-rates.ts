/**
 * One rate for each of many keys (devices, addresses): a token bucket per key that is not full. A full one is as good as
 * a new one and is forgotten, so a key that comes back finds what it had left, and the table holds no more than
 * `entriesMax`. When it is full of keys that are all at work, newcomers share one bucket: memory stays bounded, and a
 * flood of made-up keys gets no more than one of them would.
 */
import { TokenBucket } from "./token-bucket.ts";

export interface Rate {
  readonly perPeriod: number;
  readonly periodMs: number;
  readonly burst: number;
}

/** How often a full table is searched for what can be forgotten. */
const SEARCH_MS = 1000;

export class KeyedRates {
  readonly #rate: Rate;
  readonly #entriesMax: number;
  readonly #buckets = new Map<string, TokenBucket>();
  #shared: TokenBucket | undefined;
  #searchedAtMs = Number.NEGATIVE_INFINITY;

  constructor(rate: Rate, entriesMax: number) {
    this.#rate = rate;
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one of this key's tokens; otherwise answers in how many milliseconds there is one. */
  take(key: string, nowMs: number): number {
    return (this.#buckets.get(key) ?? this.#add(key, nowMs)).take(nowMs);
  }

  forgetFull(nowMs: number): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(key);
  }

  #add(key: string, nowMs: number): TokenBucket {
    if (this.#buckets.size >= this.#entriesMax && nowMs >= this.#searchedAtMs + SEARCH_MS) {
      this.#searchedAtMs = nowMs;
      this.forgetFull(nowMs);
    }
    if (this.#buckets.size >= this.#entriesMax) return (this.#shared ??= this.#create(nowMs));
    const bucket = this.#create(nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #create(nowMs: number): TokenBucket {
    const { perPeriod, periodMs, burst } = this.#rate;
    return new TokenBucket(perPeriod, periodMs, burst, nowMs);
  }
}
