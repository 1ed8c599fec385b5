/**
 * The other end of a client's connection for tests that say what a relay says: keys and names that they share, a log
 * kept as honestly as `core/log` keeps it, and the relay's end of one connection.
 */
import { BlobKind, sealBlob } from "../core/blob/seal.ts";
import { BytePool, encodeHex } from "../core/bytes.ts";
import { START } from "../core/ids.ts";
import { deriveGroupKeys } from "../core/keys.ts";
import { FRAME_BYTES_MAX } from "../core/limits.ts";
import { decideAppend } from "../core/log/append.ts";
import { ChainHasher } from "../core/log/chain.ts";
import { decidePage } from "../core/log/page.ts";
import type { LogHead, LogRow } from "../core/log/row.ts";
import { createHead } from "../core/log/row.ts";
import type { Entropy } from "../core/machine.ts";
import { SecureChannel } from "../core/noise/channel.ts";
import { PROLOGUE } from "../core/prologue.ts";
import { Redacted } from "../core/redacted.ts";
import { MessageCodec } from "../core/wire/codec.ts";
import type { Message, PullResponse } from "../core/wire/messages.ts";
import { toySuite as suite } from "./toy-suite.ts";

export const RELAY_KEY = new Uint8Array(32).fill(2);
export const RELAY = { id: suite.dhPublicKey(RELAY_KEY), endpoint: "relay:4040" };
export const RELAY_HEX = encodeHex(RELAY.id);
export const SECRET = new Redacted(new Uint8Array(32).fill(3));
export const KEYS = deriveGroupKeys(suite, SECRET);
export const EPOCH = new Uint8Array(16).fill(0xe1);
export const SECOND_EPOCH = new Uint8Array(16).fill(0xe2);
export const START_WALL_MS = 1_700_000_000_000;

/** Bytes that never repeat, and the calm value of every choice. */
export function createEntropy(): Entropy {
  let drawn = 0;
  return {
    fill(_label, out) {
      drawn += 1;
      for (let i = 0; i < out.length; i++) out[i] = (drawn * 37 + i * 11 + (drawn >> 6)) & 0xff;
    },
    below: () => 0,
  };
}

/** A log of the group at the relay, kept as honestly as `core/log` keeps it. */
export class Log {
  head: LogHead;
  readonly rows: LogRow[] = [];
  /** Of the other member's blobs, by their numbers. */
  readonly #hashes = new Map<number, Uint8Array>();
  readonly #hasher = new ChainHasher(suite);
  readonly #entropy = createEntropy();

  constructor(epoch: Uint8Array = EPOCH) {
    this.head = createHead(epoch);
  }

  append(blobId: Uint8Array, payload: Uint8Array) {
    const known = new Map(this.rows.map((row) => [encodeHex(row.blobId), row]));
    const items = [{ blobId, payload, payloadHash: suite.hash(payload), ttlS: 60 }];
    const decision = decideAppend(this.#hasher, this.head, (id) => known.get(encodeHex(id)), {
      sender: RELAY.id,
      items,
      wallMs: START_WALL_MS,
      defaultTtlS: 60,
      heldBytesMax: 1e9,
      totalBytes: 0,
      totalBytesMax: 1e12,
    });
    this.head = decision.head;
    this.rows.push(...decision.rows);
    return decision.answers[0]!;
  }

  /** A blob of another member, or one that no member sealed. */
  add(number: number, isSealed = true): this {
    const blobId = new Uint8Array(16).fill(number);
    const previous = this.#hashes.get(number - 1) ?? new Uint8Array(32);
    const content = { sender: RELAY.id, sequence: number, previous, givenUp: [], body: Uint8Array.of(number) };
    const about = { suite, entropy: this.#entropy, key: KEYS.encryption, groupId: KEYS.groupId, kind: BlobKind.data };
    const payload = isSealed ? sealBlob({ ...about, blobId, content }) : new Uint8Array(400);
    if (isSealed) this.#hashes.set(number, suite.hash(payload));
    this.append(blobId, payload);
    return this;
  }

  /** The payload of a cursor is gone. */
  expire(cursor: number): void {
    this.rows[cursor - 1] = { ...this.rows[cursor - 1]!, payload: null, gone: "expired" };
  }

  page(after: number, limit = 100): PullResponse {
    const chain = after === 0 ? START.chain : this.rows[after - 1]!.chain;
    const request = { after, limit, bytesMax: FRAME_BYTES_MAX };
    const page = decidePage(this.head, this.rows.slice(after), chain, request, () => true);
    return { type: "PullResponse", ...page! };
  }
}

/** The relay's end of one connection: it says what the test tells it to say. */
export class ScriptedRelay {
  readonly #codec = new MessageCodec();
  readonly channel: SecureChannel;
  readonly heard: Message[] = [];
  receivedBytes = 0;

  constructor(staticKey: Uint8Array = RELAY_KEY) {
    const ephemeral = new Uint8Array(32).fill(9);
    const pool = new BytePool();
    this.channel = new SecureChannel({ suite, role: "responder", prologue: PROLOGUE, staticKey, ephemeral, pool });
  }

  /** Takes bytes of the client; answers those of the handshake. */
  receive(bytes: Uint8Array): Uint8Array | undefined {
    this.receivedBytes += bytes.length;
    this.channel.receive(bytes);
    for (let frame = this.channel.pollFrame(); frame !== undefined; frame = this.channel.pollFrame()) {
      const parsed = this.#codec.parse(frame);
      if (!parsed.ok) throw new Error(`the client said what nobody understands: ${parsed.error.type}`);
      this.heard.push(parsed.value);
    }
    return this.channel.pollSend();
  }

  encode(message: Message): Uint8Array {
    const sealed = this.channel.seal(this.#codec.encode(message));
    if (!sealed.ok) throw new Error(sealed.error.type);
    return sealed.value;
  }
}
