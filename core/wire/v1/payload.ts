/**
 * Payloads of version 1: nonce (24) ‖ XChaCha20-Poly1305 ciphertext ‖ tag (16), nothing associated. So a relay can serve
 * any payload of a group as any blob of it, which is why ours (`core/blob`) are another format.
 */
import { EMPTY } from "../../bytes.ts";
import { TAG_BYTES, XNONCE_BYTES, type CryptoSuite } from "../../crypto/suite.ts";
import { assertInvariant } from "../../invariant.ts";
import type { Redacted } from "../../redacted.ts";
import { fail, ok, type Result } from "../../result.ts";

export type PayloadErrorV1 =
  | { readonly type: "TooShort"; readonly lengthBytes: number }
  /** Another key, or altered. */
  | { readonly type: "Refused" };

/** `nonce`: 24 bytes of fresh entropy. */
export function sealPayloadV1(
  suite: CryptoSuite,
  key: Redacted<Uint8Array>,
  nonce: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  assertInvariant(nonce.length === XNONCE_BYTES, "a nonce has 24 bytes");
  const payload = new Uint8Array(XNONCE_BYTES + plaintext.length + TAG_BYTES);
  payload.set(nonce);
  suite.xaeadSeal(key.expose(), nonce, EMPTY, plaintext, payload.subarray(XNONCE_BYTES));
  return payload;
}

export function openPayloadV1(
  suite: CryptoSuite,
  key: Redacted<Uint8Array>,
  payload: Uint8Array,
): Result<Uint8Array, PayloadErrorV1> {
  const length = payload.length - XNONCE_BYTES - TAG_BYTES;
  if (length < 0) return fail({ type: "TooShort", lengthBytes: payload.length });
  const plaintext = new Uint8Array(length);
  const nonce = payload.subarray(0, XNONCE_BYTES);
  const isOpen = suite.xaeadOpen(key.expose(), nonce, EMPTY, payload.subarray(XNONCE_BYTES), plaintext);
  return isOpen ? ok(plaintext) : fail({ type: "Refused" });
}
