/**
 * Seals what a device tells its group into one payload, and opens it. Payload = nonce (24) ‖ XChaCha20-Poly1305 of the
 * padded plaintext ‖ tag (16), bound to version, group, blob id and kind, so that a relay can neither read it nor serve
 * it as another blob. Inside, before the body, is what lets *devices* notice a relay that omits, reorders or forks: who
 * sent it, as which number, after which blob, and which numbers will never come.
 *
 * The header is a fixed binary layout rather than MessagePack: it is written and read once per blob and device, and
 * offsets cost nothing. Big-endian: sender 32, sequence u64, previous 32, given-up count u8 and u64 each, body length
 * u32, body, zeros up to the padded length. One content has one plaintext: other paddings are refused.
 *
 * Called by the client when a blob enters the sent log and when a page is taken in.
 */
import type { BytePool } from "../bytes.ts";
import { readU32, writeU32, writeU64 } from "../bytes.ts";
import { HASH_BYTES, TAG_BYTES, XNONCE_BYTES, type CryptoSuite } from "../crypto/suite.ts";
import { BLOB_ID_BYTES, DEVICE_ID_BYTES, GROUP_ID_BYTES, type BlobId, type DeviceId, type GroupId } from "../ids.ts";
import { assertInvariant } from "../invariant.ts";
import { GIVEN_UP_MAX, PADDED_BYTES_MIN, PAYLOAD_BYTES_MAX } from "../limits.ts";
import type { Entropy } from "../machine.ts";
import type { Redacted } from "../redacted.ts";
import { fail, ok, type Result } from "../result.ts";
import { paddedLength, paddedLengthWithin } from "./padding.ts";

/** What a blob is for. Sealed under it: a blob of one kind cannot be opened as another. */
export const BlobKind = { data: 0 } as const;
export type BlobKind = (typeof BlobKind)[keyof typeof BlobKind];

export interface BlobContent {
  readonly sender: DeviceId;
  /** The sender's own count of its blobs, at most 2^53 − 1. */
  readonly sequence: number;
  /** Hash of the sender's previous blob; 32 zeros in its first. */
  readonly previous: Uint8Array;
  /** The sender's numbers that will never come, at most `GIVEN_UP_MAX`. */
  readonly givenUp: readonly number[];
  readonly body: Uint8Array;
}

export type BlobError =
  /** No payload is that short. */
  | { readonly type: "TooShort"; readonly lengthBytes: number }
  /** Another key, group, blob id or kind, or altered on the way. */
  | { readonly type: "Refused" }
  /** Sealed with the right key by software that writes another layout. */
  | { readonly type: "Malformed"; readonly field: "givenUp" | "sequence" | "body" | "padding" };

export interface SealOptions {
  readonly suite: CryptoSuite;
  readonly entropy: Entropy;
  /** The group's encryption key. */
  readonly key: Redacted<Uint8Array>;
  readonly groupId: GroupId;
  readonly blobId: BlobId;
  readonly kind: BlobKind;
  readonly content: BlobContent;
  /** Where the buffers come from; without one each is an array of its own. */
  readonly pool?: BytePool;
}

export interface OpenOptions {
  readonly suite: CryptoSuite;
  readonly key: Redacted<Uint8Array>;
  readonly groupId: GroupId;
  readonly blobId: BlobId;
  readonly kind: BlobKind;
  readonly payload: Uint8Array;
  /** Where the buffers come from; without one each is an array of its own. */
  readonly pool?: BytePool;
}

const SEAL_VERSION = 2;
const SEAL_BYTES = XNONCE_BYTES + TAG_BYTES;
const U64_BYTES = 8;
const SEQUENCE_AT = DEVICE_ID_BYTES;
const PREVIOUS_AT = SEQUENCE_AT + U64_BYTES;
const COUNT_AT = PREVIOUS_AT + HASH_BYTES;
const GIVEN_UP_AT = COUNT_AT + 1;
/** The header without numbers given up. */
const HEADER_BYTES = GIVEN_UP_AT + 4;

const HEADER_BYTES_MAX = HEADER_BYTES + U64_BYTES * GIVEN_UP_MAX;

/** Overwritten by every blob: no suite keeps what it is given. */
const ASSOCIATED = new Uint8Array(1 + GROUP_ID_BYTES + BLOB_ID_BYTES + 1);

/** The longest body, whatever else the blob tells: sealed and padded it is still a payload. */
export const BODY_BYTES_MAX = paddedLengthWithin(PAYLOAD_BYTES_MAX - SEAL_BYTES) - HEADER_BYTES_MAX;

assertInvariant(
  paddedLength(HEADER_BYTES_MAX + BODY_BYTES_MAX) + SEAL_BYTES <= PAYLOAD_BYTES_MAX,
  "the longest body fits into a payload",
);
assertInvariant(HEADER_BYTES <= PADDED_BYTES_MIN, "the shortest plaintext holds the fixed header");
assertInvariant(GIVEN_UP_MAX <= 255, "the count of given-up numbers is one byte");

/** How long the payload of such a body is, with so many numbers given up told in it. */
export function sealedBytes(bodyBytes: number, givenUp: number): number {
  return paddedLength(HEADER_BYTES + U64_BYTES * givenUp + bodyBytes) + SEAL_BYTES;
}

