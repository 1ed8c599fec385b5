/**
 * What stands behind every function of the toy suite: one 128-bit state that takes fields of bytes in and gives bytes
 * out, and a keystream beside it. `toy-suite.ts` says what it promises.
 *
 * All of it lives in module-level scratch arrays, because four numbers cannot be returned without an allocation. `begin`
 * and `crypt` overwrite what they use completely and no function calls back, so nothing passes from one use to the next.
 */
import { KEY_BYTES } from "../core/crypto/suite.ts";
import { WordPiece } from "../core/word-piece.ts";

/** Of the shorter of the two nonces; the longer one is two of these. */
export const NONCE_BYTES = 12;

/** Odd multipliers with about as many ones as zeros, far from each other. */
const M1 = 0x9e3779b1 | 0;
const M2 = 0x85ebca77 | 0;
const M3 = 0xc2b2ae3d | 0;
const M4 = 0x27d4eb2f | 0;

const STATE = new Int32Array(4);
/** The keystream's count, its two masks and the count's step. */
const STREAM = new Int32Array(4);

/** What is worked on. Overwritten by every `load`. */
const PIECE = new WordPiece(8192);
/** What is shorter is taken in from where it is: it is not worth a copy. */
const PIECE_BYTES_MIN = 48;

/** Overwrites the whole state. The words are fractional digits of the roots of 2, 3, 5 and 7. */
export function begin(use: number): void {
  STATE[0] = 0x6a09e667 ^ use;
  STATE[1] = 0xbb67ae85 + use;
  STATE[2] = 0x3c6ef372;
  STATE[3] = 0xa54ff53a;
}

/**
 * Overwrites the whole state, and the keystream's, with what key and nonce make of it. Both have a fixed length and come
 * first, and nobody's are like another's: a word for a lane is enough.
 */
function beginKeyed(use: number, key: Uint8Array, nonce: Uint8Array): void {
  let a = 0x6a09e667 ^ use;
  let b = 0xbb67ae85 + use;
  let c = 0x3c6ef372;
  let d = 0xa54ff53a;
  for (let i = 0; i < KEY_BYTES; i += 16) {
    a = rotate(Math.imul(a ^ readWord(key, i), M1), 13);
    b = rotate(Math.imul(b ^ readWord(key, i + 4), M2), 17);
    c = rotate(Math.imul(c ^ readWord(key, i + 8), M3), 15);
    d = rotate(Math.imul(d ^ readWord(key, i + 12), M4), 11);
  }
  for (let i = 0; i < nonce.length; i += NONCE_BYTES) {
    a = rotate(Math.imul(a ^ readWord(nonce, i), M1), 13);
    b = rotate(Math.imul(b ^ readWord(nonce, i + 4), M2), 17);
    c = rotate(Math.imul(c ^ readWord(nonce, i + 8), M3), 15);
  }
  STATE[0] = a;
  STATE[1] = b;
  STATE[2] = c;
  STATE[3] = d;
  mix();
  STREAM[0] = STATE[0]!;
  STREAM[1] = STATE[1]!;
  STREAM[2] = STATE[2]!;
  STREAM[3] = STATE[3]! | 1;
}

/** Takes the first `length` bytes in as one field. */
export function absorb(bytes: Uint8Array, length: number): void {
  beginField(length);
  if (length < PIECE_BYTES_MIN) {
    absorbShort(bytes, length);
    return;
  }
  for (let at = 0; at < length; at += PIECE.bytesMax) {
    const count = Math.min(PIECE.bytesMax, length - at);
    PIECE.load(bytes, at, count);
    absorbWords(count);
  }
}

/** A field's length comes first, so that two fields cut differently do not give the same state. */
function beginField(length: number): void {
  STATE[0] = STATE[0]! ^ Math.imul(length + 1, M3);
  STATE[2] = STATE[2]! + length + 1;
}

/**
 * Takes `count` bytes of the piece in, sixteen a step. Every word goes into a lane of its own, multiplied, and into one
 * of two sums, which end in other lanes: a difference that once came in can go only by two coincidences at once.
 */
function absorbWords(count: number): void {
  let a = STATE[0]!;
  let b = STATE[1]!;
  let c = STATE[2]!;
  let d = STATE[3]!;
  let e = 0;
  let f = 0;
  const { words } = PIECE;
  for (let i = 0; i << 2 < count; i += 4) {
    const v = words[i]!;
    const w = words[i + 1]!;
    const x = words[i + 2]!;
    const y = words[i + 3]!;
    a = rotate(Math.imul(a ^ v, M1), 13);
    b = rotate(Math.imul(b ^ w, M2), 17);
    c = rotate(Math.imul(c ^ x, M3), 15);
    d = rotate(Math.imul(d ^ y, M4), 11);
    e = (rotate(e, 5) + v + x) | 0;
    f = (rotate(f, 9) + w + y) | 0;
  }
  STATE[0] = a;
  STATE[1] = b ^ e;
  STATE[2] = c ^ f;
  STATE[3] = d;
}

