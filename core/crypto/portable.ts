/**
 * The reference implementation of the crypto port, on the noble libraries: pure, so it runs wherever the language does
 * (a browser included), and slow, so daemons take the *fast* suite. It keeps nothing between calls, and every array it
 * returns is fresh. What the libraries throw for a peer's bytes becomes `false` or `undefined` here; a wrong length is
 * our own mistake and throws `InvariantViolation`.
 */
import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { blake2s } from "@noble/hashes/blake2.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { assertInvariant } from "../invariant.ts";
import type { CryptoSuite } from "./suite.ts";
import { HASH_BYTES, KEY_BYTES, sealsInto, SIGNATURE_BYTES, TAG_BYTES, textOf, XNONCE_BYTES } from "./suite.ts";

/** RFC 8439's nonce. */
const NONCE_BYTES = 12;

export const portableSuite: CryptoSuite = {
  name: "portable",

  aeadSeal(key, nonce, ad, plaintext, out) {
    assertSeal(key, nonce, NONCE_BYTES, plaintext, out);
    chacha20poly1305(key, nonce, ad).encrypt(textOf(plaintext, out), out);
  },

  aeadOpen(key, nonce, ad, sealed, out) {
    assertOpen(key, nonce, NONCE_BYTES, sealed, out);
    try {
      chacha20poly1305(key, nonce, ad).decrypt(sealed, out);
      return true;
    } catch {
      // All lengths were asserted before, so the tag is the only thing left that can be wrong.
      return false;
    }
  },

  xaeadSeal(key, nonce, ad, plaintext, out) {
    assertSeal(key, nonce, XNONCE_BYTES, plaintext, out);
    xchacha20poly1305(key, nonce, ad).encrypt(textOf(plaintext, out), out);
  },

  xaeadOpen(key, nonce, ad, sealed, out) {
    assertOpen(key, nonce, XNONCE_BYTES, sealed, out);
    try {
      xchacha20poly1305(key, nonce, ad).decrypt(sealed, out);
      return true;
    } catch {
      return false;
    }
  },

  hash(bytes) {
    return blake2s(bytes);
  },

  hmac(key, bytes) {
    return hmac(blake2s, key, bytes);
  },

  hkdf(secret, salt, info, length) {
    assertInvariant(length > 0 && length <= 255 * HASH_BYTES, "hkdf: length from 1 to 8160");
    return hkdf(sha256, secret, salt, info, length);
  },

  dhPublicKey(privateKey) {
    assertInvariant(privateKey.length === KEY_BYTES, "dhPublicKey: private key of 32 bytes");
    return x25519.getPublicKey(privateKey);
  },

  dh(privateKey, publicKey) {
    assertInvariant(privateKey.length === KEY_BYTES, "dh: private key of 32 bytes");
    assertInvariant(publicKey.length === KEY_BYTES, "dh: public key of 32 bytes");
    try {
      return x25519.getSharedSecret(privateKey, publicKey);
    } catch {
      // Both lengths are right: what noble refuses here is a public key of small order.
      return undefined;
    }
  },

  signPublicKey(seed) {
    assertInvariant(seed.length === KEY_BYTES, "signPublicKey: seed of 32 bytes");
    return ed25519.getPublicKey(seed);
  },

  sign(seed, message) {
    assertInvariant(seed.length === KEY_BYTES, "sign: seed of 32 bytes");
    return ed25519.sign(message, seed);
  },

  verify(publicKey, message, signature) {
    assertInvariant(publicKey.length === KEY_BYTES, "verify: public key of 32 bytes");
    assertInvariant(signature.length === SIGNATURE_BYTES, "verify: signature of 64 bytes");
    try {
      // Noble's default accepts what ZIP-215 accepts; strict means canonical encodings and no key of small order.
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      return false;
    }
  },
};

function assertSeal(
  key: Uint8Array,
  nonce: Uint8Array,
  nonceBytes: number,
  plaintext: Uint8Array,
  out: Uint8Array,
): void {
  assertInvariant(key.length === KEY_BYTES, "seal: key of 32 bytes");
  assertInvariant(nonce.length === nonceBytes, "seal: nonce length");
  assertInvariant(sealsInto(plaintext, out), "seal: out is 16 bytes longer than the plaintext");
}

function assertOpen(key: Uint8Array, nonce: Uint8Array, nonceBytes: number, sealed: Uint8Array, out: Uint8Array): void {
  assertInvariant(key.length === KEY_BYTES, "open: key of 32 bytes");
  assertInvariant(nonce.length === nonceBytes, "open: nonce length");
  assertInvariant(sealed.length >= TAG_BYTES, "open: at least a tag");
  assertInvariant(out.length === sealed.length - TAG_BYTES, "open: out is 16 bytes shorter than what is sealed");
}
