/**
 * The crypto port for sweeps: every function, keyed, with the lengths of the real ones, at a fraction of the cost. It
 * must NEVER be importable by a daemon: only simulated worlds and their tests take it.
 *
 * Why it is no cryptography: a Diffie-Hellman secret and a signature follow from the public keys alone, and the rest
 * stands on one 128-bit state of invertible multiply-and-rotate steps that nobody analysed: take every key for known.
 * What it does promise is what a simulation can notice: ciphertext hides the plaintext from a search, another key,
 * nonce or ad or one flipped bit fails to open, and two different inputs that nobody chose against it share an output
 * with a probability of about 2^-64 or less. It passes `core/crypto/suite-conformance.ts`.
 */
import type { CryptoSuite } from "../core/crypto/suite.ts";
import { HASH_BYTES, KEY_BYTES, sealsInto, SIGNATURE_BYTES, TAG_BYTES, XNONCE_BYTES } from "../core/crypto/suite.ts";
import { assertInvariant } from "../core/invariant.ts";
import { absorb, begin, crypt, digest, isTag, NONCE_BYTES, writeTag } from "./toy-state.ts";

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
  writeTag(out, length);
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
  return isTag(sealed, length);
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
