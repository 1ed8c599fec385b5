/** The rate of each device, kept over its sessions: a reconnect brings no fresh burst. Full ones are forgotten. */
import type { TokenBucket } from "./token-bucket.ts";

export class DeviceRates {
  readonly #buckets = new Map<string, TokenBucket>();

  of(device: string, create: () => TokenBucket): TokenBucket {
    let bucket = this.#buckets.get(device);
    if (bucket === undefined) this.#buckets.set(device, (bucket = create()));
    return bucket;
  }

  forgetFull(nowMs: number): void {
    for (const [device, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(device);
  }
}
