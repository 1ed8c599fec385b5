/** A passphrase and a salt to the secret of a group (protocol v2: normalised, so that every keyboard types the same). */
import { Redacted } from "../../core/redacted.ts";
import type { Result } from "../../core/result.ts";
import { fail } from "../../core/result.ts";
import { encodeText } from "../../core/text.ts";
import type { Argon2Error, Argon2Parameters } from "./argon2id.ts";
import { argon2id } from "./argon2id.ts";

/** Characters (code points) after normalisation and trimming. */
export const PASSPHRASE_CHARACTERS_MIN = 8;
/** Longer ones are a mistake: a file instead of a passphrase. */
export const PASSPHRASE_CHARACTERS_MAX = 4096;

export type GroupSecretError =
  | { readonly type: "PassphraseTooShort"; readonly charactersMin: number }
  | { readonly type: "PassphraseTooLong"; readonly charactersMax: number }
  | { readonly type: "PassphraseNotText" }
  | Argon2Error;

/** 32 bytes. The salt has 16 random bytes in a group of ours; it and the parameters are kept with the group. */
export async function deriveGroupSecret(
  passphrase: Redacted<string>,
  salt: Uint8Array,
  parameters: Argon2Parameters,
): Promise<Result<Redacted<Uint8Array>, GroupSecretError>> {
  const text = passphrase.expose().normalize("NFKC").trim();
  // Half a character has no bytes of its own: two such passphrases would be the same.
  if (/\p{Surrogate}/u.test(text)) return fail({ type: "PassphraseNotText" });
  const characters = [...text.slice(0, 2 * PASSPHRASE_CHARACTERS_MAX + 1)].length;
  if (characters < PASSPHRASE_CHARACTERS_MIN) {
    return fail({ type: "PassphraseTooShort", charactersMin: PASSPHRASE_CHARACTERS_MIN });
  }
  if (characters > PASSPHRASE_CHARACTERS_MAX) {
    return fail({ type: "PassphraseTooLong", charactersMax: PASSPHRASE_CHARACTERS_MAX });
  }
  return argon2id(new Redacted(encodeText(text)), salt, parameters);
}

/** One sentence for a person. */
export function describeGroupSecretError(error: GroupSecretError): string {
  switch (error.type) {
    case "PassphraseTooShort":
      return `The passphrase is too short: it takes at least ${error.charactersMin} characters.`;
    case "PassphraseTooLong":
      return `The passphrase is too long: it takes at most ${error.charactersMax} characters.`;
    case "PassphraseNotText":
      return "The passphrase holds half a character: type it again, or check the encoding of its file.";
    case "Argon2Parameters":
      return `The Argon2 parameters cannot be used: ${error.why}.`;
  }
}
