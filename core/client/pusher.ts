/**
 * Sends to one relay what is owed to it: up to a window of rows at a time, in the order of their numbers. A retryable
 * refusal holds everything for as long as it says, then one row finds out whether it is over, and each acknowledgement lets one
 * more go at once: where room comes in trickles, little is refused again. A definite refusal lets the row go at this relay. What that means over all relays is asked of `Copies`. Called by the link.
 */
import { encodeHex } from "../bytes.ts";
import type { BlobId } from "../ids.ts";
import type { Now } from "../machine.ts";
import type { Push } from "../wire/messages.ts";
import { doubledMs, RETRY_MS } from "./backoff.ts";
import type { LinkPort } from "./link-port.ts";
import type { OutboxRow } from "./sent-log.ts";
import { SentLog } from "./sent-log.ts";

export class Pusher {
  readonly outbox = new SentLog();
  readonly #relay: string;
  readonly #port: LinkPort;
  #notBeforeMs = 0;
  /** Refusals in a row: the wait doubles. */
  #holds = 0;
  /** Rows that may be under way: one after a refusal, one more with each acknowledgement, up to the window. */
  #allowed: number;

  constructor(relay: string, port: LinkPort) {
    this.#relay = relay;
    this.#port = port;
    this.#allowed = port.config.pushWindow;
  }

  /** When it wants to be told the time, in a live session. */
  get dueMs(): number {
    const { inFlight, size } = this.outbox;
    return inFlight < size && this.#notBeforeMs > 0 ? this.#notBeforeMs : Number.POSITIVE_INFINITY;
  }

  advance(now: Now, connector: { send(push: Push): void }): void {
    if (this.#notBeforeMs > now.monoMs) return;
    this.#notBeforeMs = 0;
    while (this.outbox.inFlight < this.#allowed) {
      const entry = this.outbox.nextToSend();
      if (entry === undefined) break;
      if (entry.row.expiresAtMs <= now.wallMs) {
        this.#expired(entry);
        continue;
      }
      const { blobId, payload, ttlS } = entry.row;
      connector.send({ type: "Push", blobId, payload, ttlS });
      this.outbox.sent(entry, now.monoMs);
    }
  }

  /** The row that was acknowledged; undefined when none like it is owed. */
  acked(blobId: BlobId): OutboxRow | undefined {
    const entry = this.outbox.get(encodeHex(blobId));
    if (entry === undefined) return undefined;
    this.outbox.remove(entry);
    this.#port.copies.acked(entry);
    this.#holds = 0;
    this.#allowed = Math.min(this.#allowed + 1, this.#port.config.pushWindow);
    return entry;
  }

  refused(blobId: BlobId, code: number, retryable: boolean, waitMs: number, now: Now): void {
    const entry = this.outbox.get(encodeHex(blobId));
    if (entry === undefined) return this.#port.context.mark("client.refusal.unexpected");
    if (retryable) this.#held(entry, code, waitMs, now);
    else this.#dropped(entry, code);
  }

  /** The session is over: everything is back in line, and a new one may try at once. */
  lost(): void {
    if (this.outbox.inFlight > 0) this.#port.context.mark("client.push.requeued");
    this.outbox.holdAll();
    this.#notBeforeMs = 0;
  }

  #held(entry: OutboxRow, code: number, waitMs: number, now: Now): void {
    const { blobId } = entry.row;
    this.#port.tell({ type: "refused", relay: this.#relay, blobId, code, retryable: true, isFinal: false });
    this.#port.context.mark("client.push.held");
    this.outbox.hold(entry);
    this.#allowed = 1;
    // Refusals of what was sent together count as one.
    if (this.#notBeforeMs <= now.monoMs) this.#holds += 1;
    this.#notBeforeMs = now.monoMs + Math.max(waitMs, doubledMs(RETRY_MS, this.#holds));
  }

  #dropped(entry: OutboxRow, code: number): void {
    const { blobId, sequence } = entry.row;
    this.outbox.remove(entry);
    const isFinal = this.#port.copies.dropped(entry);
    this.#port.tell({ type: "refused", relay: this.#relay, blobId, code, retryable: false, isFinal });
    if (!isFinal) return this.#port.context.mark("client.copy.refused");
    this.#port.context.mark("client.push.refused");
    this.#port.giveUp(sequence);
  }

  /** A copy is no longer worth sending; what no relay has is given up. */
  #expired(entry: OutboxRow): void {
    if (!this.#port.copies.isAcked(entry.blobHex)) return this.#port.expired(entry);
    this.#port.context.mark("client.copy.expired");
    this.outbox.remove(entry);
    this.#port.copies.dropped(entry);
  }
}
