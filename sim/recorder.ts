/**
 * Writes the history of one run as it goes: times are counted from the plan's zero, ids are hex. Whoever sees
 * something tells the recorder; it judges nothing.
 */
import type { HistorySink } from "../scenarios/history-sink.ts";
import type { HistoryRecord } from "../scenarios/history.ts";
import { sealRecord } from "../scenarios/seal-record.ts";
import { BytePool } from "../core/bytes.ts";
import { HexNames } from "./hex-names.ts";
import type { Kernel } from "./kernel/kernel.ts";

export class Recorder implements HistorySink {
  readonly history: HistoryRecord[] = [];
  readonly names = new HexNames();
  /** Sealed by devices so far: Noise messages, handshakes included. */
  frames = 0;
  readonly #kernel: Kernel;
  readonly #originMs: number;
  #processes = 0;
  /** For what is kept in the history: of this run alone. */
  readonly #pool = new BytePool();

  constructor(kernel: Kernel, originMs: number) {
    this.#kernel = kernel;
    this.#originMs = originMs;
  }

  /** Milliseconds since the plan's zero; negative while the world boots. */
  get at(): number {
    return this.#kernel.nowMs - this.#originMs;
  }

  /** A number for the next operation. */
  nextProcess(): number {
    return this.#processes++;
  }

  add(record: HistoryRecord): void {
    this.history.push(record);
  }

  /** A host encrypted something; both arrays stay the caller's. */
  sealed(host: string, key: Uint8Array, nonce: Uint8Array): void {
    const record = sealRecord(this.at, host, key, nonce);
    if (record !== undefined) this.history.push(record);
  }

  /** A relay decrypted something: all of it can be read there. The array stays the caller's. */
  opened(relay: string, plaintext: Uint8Array): void {
    const bytes = this.#pool.take(plaintext.length);
    bytes.set(plaintext);
    this.history.push({ type: "relay-view", at: this.at, relay, bytes });
  }

  phase(phase: Extract<HistoryRecord, { type: "phase" }>["phase"], waiting?: readonly string[]): void {
    const { at, frames } = this;
    this.add(
      waiting === undefined ? { type: "phase", at, phase, frames } : { type: "phase", at, phase, frames, waiting },
    );
  }
}
