/**
 * The port to all cryptography: synchronous and complete. Three implementations: *portable* (`portable.ts`, the
 * reference), *fast* (in `harness`, on the host's own library) and *toy* (in `sim`, made for speed, never for data).
 * All of them pass the cases of `suite-conformance.ts`.
 *
 * Both seals work in place: `plaintext` may be the beginning of `out`, or `out` itself, whose last 16 bytes are then the
 * tag's room.
 *
 * Lengths: keys, hashes and public keys 32 bytes, signatures 64, tags 16. A function given another length throws
 * `InvariantViolation`: what comes from a peer is measured before it gets here.
 */
export interface CryptoSuite {
  readonly name: string;

  /** ChaCha20-Poly1305 (RFC 8439), 12-byte nonce. Writes ciphertext ‖ tag to `out`, which is 16 bytes longer than `plaintext`. */
  aeadSeal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void;
  /** The reverse; `out` is 16 bytes shorter than `sealed`. False, and `out` worthless, when anything was altered. */
  aeadOpen(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean;

  /** XChaCha20-Poly1305, 24-byte nonce. Writes ciphertext ‖ tag to `out`, which is 16 bytes longer than `plaintext`. */
  xaeadSeal(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void;
  /** The reverse; `out` is 16 bytes shorter than `sealed`. False, and `out` worthless, when anything was altered. */
  xaeadOpen(key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean;

  /** BLAKE2s-256 (RFC 7693), unkeyed: Noise, chains, payload hashes. */
  hash(bytes: Uint8Array): Uint8Array;
  /** HMAC over `hash`, block size 64 (Noise's HKDF). */
  hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** HKDF-SHA256 (RFC 5869): group keys, with upstream's labels. */
  hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;

  /** X25519 public key of a private one. */
  dhPublicKey(privateKey: Uint8Array): Uint8Array;
  /** X25519 (RFC 7748); `undefined` when the shared secret is all zero (a public key of small order). */
  dh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined;

  /** Ed25519 (RFC 8032) public key of a 32-byte seed. */
  signPublicKey(seed: Uint8Array): Uint8Array;
  sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  /** Strict verification: canonical encodings only, no small-order keys. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

export const TAG_BYTES = 16;
export const KEY_BYTES = 32;
export const HASH_BYTES = 32;
export const SIGNATURE_BYTES = 64;
export const XNONCE_BYTES = 24;

/** Whether `out` has room for what `plaintext` becomes when it is sealed. */
export function sealsInto(plaintext: Uint8Array, out: Uint8Array): boolean {
  return plaintext === out ? out.length >= TAG_BYTES : out.length === plaintext.length + TAG_BYTES;
}

/** What is to be sealed into `out`: `plaintext`, or `out` without the tag's room. */
export function textOf(plaintext: Uint8Array, out: Uint8Array): Uint8Array {
  return plaintext === out ? out.subarray(0, out.length - TAG_BYTES) : plaintext;
}
