/**
 * The header of a record and the checksum in it. A record is a u32 of its whole length, a u32 checksum over what
 * follows, and that: how many entries there are, the entries, and zeros to a multiple of sixteen bytes, so that four
 * lanes go through it in step.
 */
import { writeU32 } from "../core/bytes.ts";

export const RECORD_HEADER_BYTES = 8;
/** What the bytes behind the header are a multiple of. */
export const RECORD_STEP_BYTES = 16;

/**
 * Over little-endian words. Each step of a lane is a bijection of the lane and of the word, and so is each step that
 * joins the lanes: a bit that turned over is always noticed.
 */
export function checksum(words: Int32Array, from: number, to: number): number {
  let a = 0x6a09e667 ^ (to - from);
  let b = 0x3b67ae85;
  let c = 0x3c6ef372;
  let d = 0x254ff53a;
  for (let at = from; at < to; at += 4) {
    a = step(a, words[at]!);
    b = step(b, words[at + 1]!);
    c = step(c, words[at + 2]!);
    d = step(d, words[at + 3]!);
  }
  return step(step(step(a, b), c), d) >>> 0;
}

function step(lane: number, word: number): number {
  const product = Math.imul(lane ^ word, 0x01000193);
  return (product << 13) | (product >>> 19);
}

/** The same over bytes that lie anywhere, for reading: each record is read a few times in a run, if at all. */
export function checksumOf(bytes: Uint8Array, from: number, to: number): number {
  const words = new Int32Array((to - from) >> 2);
  for (let i = 0; i < words.length; i++) {
    const at = from + 4 * i;
    words[i] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }
  return checksum(words, 0, words.length);
}

/** Makes a record whole again of which something was changed where it lies. */
export function sealAgain(bytes: Uint8Array, at: number, end: number): void {
  writeU32(bytes, at + 4, checksumOf(bytes, at + RECORD_HEADER_BYTES, end));
}
