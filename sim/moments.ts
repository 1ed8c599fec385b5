/**
 * Watches a run for the moments that faults are bound to: a message of some kind on its way, a store's transaction
 * written or synced. What a host seals is seen by its suite and kept in order until the host hands the bytes to the
 * network; there the receiver is known. Called by hosts; made only for plans that bind a fault, and for who wants a list.
 */
import { readU32 } from "../core/bytes.ts";
import type { MessageType } from "../core/wire/messages.ts";
import { messageTypeOf } from "../core/wire/tags.ts";
import type { Moment } from "../scenarios/plan.ts";

const LENGTH_BYTES = 2;
const TAG_BYTES = 16;
const FRAME_HEADER_BYTES = 4;

interface SealedMessage {
  readonly lengthBytes: number;
  readonly types: readonly MessageType[];
}

/** Without its number. */
export function momentKey(moment: Moment): string {
  return moment.on === "sent"
    ? `sent ${moment.host} ${moment.message} ${moment.to}`
    : `stored ${moment.host} ${moment.stage}`;
}

export class Moments {
  /** Told of every moment, as it comes. */
  readonly #tell: (moment: Moment) => void;
  readonly #counts = new Map<string, number>();
  readonly #sealed = new Map<string, SealedMessage[]>();
  #isCounting = false;

  constructor(tell: (moment: Moment) => void) {
    this.#tell = tell;
  }

  /** The plan's zero. */
  begin(): void {
    this.#isCounting = true;
  }

  /** A host died: what it had sealed and not sent is gone. */
  died(host: string): void {
    this.#sealed.delete(host);
  }

  /** A transport message was sealed by this host. */
  sealed(host: string, plaintext: Uint8Array): void {
    const waiting = this.#sealed.get(host);
    const message = { lengthBytes: plaintext.length + TAG_BYTES, types: messageTypesIn(plaintext) };
    if (waiting === undefined) this.#sealed.set(host, [message]);
    else waiting.push(message);
  }

  /** The host gave these bytes to the network: some messages, each with its length; a handshake's are not sealed ones. */
  sent(host: string, to: string, bytes: Uint8Array): void {
    const waiting = this.#sealed.get(host);
    if (waiting === undefined) return;
    for (let at = 0; at + LENGTH_BYTES <= bytes.length;) {
      const lengthBytes = bytes[at]! * 256 + bytes[at + 1]!;
      at += LENGTH_BYTES + lengthBytes;
      if (waiting[0]?.lengthBytes !== lengthBytes) continue;
      for (const message of waiting.shift()!.types) this.#count({ on: "sent", host, message, to, nth: 0 });
    }
  }

  stored(host: string, stage: "written" | "synced"): void {
    this.#count({ on: "stored", host, stage, nth: 0 });
  }

  #count(moment: Moment): void {
    if (!this.#isCounting) return;
    const key = momentKey(moment);
    const nth = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, nth);
    this.#tell({ ...moment, nth });
  }
}

/** The frames that begin in this plaintext. The middle of a long one has none that can be told, and gives none. */
export function messageTypesIn(plaintext: Uint8Array): readonly MessageType[] {
  const types: MessageType[] = [];
  for (const at of frameStarts(plaintext)) {
    const type = messageTypeOf(plaintext[at + tagOffset(plaintext[at]!)]!);
    if (type !== undefined) types.push(type);
  }
  return types;
}

/** Offsets of the bodies of whole frames, and of the first one even if it goes on in the next message. */
export function* frameStarts(plaintext: Uint8Array): Generator<number, void, void> {
  for (let at = 0; at + FRAME_HEADER_BYTES < plaintext.length;) {
    const body = at + FRAME_HEADER_BYTES;
    const length = readU32(plaintext, at);
    if (!isArrayHeader(plaintext[body]!)) return;
    yield body;
    at = body + length;
  }
}

/** Of the first element: behind a short array's header, or a longer one's. */
function tagOffset(header: number): number {
  return header === 0xdc ? 3 : 1;
}

function isArrayHeader(byte: number): boolean {
  return (byte & 0xf0) === 0x90 || byte === 0xdc;
}
