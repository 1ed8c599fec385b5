/**
 * What a push carries, made from its operation id alone: no plan and no history needs to hold the bytes. A payload
 * begins with the 16 random bytes of its operation (the canary that no relay may ever read) and goes on with a filler
 * that only this operation has, so that a byte out of place is a byte that differs. An empty payload stays empty.
 * Hosts of every backend call `createPayload` for a push; the history writer calls `digestBytes` on every delivery.
 */
import type { BytePool } from "../core/bytes.ts";
import { hexWord, parseHex, readU32 } from "../core/bytes.ts";
import { assertInvariant } from "../core/invariant.ts";
import { WordPiece } from "../core/word-piece.ts";

export const OP_BYTES = 16;

/** What is made or digested at the moment. */
const PIECE = new WordPiece(4096);

/** `op` is 32 hex digits; `sizeBytes` is 0, or 16 and more. The array is the caller's to keep; it is cut from `pool` if there is one. */
export function createPayload(op: string, sizeBytes: number, pool?: BytePool): Uint8Array {
  const head = parseHex(op);
  assertInvariant(head !== undefined && head.length === OP_BYTES, "an operation id is 32 hex digits");
  const isSize = sizeBytes === 0 || (Number.isInteger(sizeBytes) && sizeBytes >= OP_BYTES);
  assertInvariant(isSize, "a payload is empty or holds its operation id");
  const bytes = pool === undefined ? new Uint8Array(sizeBytes) : pool.take(sizeBytes);
  if (sizeBytes === 0) return bytes;
  bytes.set(head, 0);
  // A count that is scrambled once; all of the id is in its start, its step and what is laid over it.
  let count = readU32(head, 0) ^ Math.imul(readU32(head, 8), 0x9e3779b1);
  const step = (readU32(head, 4) ^ Math.imul(readU32(head, 12), 0x85ebca77)) | 1;
  const mask = Math.imul(count ^ step, 0x5bd1e995);
  const { words } = PIECE;
  for (let from = OP_BYTES; from < sizeBytes; from += PIECE.bytesMax) {
    const length = Math.min(PIECE.bytesMax, sizeBytes - from);
    for (let i = 0; i << 2 < length; i++) {
      count = (count + step) | 0;
      words[i] = Math.imul(count ^ (count >>> 15), 0x2c1b3c6d) ^ mask;
    }
    PIECE.store(bytes, from, length);
  }
  return bytes;
}

/**
 * 64 bits over all bytes and their number, as 16 hex digits. Not cryptographic: it tells an honest mistake from the
 * right bytes. Every word steps one of four lanes by a bijection and goes into a sum, and both halves take in all of
 * them: two different payloads share a half with a probability of about 2^-32, and both with one of 2^-64.
 */
export function digestBytes(bytes: Uint8Array): string {
  const { length } = bytes;
  let a = 0x51ed270b ^ length;
  let b = 0x2545f491;
  let c = 0x6a09e667;
  let d = 0x3c6ef372;
  let sum = 0;
  const { words } = PIECE;
  for (let from = 0; from < length; from += PIECE.bytesMax) {
    const count = Math.min(PIECE.bytesMax, length - from);
    PIECE.load(bytes, from, count);
    for (let i = 0; i << 2 < count; i += 4) {
      a = rotate(Math.imul(a ^ words[i]!, 0x85ebca6b), 13);
      b = rotate(Math.imul(b ^ words[i + 1]!, 0xc2b2ae35), 17);
      c = rotate(Math.imul(c ^ words[i + 2]!, 0x27d4eb2f), 15);
      d = rotate(Math.imul(d ^ words[i + 3]!, 0x1b873593), 11);
      sum = (rotate(sum, 5) + words[i]! + words[i + 1]! + words[i + 2]! + words[i + 3]!) | 0;
    }
  }
  const high = finish(finish(finish(finish(finish(a) ^ b) ^ c) ^ d) ^ sum);
  const low = finish(finish(finish(finish(finish(sum ^ length) ^ d) ^ c) ^ b) ^ a);
  return hexWord(high) + hexWord(low);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** A bijection that spreads every bit over the word. */
function finish(lane: number): number {
  let h = lane ^ (lane >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
