/**
 * What a device seals and opens: the group's keys, its own identity, and the chain of its blobs – the next sequence
 * number, the hash of the blob before, and the numbers that were given up and not yet announced. It holds what the store
 * has or is about to have; the client asks the store.
 */
import { BODY_BYTES_MAX, BlobKind, openBlob, sealBlob, sealedBytes } from "../blob/seal.ts";
import type { BytePool } from "../bytes.ts";
import type { Context } from "../context.ts";
import { BLOB_ID_BYTES } from "../ids.ts";
import type { InboxItem } from "../inbox/take.ts";
import type { GroupKeys } from "../keys.ts";
import { deriveGroupKeys } from "../keys.ts";
import { GIVEN_UP_MAX, TTL_S_MAX } from "../limits.ts";
import type { Redacted } from "../redacted.ts";
import type { Result } from "../result.ts";
import { fail, ok } from "../result.ts";
import type { PulledBlob } from "../wire/messages.ts";
import type { PushError } from "./events.ts";
import type { QueueMeter } from "./queue-meter.ts";
import type { DeviceAnswer, SentRow } from "./store.ts";

/** A row that was given no ttl stays for this long: shorter than any relay's dedupe retention (invariant 2). */
const SENT_TTL_S = 7 * 24 * 3600;

const NOTHING: readonly number[] = [];

/** A row to stage, and what to put back if it cannot be. */
export interface Sealed {
  readonly row: SentRow;
  readonly announced: readonly number[];
  readonly previous: Uint8Array;
}

export class Sealer {
  readonly keys: GroupKeys;
  readonly #context: Context;
  readonly #pool: BytePool;
  #deviceId: Uint8Array | undefined;
  #nextSequence = 1;
  #previous: Uint8Array = new Uint8Array(32);
  #givenUp: number[] = [];

  constructor(context: Context, groupSecret: Redacted<Uint8Array>, pool: BytePool) {
    this.keys = deriveGroupKeys(context.suite, groupSecret);
    this.#context = context;
    this.#pool = pool;
  }

  /** Undefined until the store has told. */
  get deviceId(): Uint8Array | undefined {
    return this.#deviceId;
  }

  load(loaded: Extract<DeviceAnswer, { type: "loaded" }>): Uint8Array {
    this.#nextSequence = loaded.nextSequence;
    this.#previous = loaded.previous;
    this.#givenUp = [...loaded.givenUp];
    this.#deviceId = this.#context.suite.dhPublicKey(loaded.identity);
    return this.#deviceId;
  }

  /** Why such a push cannot be sealed now; undefined when it can. */
  refusal(body: Uint8Array, ttlS: number, queue: QueueMeter): PushError | undefined {
    const { mark } = this.#context;
    if (body.length > BODY_BYTES_MAX) {
      mark("client.push.too-large");
      return { type: "TooLarge", bytesMax: BODY_BYTES_MAX };
    }
    if (!Number.isInteger(ttlS) || ttlS < 0 || ttlS > TTL_S_MAX) {
      mark("client.push.invalid-ttl");
      return { type: "InvalidTtl", ttlSMax: TTL_S_MAX };
    }
    const full = queue.refusal(sealedBytes(body.length, Math.min(this.#givenUp.length, GIVEN_UP_MAX)));
    if (full !== undefined) mark("client.push.queue-full");
    return full;
  }

  /**
   * Takes the next sequence number; nothing of the row may be sent before it is durable. What is refused has taken none,
   * and nothing has changed.
   */
  seal(body: Uint8Array, ttlS: number, wallMs: number, queue: QueueMeter): Result<Sealed, PushError> {
    const { suite, entropy } = this.#context;
    const error = this.refusal(body, ttlS, queue);
    if (error !== undefined) return fail(error);
    const blobId = new Uint8Array(BLOB_ID_BYTES);
    entropy.fill("blob-id", blobId);
    const sequence = this.#nextSequence++;
    const previous = this.#previous;
    const announced = this.#givenUp.length === 0 ? NOTHING : this.#givenUp.splice(0, GIVEN_UP_MAX);
    const payload = sealBlob({
      suite,
      entropy,
      pool: this.#pool,
      key: this.keys.encryption,
      groupId: this.keys.groupId,
      blobId,
      kind: BlobKind.data,
      content: { sender: this.#deviceId!, sequence, previous, givenUp: announced, body },
    });
    const payloadHash = suite.hash(payload);
    this.#previous = payloadHash;
    const expiresAtMs = wallMs + (ttlS === 0 ? SENT_TTL_S : ttlS) * 1000;
    return ok({ row: { sequence, blobId, payload, payloadHash, ttlS, expiresAtMs }, announced, previous });
  }

  /** The row could not be staged: its number is for `giveUp`, the rest is as before. */
  takeBack({ row, announced, previous }: Sealed): void {
    this.#givenUp.unshift(...announced);
    if (this.#previous === row.payloadHash) this.#previous = previous;
  }

  /** This number will never come: the next blob says so. */
  giveUp(sequence: number): void {
    this.#givenUp.push(sequence);
  }

  /** What cannot be opened is an item without content, for quarantine. Id and payload are the frame's, as they came. */
  open(blob: PulledBlob): InboxItem {
    const { suite, mark } = this.#context;
    const { encryption: key, groupId } = this.keys;
    const { cursor, blobId, timestampMs, payload } = blob;
    const opened = openBlob({ suite, pool: this.#pool, key, groupId, blobId, kind: BlobKind.data, payload });
    if (!opened.ok) mark("client.quarantine");
    const content = opened.ok ? opened.value : null;
    const why = opened.ok ? null : opened.error.type;
    return { cursor, blobId, timestampMs, payload, content, why };
  }
}