/** A fresh payload of exact size: the caller's to keep. */
export function sealBlob(options: SealOptions): Uint8Array {
  const { content, pool } = options;
  const payload = fresh(pool, sealedBytes(content.body.length, content.givenUp.length));
  const paddedBytes = payload.length - SEAL_BYTES;
  // Encrypted where it is written.
  const plaintext = payload.subarray(XNONCE_BYTES, XNONCE_BYTES + paddedBytes);
  encodeContent(content, plaintext);
  const nonce = payload.subarray(0, XNONCE_BYTES);
  options.entropy.fill("nonce", nonce);
  const ad = encodeAssociated(options);
  options.suite.xaeadSeal(options.key.expose(), nonce, ad, plaintext, payload.subarray(XNONCE_BYTES));
  return payload;
}

/** The content's byte fields are views into one fresh buffer that nobody else has. */
export function openBlob(options: OpenOptions): Result<BlobContent, BlobError> {
  const { suite, key, payload } = options;
  if (payload.length < PADDED_BYTES_MIN + SEAL_BYTES) return fail({ type: "TooShort", lengthBytes: payload.length });
  const plaintext = fresh(options.pool, payload.length - SEAL_BYTES);
  const nonce = payload.subarray(0, XNONCE_BYTES);
  const ad = encodeAssociated(options);
  if (!suite.xaeadOpen(key.expose(), nonce, ad, payload.subarray(XNONCE_BYTES), plaintext)) {
    return fail({ type: "Refused" });
  }
  return parseContent(plaintext);
}

function fresh(pool: BytePool | undefined, length: number): Uint8Array {
  return pool === undefined ? new Uint8Array(length) : pool.take(length);
}

/** Version ‖ group id ‖ blob id ‖ kind: all of fixed length. */
function encodeAssociated(about: Pick<OpenOptions, "groupId" | "blobId" | "kind">): Uint8Array {
  assertInvariant(about.groupId.length === GROUP_ID_BYTES, "a group id has 32 bytes");
  assertInvariant(about.blobId.length === BLOB_ID_BYTES, "a blob id has 16 bytes");
  const ad = ASSOCIATED;
  ad[0] = SEAL_VERSION;
  ad.set(about.groupId, 1);
  ad.set(about.blobId, 1 + GROUP_ID_BYTES);
  ad[ad.length - 1] = about.kind;
  return ad;
}

/** `plaintext` has the padded length. */
function encodeContent(content: BlobContent, plaintext: Uint8Array): void {
  const { sender, sequence, previous, givenUp, body } = content;
  assertInvariant(sender.length === DEVICE_ID_BYTES, "a sender has 32 bytes");
  assertInvariant(previous.length === HASH_BYTES, "a previous blob's hash has 32 bytes");
  assertInvariant(givenUp.length <= GIVEN_UP_MAX, "a blob tells of a bounded list of given-up numbers");
  assertInvariant(body.length <= BODY_BYTES_MAX, "a body within BODY_BYTES_MAX");
  const bodyAt = HEADER_BYTES + U64_BYTES * givenUp.length;
  plaintext.set(sender, 0);
  writeSequence(plaintext, SEQUENCE_AT, sequence);
  plaintext.set(previous, PREVIOUS_AT);
  plaintext[COUNT_AT] = givenUp.length;
  let at = GIVEN_UP_AT;
  for (const number of givenUp) {
    writeSequence(plaintext, at, number);
    at += U64_BYTES;
  }
  writeU32(plaintext, at, body.length);
  plaintext.set(body, bodyAt);
  plaintext.fill(0, bodyAt + body.length);
}

function parseContent(plaintext: Uint8Array): Result<BlobContent, BlobError> {
  const sequence = parseSequence(plaintext, SEQUENCE_AT);
  if (sequence === undefined) return fail({ type: "Malformed", field: "sequence" });
  const count = plaintext[COUNT_AT]!;
  const bodyAt = HEADER_BYTES + U64_BYTES * count;
  if (count > GIVEN_UP_MAX || bodyAt > plaintext.length) return fail({ type: "Malformed", field: "givenUp" });
  const givenUp: number[] = [];
  for (let at = GIVEN_UP_AT; givenUp.length < count; at += U64_BYTES) {
    const number = parseSequence(plaintext, at);
    if (number === undefined) return fail({ type: "Malformed", field: "givenUp" });
    givenUp.push(number);
  }
  const end = bodyAt + readU32(plaintext, bodyAt - 4);
  if (end > plaintext.length) return fail({ type: "Malformed", field: "body" });
  if (paddedLength(end) !== plaintext.length || !isZero(plaintext, end)) {
    return fail({ type: "Malformed", field: "padding" });
  }
  return ok({
    sender: plaintext.subarray(0, SEQUENCE_AT),
    sequence,
    previous: plaintext.subarray(PREVIOUS_AT, COUNT_AT),
    givenUp,
    body: plaintext.subarray(bodyAt, end),
  });
}

function writeSequence(out: Uint8Array, at: number, sequence: number): void {
  assertInvariant(Number.isSafeInteger(sequence) && sequence >= 0, "a sequence number is a whole number below 2^53");
  writeU64(out, at, sequence);
}

/** `undefined` above 2^53 − 1. */
function parseSequence(bytes: Uint8Array, at: number): number | undefined {
  const high = readU32(bytes, at);
  return high > 0x1f_ffff ? undefined : high * 0x1_0000_0000 + readU32(bytes, at + 4);
}

function isZero(bytes: Uint8Array, from: number): boolean {
  const end = bytes.length;
  let seen = 0;
  for (let i = from; i < end; i++) seen |= bytes[i]!;
  return seen === 0;
}