/** The same from where the bytes are. */
function absorbShort(bytes: Uint8Array, length: number): void {
  let a = STATE[0]!;
  let b = STATE[1]!;
  let c = STATE[2]!;
  let d = STATE[3]!;
  let e = 0;
  let f = 0;
  for (let at = 0; at < length; at += 16) {
    const isWhole = at + 16 <= length;
    const v = isWhole ? readWord(bytes, at) : readRest(bytes, at, length);
    const w = isWhole ? readWord(bytes, at + 4) : readRest(bytes, at + 4, length);
    const x = isWhole ? readWord(bytes, at + 8) : readRest(bytes, at + 8, length);
    const y = isWhole ? readWord(bytes, at + 12) : readRest(bytes, at + 12, length);
    a = rotate(Math.imul(a ^ v, M1), 13);
    b = rotate(Math.imul(b ^ w, M2), 17);
    c = rotate(Math.imul(c ^ x, M3), 15);
    d = rotate(Math.imul(d ^ y, M4), 11);
    e = (rotate(e, 5) + v + x) | 0;
    f = (rotate(f, 9) + w + y) | 0;
  }
  STATE[0] = a;
  STATE[1] = b ^ e;
  STATE[2] = c ^ f;
  STATE[3] = d;
}

/**
 * Encrypts or decrypts the first `length` bytes of `from` into `to` and leaves the tag in the state, which takes in the
 * ciphertext as one more field. `to` may begin where `from` begins: a piece is read whole before it is written.
 */
export function crypt(
  use: number,
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  from: Uint8Array,
  length: number,
  to: Uint8Array,
  isSealing: boolean,
): void {
  beginKeyed(use, key, nonce);
  absorb(ad, ad.length);
  beginField(length);
  for (let at = 0; at < length; at += PIECE.bytesMax) {
    const count = Math.min(PIECE.bytesMax, length - at);
    PIECE.load(from, at, count);
    if (!isSealing) absorbWords(count);
    cryptWords(count);
    if (isSealing) absorbWords(count);
    PIECE.store(to, at, count);
  }
  mix();
}

/** Lays the keystream over `count` bytes of the piece; what fills it up stays zero. */
function cryptWords(count: number): void {
  let x = STREAM[0]!;
  const y = STREAM[1]!;
  const z = STREAM[2]!;
  const step = STREAM[3]!;
  const { words } = PIECE;
  for (let i = 0; i << 2 < count; i += 2) {
    x = (x + step) | 0;
    words[i] = words[i]! ^ streamWord(x, y);
    x = (x + step) | 0;
    words[i + 1] = words[i + 1]! ^ streamWord(x, z);
  }
  STREAM[0] = x;
  PIECE.fillUp(count);
}

/** Makes every bit of the state depend on every other, as a bijection: different states never become the same. */
function mix(): void {
  let a = STATE[0]!;
  let b = STATE[1]!;
  let c = STATE[2]!;
  let d = STATE[3]!;
  for (let round = 0; round < 2; round++) {
    b ^= fold(a + round, M1);
    c ^= fold(b, M2);
    d ^= fold(c, M3);
    a ^= fold(d, M4);
  }
  STATE[0] = a;
  STATE[1] = b;
  STATE[2] = c;
  STATE[3] = d;
}

/** The state, once `crypt` has left a tag in it. */
export function writeTag(out: Uint8Array, at: number): void {
  for (let i = 0; i < 4; i++) writeWord(out, at + 4 * i, STATE[i]!);
}

/** Whether these bytes are the tag. */
export function isTag(bytes: Uint8Array, at: number): boolean {
  let difference = 0;
  for (let i = 0; i < 4; i++) difference |= readWord(bytes, at + 4 * i) ^ STATE[i]!;
  return difference === 0;
}

/** A fresh array of `length` bytes: the mixed state, mixed again for every further 16 bytes. */
export function digest(length: number): Uint8Array {
  const blocks = Math.ceil(length / 16);
  const out = new Uint8Array(16 * blocks);
  for (let block = 0; block < blocks; block++) {
    STATE[0] = STATE[0]! + block;
    mix();
    for (let i = 0; i < 4; i++) writeWord(out, 16 * block + 4 * i, STATE[i]!);
  }
  return out.length === length ? out : out.slice(0, length);
}

/** Four bytes of keystream: a count that is scrambled once, which hides a plaintext from a search and no more. */
function streamWord(count: number, mask: number): number {
  return Math.imul(count ^ (count >>> 15), M2) ^ mask;
}

function fold(word: number, multiplier: number): number {
  const product = Math.imul(word ^ (word >>> 15), multiplier);
  return product ^ (product >>> 16);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function readWord(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** Up to four bytes before `end`, filled up with zeros. */
function readRest(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = at; i < end && i < at + 4; i++) word |= bytes[i]! << ((i - at) << 3);
  return word;
}

function writeWord(out: Uint8Array, at: number, word: number): void {
  out[at] = word;
  out[at + 1] = word >>> 8;
  out[at + 2] = word >>> 16;
  out[at + 3] = word >>> 24;
}
