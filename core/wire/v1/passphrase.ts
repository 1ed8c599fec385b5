/**
 * What a person typed, as version 1 gives it to Argon2id: its UTF-8 bytes, not normalised and not trimmed. Upstream's
 * command line takes an empty one; we do not.
 */
import { Redacted } from "../../redacted.ts";
import { fail, ok, type Result } from "../../result.ts";
import { encodeText } from "../../text.ts";

const LENGTH_MAX = 4096;

export type PassphraseErrorV1 =
  | { readonly type: "Empty" }
  | { readonly type: "TooLong"; readonly lengthMax: number }
  /** Half of a surrogate pair: no UTF-8 can hold it, and two different ones would become the same. */
  | { readonly type: "NotText" };

export function parsePassphraseV1(typed: string): Result<Redacted<Uint8Array>, PassphraseErrorV1> {
  if (typed === "") return fail({ type: "Empty" });
  if (typed.length > LENGTH_MAX) return fail({ type: "TooLong", lengthMax: LENGTH_MAX });
  return /\p{Surrogate}/u.test(typed) ? fail({ type: "NotText" }) : ok(new Redacted(encodeText(typed)));
}
