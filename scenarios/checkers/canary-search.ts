/**
 * Looks for many secrets at once in everything a relay can read: as they are, reversed, as hex of both cases, as base64
 * and base64url at the three alignments. A text is read at every second byte: wherever a form begins, one of its first two
 * windows of four bytes stands at an even place. Only these windows (the *anchors*) are computed beforehand, into a bit
 * table that is asked for each such place of the text; a form is written out in full only where one of its anchors was
 * met. So a secret costs a few numbers, and two bytes of text a few instructions. (Every fourth byte would halve the
 * latter and double the former: most runs plant about as many secrets as a relay reads frames.)
 */
import { WordPiece } from "../../core/word-piece.ts";

export interface CanaryHit {
  /** What `add` returned. */
  readonly canary: number;
  readonly form: string;
  readonly offset: number;
}

/** The shortest secret that is looked for: a shorter one occurs by chance. */
export const CANARY_BYTES_MIN = 8;

const FORMS = ["raw", "reversed", "hex", "upper-case hex", "base64", "base64url"] as const;
const RAW = 0;
const REVERSED = 1;
/** And 3 for upper case. */
const HEX_LOWER = 2;
/** And 5 for base64url. */
const BASE64 = 4;

/** Of each secret: two of each of four forms, and of two more at three alignments. */
const ANCHORS = 20;

/** 2^18 bits at first: 32 KiB, which stays in the cache, and is soon made for each run. */
const HASH_BITS_MIN = 18;
const HASH_BITS_MAX = 30;
const HASH_FACTOR = 0x9e3779b1;
/** Bits of the table for each anchor, at least: below, too many words of a text would have to be compared. */
const BITS_PER_ANCHOR = 16;
/** The chains of anchors have so many times fewer slots. */
const SLOT_BITS_LESS = 5;

