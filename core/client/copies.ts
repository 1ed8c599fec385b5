/**
 * What has become of a row of the sent log over all relays: each of them owes it an answer of its own, and one
 * acknowledgement is enough for the push to have happened. Looks at the relays' outboxes and remembers what those no
 * longer tell: which rows that are owed somewhere are acknowledged elsewhere. What no relay has is what the queue's
 * bounds are about: it enters and leaves the meter here.
 */
import { encodeHex } from "../bytes.ts";
import type { QueueMeter } from "./queue-meter.ts";
import type { OutboxRow, SentLog } from "./sent-log.ts";
import type { SentRow } from "./store.ts";

export class Copies {
  /** What is owed somewhere and acknowledged nowhere, and what the client is about to put there. */
  readonly queue: QueueMeter;
  readonly #outboxes: readonly SentLog[];
  /** Blob ids, in hex: acknowledged by one relay, still owed to another. */
  readonly #acked = new Set<string>();

  constructor(outboxes: readonly SentLog[], queue: QueueMeter) {
    this.#outboxes = outboxes;
    this.queue = queue;
  }

  /** Every relay's outbox has been loaded: what one of them lacks was acknowledged there. */
  loaded(): void {
    for (const outbox of this.#outboxes) {
      for (const { blobHex } of outbox.rows()) {
        if (this.#outboxes.some((each) => each.get(blobHex) === undefined)) this.#acked.add(blobHex);
      }
    }
    // What no relay has is owed to each of them.
    for (const { blobHex, row } of this.#outboxes[0]!.rows()) {
      if (!this.#acked.has(blobHex)) this.queue.add(row.payload.length);
    }
  }

  /**
   * These are what one relay is owed in its new epoch, and `outbox` still has what it was owed before. What nobody was
   * owed any more had been acknowledged; what is not among them is over.
   */
  owedAnew(outbox: SentLog, rows: readonly SentRow[]): void {
    const owed = new Set<string>();
    for (const { blobId } of rows) {
      const blobHex = encodeHex(blobId);
      owed.add(blobHex);
      if (!this.#isOwed(blobHex)) this.#acked.add(blobHex);
    }
    for (const entry of outbox.rows()) {
      if (owed.has(entry.blobHex)) continue;
      outbox.remove(entry);
      this.dropped(entry);
    }
  }

  /** A relay has acknowledged it and its outbox has let it go. */
  acked({ blobHex, row }: OutboxRow): void {
    if (!this.#acked.has(blobHex)) this.queue.remove(row.payload.length);
    if (this.#isOwed(blobHex)) this.#acked.add(blobHex);
    else this.#acked.delete(blobHex);
  }

  /** An outbox has let it go without an acknowledgement. True when it will be at no relay. */
  dropped({ blobHex, row }: OutboxRow): boolean {
    if (this.#isOwed(blobHex) || this.#acked.delete(blobHex)) return false;
    this.queue.remove(row.payload.length);
    return true;
  }

  isAcked(blobHex: string): boolean {
    return this.#acked.has(blobHex);
  }

  /** No relay has it, and it is gone from every outbox. True when any relay may have heard of it. */
  giveUp({ blobHex, row }: OutboxRow): boolean {
    this.queue.remove(row.payload.length);
    let wasSent = false;
    for (const outbox of this.#outboxes) {
      const entry = outbox.get(blobHex);
      if (entry === undefined) continue;
      wasSent ||= entry.wasSent;
      outbox.remove(entry);
    }
    return wasSent;
  }

  /** Rows without a definite answer from some relay: their blob ids, in hex, each once. */
  blobs(): string[] {
    const blobs = new Set<string>();
    for (const outbox of this.#outboxes) for (const { blobHex } of outbox.rows()) blobs.add(blobHex);
    return [...blobs];
  }

  #isOwed(blobHex: string): boolean {
    return this.#outboxes.some((outbox) => outbox.get(blobHex) !== undefined);
  }
}
