/**
 * How much of the sent log waits without an acknowledgement of any relay, in rows and in sealed bytes, and whether one
 * more push fits. Counted as rows come and go, never by looking at them; all of them are in memory, so that this bounds
 * the memory of a device that never reaches a relay, too. What one relay has and another is still owed does not count:
 * a spare relay that is away for a week stops nobody. Kept by `Copies`, asked by the client before it seals.
 */
import { PAYLOAD_BYTES_MAX } from "../limits.ts";
import { assertInvariant } from "../invariant.ts";
import { type ClientConfig, DEFAULT_CLIENT_CONFIG } from "./config.ts";

assertInvariant(DEFAULT_CLIENT_CONFIG.queueBytesMax >= PAYLOAD_BYTES_MAX, "an empty queue takes the largest blob");

/** Nothing was queued: it definitely did not happen, and can be tried again when something has been acknowledged. */
export interface QueueFull {
  readonly type: "QueueFull";
  readonly rows: number;
  readonly bytes: number;
  readonly rowsMax: number;
  readonly bytesMax: number;
}

export class QueueMeter {
  readonly #config: ClientConfig;
  #rows = 0;
  #bytes = 0;

  constructor(config: ClientConfig) {
    this.#config = config;
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Why one more payload of this size does not fit; undefined when it does. */
  refusal(payloadBytes: number): QueueFull | undefined {
    const { queueRowsMax: rowsMax, queueBytesMax: bytesMax } = this.#config;
    if (this.#rows < rowsMax && this.#bytes + payloadBytes <= bytesMax) return undefined;
    return { type: "QueueFull", rows: this.#rows, bytes: this.#bytes, rowsMax, bytesMax };
  }

  add(payloadBytes: number): void {
    this.#rows += 1;
    this.#bytes += payloadBytes;
  }

  remove(payloadBytes: number): void {
    this.#rows -= 1;
    this.#bytes -= payloadBytes;
    assertInvariant(this.#rows >= 0 && this.#bytes >= 0, "what leaves the queue was in it");
  }
}
