/**
 * Looks for many secrets at once in everything a relay can read, in the forms of `canary-forms.ts`. Of each secret only
 * its first four windows of four bytes, and those of its reverse, are entered into a bit table (its *anchors*); the text is
 * read at every fourth byte, and wherever a secret begins, one of its anchors stands at such a place. Where the text has a
 * run of characters of base64, which random bytes hardly ever have, it is decoded at each of them, as hex and as base64,
 * and what comes out is looked up as well. So a secret costs a few numbers, and four bytes of text a few instructions; a
 * secret is compared in full only where one of its anchors was met.
 */
import { WordPiece } from "../../core/word-piece.ts";
import {
  BASE64,
  CANARY_BYTES_MIN,
  DIGIT_OF,
  digitOf,
  FORMS,
  HEX,
  isFormAt,
  NONE,
  RAW,
  REVERSED,
  SIX_OF,
  TEXT_CHARS_MIN,
} from "./canary-forms.ts";

export interface CanaryHit {
  /** What `add` returned. */
  readonly canary: number;
  readonly form: string;
  readonly offset: number;
}

const WINDOWS = 4;
/** Of each secret; an anchor's number is its canary's, then its direction, then its window. */
const ANCHORS = 2 * WINDOWS;

/** 2^16 bits at first: 8 KiB, which stays in the cache, and is soon made for each run. */
const HASH_BITS_MIN = 16;
const HASH_BITS_MAX = 30;
const HASH_FACTOR = 0x9e3779b1;
/** Bits of the table for each anchor, at least: below, too many words of a text would have to be compared. */
const BITS_PER_ANCHOR = 16;
/** Of a hash: which bit of a word of the table. */
const WORD_BITS = 5;
/** The chains of anchors have so many bits fewer: a slot for each word of the table. */
const SLOT_BITS_LESS = 5;

/** In each byte of a word: the bit that no character of base64 has, and that of which it has this or the next lower one. */
const BIT_7 = 0x80808080 | 0;
const BIT_6 = 0x40404040;
/** Characters that are decoded at a time: six of base64 hold a window, eight of hex. */
const SIXES_READ = 6;
const DIGITS_READ = 8;

/** The text that is searched, as words. */
const PIECE = new WordPiece(4096);

export class CanarySearch {
  #hashBits = HASH_BITS_MIN;
  #table = new Int32Array(1 << (HASH_BITS_MIN - WORD_BITS));
  /** Chains of anchors by hash: number + 1, 0 ends a chain. */
  #heads = new Int32Array(1 << (HASH_BITS_MIN - SLOT_BITS_LESS));
  #next: Int32Array;
  /** The secrets one after the other, and where each begins; the last entry is the end of all. */
  #values: Uint8Array;
  readonly #starts: number[] = [0];
  /** Of the search that goes on. */
  #text!: Uint8Array;
  #hit: CanaryHit | undefined;
  /** Canary and form of the hit as one number: of several at one place the highest counts. */
  #rank = 0;

  /** There is room for so many secrets of 32 bytes, and more when they come. */
  constructor(expected = 50) {
    this.#next = new Int32Array(ANCHORS * expected);
    this.#values = new Uint8Array(32 * expected);
  }