function alphabet(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const DIGITS = [alphabet("0123456789abcdef"), alphabet("0123456789ABCDEF")] as const;
const SIXES = [alphabet(`${LETTERS}+/`), alphabet(`${LETTERS}-_`)] as const;

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

/** Byte `i` of a secret in one of its forms, as far as the secret alone decides it. */
function formByte(value: Uint8Array, form: number, shift: number, i: number): number {
  if (form === RAW) return value[i]!;
  if (form === REVERSED) return value[value.length - 1 - i]!;
  if (form < BASE64) return DIGITS[form - HEX_LOWER]![(value[i >>> 1]! >>> (i & 1 ? 0 : 4)) & 15]!;
  return SIXES[form - BASE64]![sixBits(value, bitsSkipped(shift) + 6 * i)]!;
}

function formLength(value: Uint8Array, form: number, shift: number): number {
  if (form < HEX_LOWER) return value.length;
  if (form < BASE64) return 2 * value.length;
  return Math.floor((8 * value.length - bitsSkipped(shift)) / 6);
}

/** The text that is searched, as words. */
const PIECE = new WordPiece(4096);

export class CanarySearch {
  #hashBits = HASH_BITS_MIN;
  #table = new Uint8Array(1 << (HASH_BITS_MIN - 3));
  /** Chains of anchors by hash: index + 1, 0 ends a chain. */
  #heads = new Int32Array(1 << (HASH_BITS_MIN - SLOT_BITS_LESS));
  #next: Int32Array;
  #words: Int32Array;
  #canaryOf: Int32Array;
  #whereOf: Uint8Array;
  #count = 0;
  /** The secrets one after the other, and where each begins; the last entry is the end of all. */
  #values: Uint8Array;
  readonly #starts: number[] = [0];

  /** There is room for so many secrets of 32 bytes, and more when they come. */
  constructor(expected = 50) {
    const anchors = ANCHORS * expected;
    this.#next = new Int32Array(anchors);
    this.#words = new Int32Array(anchors);
    this.#canaryOf = new Int32Array(anchors);
    this.#whereOf = new Uint8Array(anchors);
    this.#values = new Uint8Array(32 * expected);
  }

  /** Looks for `value` (at least `CANARY_BYTES_MIN` bytes) from now on. Returns its number, from 0. */
  add(value: Uint8Array): number {
    const canary = this.#starts.length - 1;
    this.#keep(value);
    for (let form = RAW; form < FORMS.length; form++) {
      const shifts = form < BASE64 ? 1 : 3;
      for (let shift = 0; shift < shifts; shift++) {
        let word = 0;
        for (let i = 0; i < 4; i++) word = (word >>> 8) | (formByte(value, form, shift, i) << 24);
        const where = (form << 3) | (shift << 1);
        this.#anchor(word, canary, where);
        this.#anchor((word >>> 8) | (formByte(value, form, shift, 4) << 24), canary, where | 1);
      }
    }
    return canary;
  }

  /** A place where a secret begins in `text`. */
  find(text: Uint8Array): CanaryHit | undefined {
    if (text.length < 4 || this.#count === 0) return undefined;
    // Pieces overlap by a word, so that no window lies across two of them.
    for (let at = 0; at + 4 <= text.length; at += PIECE.bytesMax - 4) {
      const count = Math.min(PIECE.bytesMax, text.length - at);
      PIECE.load(text, at, count);
      const hit = this.#findInPiece(text, at, count >> 2);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  /** The piece holds so many whole words of the text, from `from` on, and what is left of the text behind them. */
  #findInPiece(text: Uint8Array, from: number, count: number): CanaryHit | undefined {
    const table = this.#table;
    const shift = 32 - this.#hashBits;
    const { words } = PIECE;
    let word = words[0]!;
    for (let i = 0; i < count; i++) {
      const bit = Math.imul(word, HASH_FACTOR) >>> shift;
      if ((table[bit >>> 3]! & (1 << (bit & 7))) !== 0) {
        const hit = this.#compare(text, from + 4 * i, word);
        if (hit !== undefined) return hit;
      }
      const next = i + 1 < words.length ? words[i + 1]! : 0;
      const between = (word >>> 16) | (next << 16);
      const other = Math.imul(between, HASH_FACTOR) >>> shift;
      if ((table[other >>> 3]! & (1 << (other & 7))) !== 0) {
        const hit = this.#compare(text, from + 4 * i + 2, between);
        if (hit !== undefined) return hit;
      }
      word = next;
    }
    return undefined;
  }

  #keep(value: Uint8Array): void {
    const start = this.#starts[this.#starts.length - 1]!;
    const end = start + value.length;
    if (end > this.#values.length) {
      const larger = new Uint8Array(2 * this.#values.length + value.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values.set(value, start);
    this.#starts.push(end);
  }

  /** `where`: form, shift and offset of the word in the form, packed. */
  #anchor(word: number, canary: number, where: number): void {
    if (this.#count === this.#words.length) this.#grow();
    const anchor = this.#count++;
    this.#words[anchor] = word;
    this.#canaryOf[anchor] = canary;
    this.#whereOf[anchor] = where;
    if (this.#count * BITS_PER_ANCHOR > 2 ** this.#hashBits && this.#hashBits < HASH_BITS_MAX) this.#widen();
    else this.#chain(anchor);
  }

  #chain(anchor: number): void {
    const hash = Math.imul(this.#words[anchor]!, HASH_FACTOR);
    const bit = hash >>> (32 - this.#hashBits);
    this.#table[bit >>> 3] = this.#table[bit >>> 3]! | (1 << (bit & 7));
    const slot = bit >>> SLOT_BITS_LESS;
    this.#next[anchor] = this.#heads[slot]!;
    this.#heads[slot] = anchor + 1;
  }

  /** Four times the table: all anchors are put in anew. */
  #widen(): void {
    this.#hashBits += 2;
    this.#table = new Uint8Array(2 ** (this.#hashBits - 3));
    this.#heads = new Int32Array(2 ** (this.#hashBits - SLOT_BITS_LESS));
    for (let anchor = 0; anchor < this.#count; anchor++) this.#chain(anchor);
  }

  #grow(): void {
    const size = 2 * this.#words.length;
    const enlarge = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(size);
      larger.set(old);
      return larger;
    };
    this.#next = enlarge(this.#next);
    this.#words = enlarge(this.#words);
    this.#canaryOf = enlarge(this.#canaryOf);
    const places = new Uint8Array(size);
    places.set(this.#whereOf);
    this.#whereOf = places;
  }

  #compare(text: Uint8Array, at: number, word: number): CanaryHit | undefined {
    let anchor = this.#heads[Math.imul(word, HASH_FACTOR) >>> (32 - this.#hashBits + SLOT_BITS_LESS)]! - 1;
    for (; anchor >= 0; anchor = this.#next[anchor]! - 1) {
      if (this.#words[anchor] !== word) continue;
      const canary = this.#canaryOf[anchor]!;
      const where = this.#whereOf[anchor]!;
      const value = this.#values.subarray(this.#starts[canary], this.#starts[canary + 1]);
      const form = where >>> 3;
      const shift = (where >>> 1) & 3;
      const offset = at - (where & 1);
      const length = formLength(value, form, shift);
      if (offset < 0 || offset + length > text.length) continue;
      let same = 0;
      while (same < length && text[offset + same] === formByte(value, form, shift, same)) same++;
      if (same === length) return { canary, form: FORMS[form]!, offset };
    }
    return undefined;
  }
}
