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
  // Two lanes that start from all of the id; each word depends on both, and neither ever gets stuck at zero for long.
  let a = readU32(head, 0) ^ Math.imul(readU32(head, 8), 0x9e3779b1);
  let b = readU32(head, 4) ^ Math.imul(readU32(head, 12), 0x85ebca77);
  const { words } = PIECE;
  for (let from = OP_BYTES; from < sizeBytes; from += PIECE.bytesMax) {
    const count = Math.min(PIECE.bytesMax, sizeBytes - from);
    for (let i = 0; i << 2 < count; i++) {
      a = (Math.imul(a, 0x5bd1e995) + 0x6d2b79f5) | 0;
      b = Math.imul(b ^ (b >>> 15) ^ a, 0x2c1b3c6d);
      words[i] = b ^ (b >>> 13);
    }
    PIECE.store(bytes, from, count);
  }
  return bytes;
}

/**
 * 64 bits over all bytes and their number, as 16 hex digits. Not cryptographic: it tells an honest mistake from the
 * right bytes. Each lane is stepped by bijections of the word, so one changed word always changes both lanes.
 */
export function digestBytes(bytes: Uint8Array): string {
  const { length } = bytes;
  const whole = length - (length % 4);
  let a = 0x51ed270b ^ length;
  let b = 0x2545f491;
  const { words } = PIECE;
  for (let from = 0; from < whole; from += PIECE.bytesMax) {
    const count = Math.min(PIECE.bytesMax, whole - from);
    PIECE.load(bytes, from, count);
    for (let i = 0; i << 2 < count; i++) {
      const word = words[i]!;
      a = Math.imul(a ^ word, 0x85ebca6b);
      a ^= a >>> 15;
      b = Math.imul((b << 13) | (b >>> 19), 0x1b873593) ^ word;
    }
  }
  let rest = 0;
  for (let at = whole; at < length; at++) rest = (rest << 8) | bytes[at]!;
  a = finish(a ^ rest);
  b = finish(Math.imul((b << 13) | (b >>> 19), 0x1b873593) ^ rest ^ length);
  return hexWord(a) + hexWord(b);
}

/** A bijection that spreads every bit over the word. */
function finish(lane: number): number {
  let h = lane ^ (lane >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
