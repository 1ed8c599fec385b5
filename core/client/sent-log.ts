/**
 * The part of the sent log that a client holds in memory: rows without an acknowledgement in the current epoch, in the
 * order of their sequence numbers, and which of them are on their way. A row leaves only after a definite answer
 * (invariant 9); what was on its way when a connection broke is sent again, first things first.
 */
import { encodeHex } from "../bytes.ts";
import type { SentRow } from "./store.ts";

export interface OutboxRow {
  readonly row: SentRow;
  readonly blobHex: string;
  /** `monoMs` when it was sent over the present connection. */
  sentMs: number | undefined;
  /** It may have reached a relay: its fate is unknown until answered. */
  wasSent: boolean;
}

export class SentLog {
  /** Insertion order is sequence order. */
  readonly #rows = new Map<string, OutboxRow>();
  #inFlight = 0;

  /** Rows without an answer. */
  get size(): number {
    return this.#rows.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  load(rows: readonly SentRow[]): void {
    const before = new Map(this.#rows);
    this.#rows.clear();
    this.#inFlight = 0;
    for (const row of rows) this.#add(row, before.get(encodeHex(row.blobId))?.wasSent ?? true);
  }

  add(row: SentRow): OutboxRow {
    return this.#add(row, false);
  }

  /** `load` cannot know what an earlier life of the process sent: those count as sent. */
  #add(row: SentRow, wasSent: boolean): OutboxRow {
    const blobHex = encodeHex(row.blobId);
    const entry: OutboxRow = { row, blobHex, sentMs: undefined, wasSent };
    this.#rows.set(blobHex, entry);
    return entry;
  }

  get(blobHex: string): OutboxRow | undefined {
    return this.#rows.get(blobHex);
  }

  /** The first row that is not on its way. */
  nextToSend(): OutboxRow | undefined {
    if (this.#inFlight === this.#rows.size) return undefined;
    for (const entry of this.#rows.values()) if (entry.sentMs === undefined) return entry;
    return undefined;
  }

  sent(entry: OutboxRow, nowMs: number): void {
    entry.sentMs = nowMs;
    entry.wasSent = true;
    this.#inFlight += 1;
  }

  /** Back in line, without an answer. */
  hold(entry: OutboxRow): void {
    if (entry.sentMs === undefined) return;
    entry.sentMs = undefined;
    this.#inFlight -= 1;
  }

  /** The connection is gone: everything on its way is back in line. */
  holdAll(): void {
    for (const entry of this.#rows.values()) entry.sentMs = undefined;
    this.#inFlight = 0;
  }

  remove(entry: OutboxRow): void {
    if (!this.#rows.delete(entry.blobHex)) return;
    if (entry.sentMs !== undefined) this.#inFlight -= 1;
  }

  /** `monoMs` of the oldest push that still waits for its answer. */
  oldestSentMs(): number | undefined {
    if (this.#inFlight === 0) return undefined;
    let oldest: number | undefined;
    let left = this.#inFlight;
    for (const { sentMs } of this.#rows.values()) {
      if (sentMs === undefined) continue;
      if (oldest === undefined || sentMs < oldest) oldest = sentMs;
      if (--left === 0) break;
    }
    return oldest;
  }

  rows(): IterableIterator<OutboxRow> {
    return this.#rows.values();
  }
}
