/**
 * The crypto port for sweeps: every function, keyed, with the lengths of the real ones, at a fraction of the cost. It
 * must NEVER be importable by a daemon: only simulated worlds and their tests take it.
 *
 * Why it is no cryptography: a Diffie-Hellman secret and a signature follow from the public keys alone, and the rest
 * stands on one 128-bit state of invertible multiply-and-rotate steps that nobody analysed: take every key for known.
 * What it does promise is what a simulation can notice: ciphertext hides the plaintext from a search, another key,
 * nonce or ad or one flipped bit fails to open, and two different inputs that nobody chose against it share an output
 * with a probability of about 2^-64 or less. It passes `core/crypto/suite-conformance.ts`.
 *
 * The state lives in one module-level scratch array, because four numbers cannot be returned without an allocation.
 * `begin` overwrites it completely and no function calls back, so nothing passes from one call to the next.
 */
import type { CryptoSuite } from "../core/crypto/suite.ts";
import { HASH_BYTES, KEY_BYTES, sealsInto, SIGNATURE_BYTES, TAG_BYTES, XNONCE_BYTES } from "../core/crypto/suite.ts";
import { assertInvariant } from "../core/invariant.ts";
import { WordPiece } from "../core/word-piece.ts";

const NONCE_BYTES = 12;

/** One number per use, so that equal bytes in two uses never give equal results. */
const AEAD = 1;
const XAEAD = 2;
const HASH = 3;
const HMAC = 4;
const HKDF_EXTRACT = 5;
const HKDF_EXPAND = 6;
const DH_PUBLIC = 7;
const DH_SHARED = 8;
const SIGN_PUBLIC = 9;
const SIGN = 10;

/** Odd multipliers with about as many ones as zeros, far from each other. */
const M1 = 0x9e3779b1 | 0;
const M2 = 0x85ebca77 | 0;
const M3 = 0xc2b2ae3d | 0;
const M4 = 0x27d4eb2f | 0;

const STATE = new Int32Array(4);
/** The keystream's count, its two masks and the count's step. */
const STREAM = new Int32Array(4);

export const toySuite: CryptoSuite = {
  name: "toy",

  aeadSeal(key, nonce, ad, plaintext, out) {
    assertInvariant(nonce.length === NONCE_BYTES, "aeadSeal: nonce of 12 bytes");
    seal(AEAD, key, nonce, ad, plaintext, out);
  },

  aeadOpen(key, nonce, ad, sealed, out) {
    assertInvariant(nonce.length === NONCE_BYTES, "aeadOpen: nonce of 12 bytes");
    return open(AEAD, key, nonce, ad, sealed, out);
  },

  xaeadSeal(key, nonce, ad, plaintext, out) {
    assertInvariant(nonce.length === XNONCE_BYTES, "xaeadSeal: nonce of 24 bytes");
    seal(XAEAD, key, nonce, ad, plaintext, out);
  },

  xaeadOpen(key, nonce, ad, sealed, out) {
    assertInvariant(nonce.length === XNONCE_BYTES, "xaeadOpen: nonce of 24 bytes");
    return open(XAEAD, key, nonce, ad, sealed, out);
  },

  hash(bytes) {
    begin(HASH);
    absorb(bytes, bytes.length);
    return digest(HASH_BYTES);
  },

  hmac(key, bytes) {
    begin(HMAC);
    absorb(key, key.length);
    absorb(bytes, bytes.length);
    return digest(HASH_BYTES);
  },

  hkdf(secret, salt, info, length) {
    assertInvariant(length > 0 && length <= 255 * HASH_BYTES, "hkdf: length from 1 to 8160");
    begin(HKDF_EXTRACT);
    absorb(salt, salt.length);
    absorb(secret, secret.length);
    const extracted = digest(HASH_BYTES);
    begin(HKDF_EXPAND);
    absorb(extracted, extracted.length);
    absorb(info, info.length);
    return digest(length);
  },

  dhPublicKey(privateKey) {
    assertInvariant(privateKey.length === KEY_BYTES, "dhPublicKey: private key of 32 bytes");
    begin(DH_PUBLIC);
    absorb(privateKey, privateKey.length);
    return digest(KEY_BYTES);
  },

  /** A hash of both public keys in the order of their bytes, so both sides get the same. */
  dh(privateKey, publicKey) {
    assertInvariant(publicKey.length === KEY_BYTES, "dh: public key of 32 bytes");
    if (isSmallOrder(publicKey)) return undefined;
    const own = toySuite.dhPublicKey(privateKey);
    const isFirst = isBefore(own, publicKey);
    begin(DH_SHARED);
    absorb(isFirst ? own : publicKey, KEY_BYTES);
    absorb(isFirst ? publicKey : own, KEY_BYTES);
    return digest(KEY_BYTES);
  },

  signPublicKey(seed) {
    assertInvariant(seed.length === KEY_BYTES, "signPublicKey: seed of 32 bytes");
    begin(SIGN_PUBLIC);
    absorb(seed, seed.length);
    return digest(KEY_BYTES);
  },

  sign(seed, message) {
    return signature(toySuite.signPublicKey(seed), message);
  },

  verify(publicKey, message, given) {
    assertInvariant(publicKey.length === KEY_BYTES, "verify: public key of 32 bytes");
    assertInvariant(given.length === SIGNATURE_BYTES, "verify: signature of 64 bytes");
    const expected = signature(publicKey, message);
    let difference = 0;
    for (let i = 0; i < SIGNATURE_BYTES; i++) difference |= expected[i]! ^ given[i]!;
    return difference === 0;
  },
};

