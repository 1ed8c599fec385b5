/**
 * The crypto port on the host's own library, for daemons and devices: the same bytes as the portable suite, five to
 * fifty times as fast. Noble stays where the host has nothing: `hchacha`, which turns XChaCha20 into ChaCha20, and
 * HKDF, where the host is no faster.
 *
 * One difference is left, on the strict side. The host multiplies by no cofactor, so a signature that fits only after
 * that multiplication (which no honest signer makes: its R or key has a component of small order) is refused here and
 * taken by the portable suite. Everything that is taken here is taken there. Asking the slow suite after each refusal
 * would let a stranger spend three milliseconds of our time with every wrong signature.
 */
import { createHmac, diffieHellman, hash, sign, verify } from "node:crypto";
import type { CipherChaCha20Poly1305, DecipherChaCha20Poly1305 } from "node:crypto";
import { hchacha } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { CryptoSuite } from "../../core/crypto/suite.ts";
import {
  HASH_BYTES,
  KEY_BYTES,
  sealsInto,
  SIGNATURE_BYTES,
  TAG_BYTES,
  textOf,
  XNONCE_BYTES,
} from "../../core/crypto/suite.ts";
import { assertInvariant } from "../../core/invariant.ts";
import { isStrictPublicKey } from "./ed25519-point.ts";
import { exportPublicKey, importPrivateKey, importPublicKey, KeyObjects } from "./key-objects.ts";
import { type Ciphers, FRESH_CIPHERS } from "./next-ciphers.ts";

const HASH = "blake2s256";
/** RFC 8439's nonce. */
const NONCE_BYTES = 12;
/** "expand 32-byte k", as the four words of ChaCha's first row. */
const SIGMA = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);

/** `ciphers`: `NextCiphers` for a process that has time between messages and a peer that waits. */
export function createFastSuite(ciphers: Ciphers = FRESH_CIPHERS): CryptoSuite {
  const dhPrivate = new KeyObjects((bytes) => importPrivateKey("X25519", bytes));
  const dhPublic = new KeyObjects((bytes) => importPublicKey("X25519", bytes));
  const signers = new KeyObjects((bytes) => importPrivateKey("Ed25519", bytes));
  const verifiers = new KeyObjects((bytes) => importPublicKey("Ed25519", bytes));

  return {
    name: "fast",

    aeadSeal(key, nonce, ad, plaintext, out) {
      assertSeal(key, nonce, NONCE_BYTES, plaintext, out);
      seal(ciphers.sealing(key, nonce), ad, plaintext, out);
    },

    aeadOpen(key, nonce, ad, sealed, out) {
      assertOpen(key, nonce, NONCE_BYTES, sealed, out);
      return open(ciphers.opening(key, nonce), ad, sealed, out);
    },

    xaeadSeal(key, nonce, ad, plaintext, out) {
      assertSeal(key, nonce, XNONCE_BYTES, plaintext, out);
      seal(FRESH_CIPHERS.sealing(subkey(key, nonce), shortNonce(nonce)), ad, plaintext, out);
    },

    xaeadOpen(key, nonce, ad, sealed, out) {
      assertOpen(key, nonce, XNONCE_BYTES, sealed, out);
      return open(FRESH_CIPHERS.opening(subkey(key, nonce), shortNonce(nonce)), ad, sealed, out);
    },

    hash(bytes) {
      return plain(hash(HASH, bytes, "buffer"));
    },

    hmac(key, bytes) {
      return plain(createHmac(HASH, key).update(bytes).digest());
    },

    hkdf(secret, salt, info, length) {
      assertInvariant(length > 0 && length <= 255 * HASH_BYTES, "hkdf: length from 1 to 8160");
      return hkdf(sha256, secret, salt, info, length);
    },

    dhPublicKey(privateKey) {
      assertInvariant(privateKey.length === KEY_BYTES, "dhPublicKey: private key of 32 bytes");
      return exportPublicKey(dhPrivate.of(privateKey));
    },

    dh(privateKey, publicKey) {
      assertInvariant(privateKey.length === KEY_BYTES, "dh: private key of 32 bytes");
      assertInvariant(publicKey.length === KEY_BYTES, "dh: public key of 32 bytes");
      try {
        return plain(diffieHellman({ privateKey: dhPrivate.of(privateKey), publicKey: dhPublic.of(publicKey) }));
      } catch {
        // Both lengths are right: what is refused here is a secret of zeros.
        return undefined;
      }
    },

    signPublicKey(seed) {
      assertInvariant(seed.length === KEY_BYTES, "signPublicKey: seed of 32 bytes");
      return exportPublicKey(signers.of(seed));
    },

    sign(seed, message) {
      assertInvariant(seed.length === KEY_BYTES, "sign: seed of 32 bytes");
      return plain(sign(null, message, signers.of(seed)));
    },

    verify(publicKey, message, signature) {
      assertInvariant(publicKey.length === KEY_BYTES, "verify: public key of 32 bytes");
      assertInvariant(signature.length === SIGNATURE_BYTES, "verify: signature of 64 bytes");
      // The host itself refuses an S of the order or above, and compares R as bytes.
      return isStrictPublicKey(publicKey) && verify(null, message, verifiers.of(publicKey), signature);
    },
  };
}

function seal(cipher: CipherChaCha20Poly1305, ad: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
  const text = textOf(plaintext, out);
  const { length } = text;
  if (ad.length > 0) cipher.setAAD(ad, { plaintextLength: length });
  out.set(cipher.update(text));
  cipher.final();
  out.set(cipher.getAuthTag(), length);
}

function open(decipher: DecipherChaCha20Poly1305, ad: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean {
  const length = sealed.length - TAG_BYTES;
  if (ad.length > 0) decipher.setAAD(ad, { plaintextLength: length });
  decipher.setAuthTag(sealed.subarray(length));
  try {
    const plaintext = decipher.update(sealed.subarray(0, length));
    decipher.final();
    out.set(plaintext);
    return true;
  } catch {
    // All lengths were asserted before, so the tag is the only thing left that can be wrong.
    return false;
  }
}

/** XChaCha20 is ChaCha20 under a key from the first 16 bytes of the nonce … */
function subkey(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const out = new Uint32Array(8);
  hchacha(SIGMA, words(key, 8), words(nonce, 4), out);
  return bytesOf(out);
}

/** … with the other 8 as its nonce, after four zeros. */
function shortNonce(nonce: Uint8Array): Uint8Array {
  const short = new Uint8Array(NONCE_BYTES);
  short.set(nonce.subarray(16), 4);
  return short;
}

function words(bytes: Uint8Array, count: number): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: count }, (_, i) => view.getUint32(4 * i, true));
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  for (const [i, number] of numbers.entries()) view.setUint32(4 * i, number, true);
  return new Uint8Array(view.buffer);
}

/** The same memory without `Buffer`'s habits: its `slice` shares memory where ours copies. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

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
