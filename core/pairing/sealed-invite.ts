/**
 * An invite as it waits at a relay for its short code: nonce (24) ‖ XChaCha20-Poly1305 of (u32 length ‖ text ‖ zeros) ‖
 * tag (16). Padded like a blob, so that its size tells the relay nothing of how many relays it names. `key` is
 * Argon2id over the code's second half (`argonPasswordOf`, `argonSaltOf`, `SHORT_CODE_PARAMETERS`), which the caller runs.
 */
import { paddedLength } from "../blob/padding.ts";
import { readU32, writeU32 } from "../bytes.ts";
import { TAG_BYTES, XNONCE_BYTES, type CryptoSuite } from "../crypto/suite.ts";
import { assertInvariant } from "../invariant.ts";
import { INVITE_BYTES_MAX } from "../limits.ts";
import type { Redacted } from "../redacted.ts";
import { fail, type Result } from "../result.ts";
import { encodeText, parseText } from "../text.ts";
import { encodeInvite, parseInvite, type Invite } from "./invite.ts";
import type { InviteError } from "./invite-error.ts";
import type { LegacyInvite } from "./legacy-invite.ts";

const LENGTH_BYTES = 4;
const LABEL = encodeText("0k-sync/2 sealed invite");

export type SealedInviteError =
  | InviteError
  /** The code is another one, or the relay altered what it kept. */
  | { readonly type: "Refused" };

/** `nonce`: 24 bytes of fresh entropy. */
export function sealInvite(
  suite: CryptoSuite,
  key: Redacted<Uint8Array>,
  nonce: Uint8Array,
  invite: Invite,
): Uint8Array {
  assertInvariant(nonce.length === XNONCE_BYTES, "a nonce has 24 bytes");
  const text = encodeText(encodeInvite(invite).expose());
  const plaintext = new Uint8Array(paddedLength(LENGTH_BYTES + text.length));
  writeU32(plaintext, 0, text.length);
  plaintext.set(text, LENGTH_BYTES);
  const sealed = new Uint8Array(XNONCE_BYTES + plaintext.length + TAG_BYTES);
  assertInvariant(sealed.length <= INVITE_BYTES_MAX, "the longest invite fits where it waits");
  sealed.set(nonce);
  suite.xaeadSeal(key.expose(), nonce, LABEL, plaintext, sealed.subarray(XNONCE_BYTES));
  return sealed;
}

/** `wallMs`: the wall clock, for its expiry. */
export function openInvite(
  suite: CryptoSuite,
  key: Redacted<Uint8Array>,
  sealed: Uint8Array,
  wallMs: number,
): Result<Invite | LegacyInvite, SealedInviteError> {
  const length = sealed.length - XNONCE_BYTES - TAG_BYTES;
  if (length < LENGTH_BYTES || sealed.length > INVITE_BYTES_MAX) return fail({ type: "Refused" });
  const plaintext = new Uint8Array(length);
  const nonce = sealed.subarray(0, XNONCE_BYTES);
  if (!suite.xaeadOpen(key.expose(), nonce, LABEL, sealed.subarray(XNONCE_BYTES), plaintext)) {
    return fail({ type: "Refused" });
  }
  const end = LENGTH_BYTES + readU32(plaintext, 0);
  const text = end <= plaintext.length ? parseText(plaintext.subarray(LENGTH_BYTES, end)) : undefined;
  return text === undefined ? fail({ type: "Damaged" }) : parseInvite(text, wallMs);
}
