/**
 * The forms in which a secret may occur in what a relay reads: as it is, reversed, as hex of both cases, as base64 and
 * base64url at the three alignments. Of a base64 form only the characters that the secret alone decides belong to it.
 */

/** The shortest secret that is looked for: a shorter one occurs by chance. */
export const CANARY_BYTES_MIN = 8;

export const FORMS = ["raw", "reversed", "hex", "upper-case hex", "base64", "base64url"] as const;
export const RAW = 0;
export const REVERSED = 1;
/** And 3 for upper case. */
export const HEX = 2;
/** And 5 for base64url. */
export const BASE64 = 4;

function alphabet(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const DIGITS = [alphabet("0123456789abcdef"), alphabet("0123456789ABCDEF")] as const;
const SIXES = [alphabet(`${LETTERS}+/`), alphabet(`${LETTERS}-_`)] as const;

/** No character of the alphabet. */
export const NONE = 255;

/** What each byte stands for as a character of the given alphabets, or `NONE`. */
function valuesIn(alphabets: readonly Uint8Array[]): Uint8Array {
  const values = new Uint8Array(256).fill(NONE);
  for (const chars of alphabets) for (let i = 0; i < chars.length; i++) values[chars[i]!] = i;
  return values;
}

export const DIGIT_OF = valuesIn(DIGITS);

/** Of a character of any text. */
export function digitOf(code: number): number {
  return code < DIGIT_OF.length ? DIGIT_OF[code]! : NONE;
}

/** Every hex digit is also a character of base64. */
export const SIX_OF = valuesIn(SIXES);

/** Characters of the shortest form in text: eight bytes as base64, without what they share with others. */
export const TEXT_CHARS_MIN = Math.floor((8 * CANARY_BYTES_MIN - 4) / 6);

/** Six bits of `value` from bit `at` on, as a number. */
function sixBits(value: Uint8Array, at: number): number {
  const byte = at >>> 3;
  const pair = (value[byte]! << 8) | (value[byte + 1] ?? 0);
  return (pair >>> (10 - (at & 7))) & 63;
}

/** Bits of `value` that share their first base64 character with `shift` bytes before it. */
function bitsSkipped(shift: number): number {
  return (6 - ((8 * shift) % 6)) % 6;
}

/** Byte `i` of a secret in one of its forms; `shift`: how many bytes beyond a multiple of three stand before it. */
export function formByte(value: Uint8Array, form: number, shift: number, i: number): number {
  if (form === RAW) return value[i]!;
  if (form === REVERSED) return value[value.length - 1 - i]!;
  if (form < BASE64) return DIGITS[form - HEX]![(value[i >>> 1]! >>> (i & 1 ? 0 : 4)) & 15]!;
  return SIXES[form - BASE64]![sixBits(value, bitsSkipped(shift) + 6 * i)]!;
}

export function formLength(value: Uint8Array, form: number, shift: number): number {
  if (form < HEX) return value.length;
  if (form < BASE64) return 2 * value.length;
  return Math.floor((8 * value.length - bitsSkipped(shift)) / 6);
}

/** Whether the secret begins at `offset` of the text, in this form. */
export function isFormAt(text: Uint8Array, offset: number, value: Uint8Array, form: number, shift: number): boolean {
  const length = formLength(value, form, shift);
  if (offset < 0 || offset + length > text.length) return false;
  let same = 0;
  while (same < length && text[offset + same] === formByte(value, form, shift, same)) same++;
  return same === length;
}