function signature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  begin(SIGN);
  absorb(publicKey, KEY_BYTES);
  absorb(message, message.length);
  return digest(SIGNATURE_BYTES);
}

function seal(
  use: number,
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  plaintext: Uint8Array,
  out: Uint8Array,
): void {
  const length = out.length - TAG_BYTES;
  assertInvariant(key.length === KEY_BYTES, "seal: key of 32 bytes");
  assertInvariant(sealsInto(plaintext, out), "seal: out is 16 bytes longer than the plaintext");
  crypt(use, key, nonce, ad, plaintext, length, out, true);
  for (let i = 0; i < 4; i++) writeWord(out, length + 4 * i, STATE[i]!);
}

function open(
  use: number,
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  sealed: Uint8Array,
  out: Uint8Array,
): boolean {
  const length = sealed.length - TAG_BYTES;
  assertInvariant(key.length === KEY_BYTES, "open: key of 32 bytes");
  assertInvariant(length >= 0, "open: at least a tag");
  assertInvariant(out.length === length, "open: out is 16 bytes shorter than what is sealed");
  crypt(use, key, nonce, ad, sealed, length, out, false);
  let difference = 0;
  for (let i = 0; i < 4; i++) difference |= readWord(sealed, length + 4 * i) ^ STATE[i]!;
  return difference === 0;
}

/**
 * Encrypts or decrypts the first `length` bytes of `from` into `to` and leaves the tag in the state, which takes in the
 * ciphertext as one more field. `to` may begin where `from` begins: a piece is read whole before it is written.
 */
function crypt(
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

/** What is worked on. Overwritten by every `load`. */
const PIECE = new WordPiece(8192);
/** What is shorter is taken in from where it is: keys and nonces are not worth a copy. */
const PIECE_BYTES_MIN = 48;

/** Overwrites the whole state. The words are fractional digits of the roots of 2, 3, 5 and 7. */
function begin(use: number): void {
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
function absorb(bytes: Uint8Array, length: number): void {
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
  let at = 0;
  for (; at + 16 <= length; at += 16) {
    const v = readWord(bytes, at);
    const w = readWord(bytes, at + 4);
    const x = readWord(bytes, at + 8);
    const y = readWord(bytes, at + 12);
    a = rotate(Math.imul(a ^ v, M1), 13);
    b = rotate(Math.imul(b ^ w, M2), 17);
    c = rotate(Math.imul(c ^ x, M3), 15);
    d = rotate(Math.imul(d ^ y, M4), 11);
    e = (rotate(e, 5) + v + x) | 0;
    f = (rotate(f, 9) + w + y) | 0;
  }
  if (at < length) {
    const v = readRest(bytes, at, length);
    const w = readRest(bytes, at + 4, length);
    const x = readRest(bytes, at + 8, length);
    const y = readRest(bytes, at + 12, length);
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

/** A fresh array of `length` bytes: the mixed state, mixed again for every further 16 bytes. */
function digest(length: number): Uint8Array {
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

/** Of the curve's points of small order the two that can be recognised at sight, 0 and 1. */
function isSmallOrder(publicKey: Uint8Array): boolean {
  if (publicKey[0]! > 1) return false;
  let rest = 0;
  for (let i = 1; i < KEY_BYTES; i++) rest |= publicKey[i]!;
  return rest === 0;
}

function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < KEY_BYTES; i++) if (a[i] !== b[i]) return a[i]! < b[i]!;
  return false;
}
