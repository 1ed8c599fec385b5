/**
 * Admits exactly the part of MessagePack that version 2 speaks: arrays, whole numbers from 0 to 2^53 − 1, bin, short
 * str, nil, true and false, each in its shortest form. One forward scan without allocation; bin bodies are skipped.
 *
 * It runs before the library's decoder, for two reasons. That decoder allocates an array by what its header claims
 * (`dc ffff` nested in itself costs a peer three bytes and us half a megabyte each) and it cannot tell 1.0 from 1 or
 * `cc 01` from `01`. With one form for every value, equal messages are equal bytes: what was signed, hashed or
 * compared cannot be written in a second way.
 *
 * Called by `codec.ts` on every frame that came in, and on what goes out, so that we never write what we would refuse.
 */
import { assertInvariant } from "../invariant.ts";
import { TEXT_BYTES_MAX, WIRE_DEPTH_MAX, WIRE_ELEMENTS_MAX } from "../limits.ts";

/** `at` is the offset of the value that is refused; for `Truncated` and `TrailingBytes` the offset reached. */
export type GrammarError =
  /** The bytes end before the value does. */
  | { readonly type: "Truncated"; readonly at: number }
  | { readonly type: "TrailingBytes"; readonly at: number }
  /** A float, map, extension, signed or negative number, or `c1`. */
  | { readonly type: "FormRefused"; readonly at: number; readonly head: number }
  /** A shorter form of the same value exists. */
  | { readonly type: "NotMinimal"; readonly at: number }
  | { readonly type: "IntegerTooLarge"; readonly at: number }
  | { readonly type: "TextTooLong"; readonly at: number }
  /** Not UTF-8, or it begins with a byte order mark, which decoders drop. */
  | { readonly type: "TextMalformed"; readonly at: number }
  | { readonly type: "TooDeep"; readonly at: number }
  | { readonly type: "TooManyElements"; readonly at: number };

type Kind = "integer" | "binary" | "text" | "array";

/** An admitted value with a number in or behind its head: the integer itself, a length or a count. */
interface Form {
  readonly kind: Kind;
  /** Bytes of the number behind the head; 0 when it is in the head's low bits. */
  readonly width: number;
  /** The least number that has no shorter form. */
  readonly least: number;
}

/** Up to 255 bytes: ids, hashes, small payloads. */
const SHORT_BINARY = 0xc4;

const FORMS: readonly (Form | undefined)[] = createForms();

assertInvariant(WIRE_DEPTH_MAX === 3, "the scan keeps what two arrays around the innermost still wait for");

/** `undefined` when `bytes` are exactly one admitted value. */
export function checkGrammar(bytes: Uint8Array): GrammarError | undefined {
  const end = bytes.length;
  let at = 0;
  let elements = 1;
  let depth = 0;
  // Values still to come in the innermost open array, then in the two around it; at depth 0 the one value itself.
  let left = 1;
  let outer1 = 0;
  let outer2 = 0;

  for (;;) {
    while (left === 0) {
      if (depth === 0) return at === end ? undefined : { type: "TrailingBytes", at };
      depth--;
      left = outer1;
      outer1 = outer2;
      outer2 = 0;
    }
    if (at === end) return { type: "Truncated", at };
    left--;

    const head = bytes[at]!;
    if (head < 0x80 || head === 0xc0 || head === 0xc2 || head === 0xc3) {
      at++;
      continue;
    }
    // Most of what a message holds, and never too long a form: not worth a look at the table.
    if (head === SHORT_BINARY && at + 1 < end) {
      at += 2 + bytes[at + 1]!;
      if (at > end) return { type: "Truncated", at: end };
      continue;
    }

    const form = FORMS[head];
    if (form === undefined) return { type: "FormRefused", at, head };
    const { kind, width } = form;
    const body = at + 1 + width;
    if (body > end) return { type: "Truncated", at: end };
    const value = width === 0 ? head & (kind === "array" ? 0x0f : 0x1f) : readNumber(bytes, at + 1, width);
    if (value < form.least) return { type: "NotMinimal", at };

    if (kind === "array") {
      if (depth === WIRE_DEPTH_MAX) return { type: "TooDeep", at };
      elements += value;
      if (elements > WIRE_ELEMENTS_MAX) return { type: "TooManyElements", at };
      depth++;
      outer2 = outer1;
      outer1 = left;
      left = value;
      at = body;
    } else if (kind === "integer") {
      if (value > Number.MAX_SAFE_INTEGER) return { type: "IntegerTooLarge", at };
      at = body;
    } else {
      if (kind === "text" && value > TEXT_BYTES_MAX) return { type: "TextTooLong", at };
      if (value > end - body) return { type: "Truncated", at: end };
      if (kind === "text" && !isText(bytes, body, body + value)) return { type: "TextMalformed", at };
      at = body + value;
    }
  }
}

function createForms(): (Form | undefined)[] {
  const forms: (Form | undefined)[] = Array.from({ length: 256 }, () => undefined);
  for (let head = 0x90; head < 0xa0; head++) forms[head] = { kind: "array", width: 0, least: 0 };
  for (let head = 0xa0; head < 0xc0; head++) forms[head] = { kind: "text", width: 0, least: 0 };
  forms[0xc4] = { kind: "binary", width: 1, least: 0 };
  forms[0xc5] = { kind: "binary", width: 2, least: 0x100 };
  forms[0xc6] = { kind: "binary", width: 4, least: 0x1_0000 };
  forms[0xcc] = { kind: "integer", width: 1, least: 0x80 };
  forms[0xcd] = { kind: "integer", width: 2, least: 0x100 };
  forms[0xce] = { kind: "integer", width: 4, least: 0x1_0000 };
  forms[0xcf] = { kind: "integer", width: 8, least: 0x1_0000_0000 };
  forms[0xd9] = { kind: "text", width: 1, least: 0x20 };
  forms[0xda] = { kind: "text", width: 2, least: 0x100 };
  forms[0xdb] = { kind: "text", width: 4, least: 0x1_0000 };
  forms[0xdc] = { kind: "array", width: 2, least: 0x10 };
  forms[0xdd] = { kind: "array", width: 4, least: 0x1_0000 };
  return forms;
}

/** Big-endian. Above 2^53 it is rounded, never to something below, so that the comparison with the limit holds. */
function readNumber(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = at; i < at + width; i++) value = value * 256 + bytes[i]!;
  return value;
}

/** Well-formed UTF-8 (Unicode table 3-7: no overlong form, no surrogate, nothing above U+10FFFF), no leading U+FEFF. */
function isText(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from >= 3 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf) return false;
  let at = from;
  while (at < to) {
    const lead = bytes[at++]!;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (more > to - at) return false;
    const second = bytes[at]!;
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high) return false;
    for (let i = 1; i < more; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return false;
    at += more;
  }
  return true;
}
