/**
 * What has become of a row of the sent log over all relays: each of them owes it an answer of its own, and one
 * acknowledgement is enough for the push to have happened. Looks at the relays' outboxes and remembers what those no
 * longer tell: which rows that are owed somewhere are acknowledged elsewhere.
 */
import type { SentLog } from "./sent-log.ts";
import { encodeHex } from "../bytes.ts";
import type { SentRow } from "./store.ts";

export class Copies {
  readonly #outboxes: readonly SentLog[];
  /** Blob ids, in hex: acknowledged by one relay, still owed to another. */
  readonly #acked = new Set<string>();

  constructor(outboxes: readonly SentLog[]) {
    this.#outboxes = outboxes;
  }

  /** Every relay's outbox has been loaded: what one of them lacks was acknowledged there. */
  loaded(): void {
    for (const outbox of this.#outboxes) {
      for (const { blobHex } of outbox.rows()) {
        if (this.#outboxes.some((each) => each.get(blobHex) === undefined)) this.#acked.add(blobHex);
      }
    }
  }

  /** These are owed anew, to a relay in a new epoch: what nobody was owed any more had been acknowledged. */
  owedAnew(rows: readonly SentRow[]): void {
    for (const { blobId } of rows) {
      const blobHex = encodeHex(blobId);
      if (!this.#isOwed(blobHex)) this.#acked.add(blobHex);
    }
  }

  /** A relay has acknowledged it and its outbox has let it go. */
  acked(blobHex: string): void {
    if (this.#isOwed(blobHex)) this.#acked.add(blobHex);
    else this.#acked.delete(blobHex);
  }

  /** An outbox has let it go without an acknowledgement. True when it will be at no relay. */
  dropped(blobHex: string): boolean {
    if (this.#isOwed(blobHex)) return false;
    return !this.#acked.delete(blobHex);
  }

  isAcked(blobHex: string): boolean {
    return this.#acked.has(blobHex);
  }

  /** Gone from every outbox. True when any relay may have heard of it. */
  giveUp(blobHex: string): boolean {
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
