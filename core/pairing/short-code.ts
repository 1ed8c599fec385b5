/**
 * A short code: 16 characters that a person reads out, XXXX-XXXX-XXXX-XXXX. Random, and unrelated to the group's secret:
 * eight characters to look the sealed invite up at the relay, eight to decrypt it. The relay sees a hash of the first
 * half only and has to guess 40 bits through Argon2id for the second.
 *
 * Crockford's alphabet rather than upstream's RFC 4648, because in it every character that looks like another one means
 * that one: O is 0, I and L are 1, and U, which it lacks, is taken for V.
 */
import { concatBytes } from "../bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { INVITE_LOOKUP_BYTES } from "../limits.ts";
import type { Entropy } from "../machine.ts";
import { Redacted } from "../redacted.ts";
import { fail, ok, type Result } from "../result.ts";
import { encodeText } from "../text.ts";
import { SALT_BYTES } from "./argon2-parameters.ts";

export interface ShortCode {
  /** Eight characters. */
  readonly lookup: Redacted<string>;
  /** Eight characters. */
  readonly decrypt: Redacted<string>;
}

export type ShortCodeError =
  | { readonly type: "WrongLength"; readonly characters: number; readonly charactersWanted: number }
  /** `at` counts characters of the code from 1. */
  | { readonly type: "BadCharacter"; readonly at: number };

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HALF_LENGTH = 8;
const CODE_LENGTH = 2 * HALF_LENGTH;
/** With everything that people put between the characters. */
const TEXT_LENGTH_MAX = 128;
const SEPARATORS = /[\s\-_.·\u2010-\u2015\u2212]/g;
const LOOK_ALIKES: Readonly<Record<string, string>> = { O: "0", I: "1", L: "1", U: "V" };
const LOOKUP_LABEL = encodeText("0k-sync/2 short code lookup");
const SALT_LABEL = encodeText("0k-sync/2 short code salt");

/** 80 fresh bits: one use of a code is one invite. */
export function createShortCode(entropy: Entropy): ShortCode {
  const random = new Uint8Array(CODE_LENGTH);
  entropy.fill("short code", random);
  // 32 characters divide 256: every one is as likely as the others.
  return fromCharacters(Array.from(random, (byte) => ALPHABET[byte & 31]!).join(""));
}

/** Four groups of four. */
export function renderShortCode(code: ShortCode): Redacted<string> {
  const text = code.lookup.expose() + code.decrypt.expose();
  return new Redacted(text.replace(/(.{4})(?=.)/g, "$1-"));
}

/** In either case, with any dashes, dots and white space, and with characters that look like the right ones. */
export function parseShortCode(text: string): Result<ShortCode, ShortCodeError> {
  if (text.length > TEXT_LENGTH_MAX) return wrongLength(text.length);
  const typed = [...text.replace(SEPARATORS, "")];
  if (typed.length !== CODE_LENGTH) return wrongLength(typed.length);
  let characters = "";
  for (const [i, letter] of typed.entries()) {
    const upper = letter.toUpperCase();
    const character = LOOK_ALIKES[upper] ?? upper;
    if (character.length !== 1 || !ALPHABET.includes(character)) return fail({ type: "BadCharacter", at: i + 1 });
    characters += character;
  }
  return ok(fromCharacters(characters));
}

/** What the relay is asked for: 16 bytes that tell it nothing of the half that decrypts. */
export function lookupKeyOf(suite: CryptoSuite, code: ShortCode): Uint8Array {
  return hashOfLookup(suite, LOOKUP_LABEL, code).slice(0, INVITE_LOOKUP_BYTES);
}

/** With `SHORT_CODE_PARAMETERS` and `argonPasswordOf`, the input of the Argon2id run that gives the sealing key. */
export function argonSaltOf(suite: CryptoSuite, code: ShortCode): Uint8Array {
  return hashOfLookup(suite, SALT_LABEL, code).slice(0, SALT_BYTES);
}

export function argonPasswordOf(code: ShortCode): Redacted<Uint8Array> {
  return new Redacted(encodeText(code.decrypt.expose()));
}

function hashOfLookup(suite: CryptoSuite, label: Uint8Array, code: ShortCode): Uint8Array {
  return suite.hash(concatBytes(label, encodeText(code.lookup.expose())));
}

function fromCharacters(characters: string): ShortCode {
  return {
    lookup: new Redacted(characters.slice(0, HALF_LENGTH)),
    decrypt: new Redacted(characters.slice(HALF_LENGTH)),
  };
}

function wrongLength(characters: number): { readonly ok: false; readonly error: ShortCodeError } {
  return fail({ type: "WrongLength", characters, charactersWanted: CODE_LENGTH });
}
