/**
 * Content of version 1: encrypted under a key of its own, then named by the BLAKE3 of its ciphertext. The nonce travels
 * in the ContentRef, not with the ciphertext. Opening believes nothing that the ContentRef says: sizes first, then the
 * hash, then the tag.
 *
 * BLAKE3 is not in the crypto port, because nothing of version 2 needs it.
 */
import { blake3 } from "@noble/hashes/blake3.js";
import { EMPTY, isEqualBytes } from "../../bytes.ts";
import { TAG_BYTES, XNONCE_BYTES, type CryptoSuite } from "../../crypto/suite.ts";
import { assertInvariant } from "../../invariant.ts";
import type { Redacted } from "../../redacted.ts";
import { fail, ok, type Result } from "../../result.ts";
import type { ContentRefV1 } from "./messages.ts";
import { u64 } from "./u64.ts";

/** Upstream's bound on one content. */
export const CONTENT_BYTES_MAX = 100 * 1024 * 1024;

export type ContentErrorV1 =
  | { readonly type: "TooLarge"; readonly lengthBytes: number; readonly limitBytes: number }
  /** The reference contradicts itself, or is of another ciphertext by its size. */
  | { readonly type: "SizeMismatch"; readonly lengthBytes: number }
  | { readonly type: "HashMismatch" }
  /** Another key or blob id, or altered together with its hash. */
  | { readonly type: "Refused" };

export interface SealedContentV1 {
  readonly ciphertext: Uint8Array;
  readonly reference: ContentRefV1;
}

/** `key` from `deriveContentKeyV1`; `nonce`: 24 bytes of fresh entropy. */
export function sealContentV1(
  suite: CryptoSuite,
  key: Redacted<Uint8Array>,
  nonce: Uint8Array,
  plaintext: Uint8Array,
): Result<SealedContentV1, ContentErrorV1> {
  assertInvariant(nonce.length === XNONCE_BYTES, "a nonce has 24 bytes");
  if (plaintext.length > CONTENT_BYTES_MAX) return tooLarge(plaintext.length);
  const ciphertext = new Uint8Array(plaintext.length + TAG_BYTES);
  suite.xaeadSeal(key.expose(), nonce, EMPTY, plaintext, ciphertext);
  return ok({
    ciphertext,
    reference: {
      type: "ContentRef",
      contentHash: blake3(ciphertext),
      encryptionNonce: nonce.slice(),
      contentSize: u64(0, plaintext.length),
      encryptedSize: u64(0, ciphertext.length),
    },
  });
}

export function openContentV1(
  suite: CryptoSuite,
  key: Redacted<Uint8Array>,
  reference: ContentRefV1,
  ciphertext: Uint8Array,
): Result<Uint8Array, ContentErrorV1> {
  const length = ciphertext.length - TAG_BYTES;
  if (length > CONTENT_BYTES_MAX) return tooLarge(length);
  const isSized = length >= 0 && reference.contentSize === u64(0, length);
  if (!isSized || reference.encryptedSize !== u64(0, ciphertext.length)) {
    return fail({ type: "SizeMismatch", lengthBytes: ciphertext.length });
  }
  if (!isEqualBytes(blake3(ciphertext), reference.contentHash)) return fail({ type: "HashMismatch" });
  const plaintext = new Uint8Array(length);
  const isOpen = suite.xaeadOpen(key.expose(), reference.encryptionNonce, EMPTY, ciphertext, plaintext);
  return isOpen ? ok(plaintext) : fail({ type: "Refused" });
}

function tooLarge(lengthBytes: number): { readonly ok: false; readonly error: ContentErrorV1 } {
  return fail({ type: "TooLarge", lengthBytes, limitBytes: CONTENT_BYTES_MAX });
}