  get #count(): number {
    return this.#starts.length - 1;
  }

  /** Looks for this secret, in hex, from now on. Returns its number, from 0; `undefined` for what is too short or no hex. */
  add(hex: string): number | undefined {
    const canary = this.#count;
    if (hex.length < 2 * CANARY_BYTES_MIN || hex.length % 2 !== 0 || !this.#keep(hex)) return undefined;
    const anchors = ANCHORS * this.#count;
    if (anchors > this.#next.length) {
      const larger = new Int32Array(2 * anchors);
      larger.set(this.#next);
      this.#next = larger;
    }
    if (anchors * BITS_PER_ANCHOR > 1 << this.#hashBits && this.#hashBits < HASH_BITS_MAX) this.#widen();
    else this.#enter(canary);
    return canary;
  }

  /** The place where a secret begins first in `text`; of several, the secret that was added last. */
  find(text: Uint8Array): CanaryHit | undefined {
    if (this.#count === 0) return undefined;
    this.#text = text;
    this.#hit = undefined;
    let searched = 0;
    for (let at = 0; at < text.length; at += PIECE.bytesMax) {
      const count = Math.min(PIECE.bytesMax, text.length - at);
      PIECE.load(text, at, count);
      searched = this.#searchPiece(at, count >> 2, searched);
    }
    return this.#hit;
  }

  /** The piece holds so many whole words of the text, from `from` on. Returns how far the text was decoded. */
  #searchPiece(from: number, count: number, decoded: number): number {
    const table = this.#table;
    const shift = 32 - this.#hashBits;
    const { words } = PIECE;
    for (let i = 0; i < count; i++) {
      const word = words[i]!;
      const bit = Math.imul(word, HASH_FACTOR) >>> shift;
      if ((table[bit >>> WORD_BITS]! & (1 << bit)) !== 0) this.#meet(word, from + 4 * i);
      if (mayBeText(word) && from + 4 * i >= decoded) decoded = this.#searchRun(from + 4 * i, decoded);
    }
    return decoded;
  }

  /** A run of characters around four bytes, if they all are some. Returns how far it goes. */
  #searchRun(at: number, decoded: number): number {
    const text = this.#text;
    let to = at;
    while (to < text.length && SIX_OF[text[to]!] !== NONE) to++;
    if (to < at + 4) return decoded;
    let from = at;
    while (from > decoded && SIX_OF[text[from - 1]!] !== NONE) from--;
    if (to - from < TEXT_CHARS_MIN) return to;
    for (let i = from; i < to; i++) {
      if (i + SIXES_READ <= to) this.#decodeSixes(i);
      if (i + DIGITS_READ <= to) this.#decodeDigits(i);
    }
    return to;
  }

  /** A secret's window may begin with a character, or after its first four bits. */
  #decodeSixes(at: number): void {
    const text = this.#text;
    const first =
      (SIX_OF[text[at]!]! << 18) |
      (SIX_OF[text[at + 1]!]! << 12) |
      (SIX_OF[text[at + 2]!]! << 6) |
      SIX_OF[text[at + 3]!]!;
    const last = (SIX_OF[text[at + 4]!]! << 6) | SIX_OF[text[at + 5]!]!;
    const even = littleEndian((first << 8) | (last >>> 4));
    this.#meetDecoded(even, 0, BASE64, 0, at);
    this.#meetDecoded(even, 1, BASE64, 2, at - 1);
    this.#meetDecoded(littleEndian((first << 12) | last), 1, BASE64, 1, at);
  }

  #decodeDigits(at: number): void {
    const text = this.#text;
    let word = 0;
    for (let i = at; i < at + DIGITS_READ; i++) {
      const digit = DIGIT_OF[text[i]!]!;
      if (digit === NONE) return;
      word = (word << 4) | digit;
    }
    this.#meetDecoded(littleEndian(word), 0, HEX, 0, at);
  }

  /** The text has this word at `at`, as it is. */
  #meet(word: number, at: number): void {
    for (let anchor = this.#firstAt(word); anchor >= 0; anchor = this.#next[anchor]! - 1) {
      if (this.#firstByteOf(anchor) !== (word & 0xff)) continue;
      const form = (anchor & WINDOWS) === 0 ? RAW : REVERSED;
      this.#compare(Math.floor(anchor / ANCHORS), form, 0, at - (anchor & (WINDOWS - 1)));
    }
  }

  /** Decoded, the text has the word of such a window, if a secret in this form (or the next one) begins at `offset`. */
  #meetDecoded(word: number, window: number, form: number, shift: number, offset: number): void {
    for (let anchor = this.#firstAt(word); anchor >= 0; anchor = this.#next[anchor]! - 1) {
      if (anchor % ANCHORS !== window) continue;
      const canary = Math.floor(anchor / ANCHORS);
      this.#compare(canary, form, shift, offset);
      this.#compare(canary, form + 1, shift, offset);
    }
  }

  #compare(canary: number, form: number, shift: number, offset: number): void {
    if (!isFormAt(this.#text, offset, this.#valueOf(canary), form, shift)) return;
    const hit = this.#hit;
    const rank = FORMS.length * canary + form;
    if (hit !== undefined && (offset > hit.offset || (offset === hit.offset && rank < this.#rank))) return;
    this.#hit = { canary, form: FORMS[form]!, offset };
    this.#rank = rank;
  }

  /** The first anchor that may have this word. */
  #firstAt(word: number): number {
    return this.#heads[Math.imul(word, HASH_FACTOR) >>> (32 - this.#hashBits + SLOT_BITS_LESS)]! - 1;
  }

  /** Of the anchor's window: most anchors that are met by chance differ in it. */
  #firstByteOf(anchor: number): number {
    const canary = Math.floor(anchor / ANCHORS);
    const window = anchor & (WINDOWS - 1);
    const isReversed = (anchor & WINDOWS) !== 0;
    return this.#values[isReversed ? this.#starts[canary + 1]! - 1 - window : this.#starts[canary]! + window]!;
  }

  #valueOf(canary: number): Uint8Array {
    return this.#values.subarray(this.#starts[canary], this.#starts[canary + 1]);
  }

  /** Whether it is hex. */
  #keep(hex: string): boolean {
    const start = this.#starts[this.#count]!;
    const end = start + hex.length / 2;
    if (end > this.#values.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#values);
      this.#values = larger;
    }
    const values = this.#values;
    for (let i = start; i < end; i++) {
      const high = digitOf(hex.charCodeAt(2 * (i - start)));
      const low = digitOf(hex.charCodeAt(2 * (i - start) + 1));
      if (high === NONE || low === NONE) return false;
      values[i] = (high << 4) | low;
    }
    this.#starts.push(end);
    return true;
  }

  #enter(canary: number): void {
    const values = this.#values;
    const start = this.#starts[canary]!;
    const last = this.#starts[canary + 1]! - 1;
    let word = 0;
    let reversed = 0;
    for (let i = 0; i < 3; i++) {
      word = (word >>> 8) | (values[start + i]! << 24);
      reversed = (reversed >>> 8) | (values[last - i]! << 24);
    }
    for (let window = 0; window < WINDOWS; window++) {
      word = (word >>> 8) | (values[start + window + 3]! << 24);
      reversed = (reversed >>> 8) | (values[last - window - 3]! << 24);
      this.#chain(word, ANCHORS * canary + window);
      this.#chain(reversed, ANCHORS * canary + WINDOWS + window);
    }
  }

  #chain(word: number, anchor: number): void {
    const bit = Math.imul(word, HASH_FACTOR) >>> (32 - this.#hashBits);
    this.#table[bit >>> WORD_BITS] = this.#table[bit >>> WORD_BITS]! | (1 << bit);
    const slot = bit >>> SLOT_BITS_LESS;
    this.#next[anchor] = this.#heads[slot]!;
    this.#heads[slot] = anchor + 1;
  }

  /** Four times the table: all secrets are put in anew. */
  #widen(): void {
    this.#hashBits += 2;
    this.#table = new Int32Array(1 << (this.#hashBits - WORD_BITS));
    this.#heads = new Int32Array(1 << (this.#hashBits - SLOT_BITS_LESS));
    for (let canary = 0; canary < this.#count; canary++) this.#enter(canary);
  }
}

/** Four bytes that may all be characters of base64. One test, which hardly ever holds of random bytes: two cost twice as much. */
function mayBeText(word: number): boolean {
  return ((word & BIT_7) | (~(word | (word << 1)) & BIT_6)) === 0;
}

/** Four bytes in the order of a text, as a word of `WordPiece`. */
function littleEndian(word: number): number {
  return (word >>> 24) | ((word >>> 8) & 0xff00) | ((word << 8) & 0xff0000) | (word << 24);
}
