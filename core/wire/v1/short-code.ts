/**
 * Upstream's short code: the first ten bytes of the group secret in RFC 4648 base32, in four groups of four. It gives
 * away 80 bits of the secret and cannot be joined with, so it is here only to read and compare such codes; ours is in
 * `core/pairing/short-code.ts` and has nothing to do with the secret.
 */
import { assertInvariant } from "../../invariant.ts";
import { Redacted } from "../../redacted.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CODE_BYTES = 10;
const CODE_LENGTH = 16;

export function encodeShortCodeV1(secret: Redacted<Uint8Array>): Redacted<string> {
  const bytes = secret.expose();
  assertInvariant(bytes.length >= CODE_BYTES, "a short code of version 1 needs ten bytes of secret");
  let code = "";
  let word = 0;
  let bits = 0;
  for (const byte of bytes.subarray(0, CODE_BYTES)) {
    word = ((word << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) code += ALPHABET[(word >> (bits - 5)) & 31]!;
  }
  return new Redacted(code.replace(/(.{4})(?=.)/g, "$1-"));
}

/** The first ten bytes of the secret. Dashes anywhere are dropped; lower case is refused, as upstream does. */
export function parseShortCodeV1(text: string): Redacted<Uint8Array> | undefined {
  // Sixteen characters with a dash after each are the longest text that is still believed to be a code.
  if (text.length > 2 * CODE_LENGTH) return undefined;
  const code = text.replaceAll("-", "");
  if (code.length !== CODE_LENGTH) return undefined;
  const bytes = new Uint8Array(CODE_BYTES);
  let word = 0;
  let bits = 0;
  let at = 0;
  for (const character of code) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    word = ((word << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = word >> bits;
  }
  return new Redacted(bytes);
}
