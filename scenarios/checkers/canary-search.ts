/**
 * Looks for many secrets at once in everything a relay can read: as they are, reversed, as hex of both cases, as base64
 * and base64url at the three alignments. Only the first four bytes of each form are computed beforehand: they go into
 * a bit table that is asked at every position of the text, and a form is written out in full only where its first four
 * bytes were met. So a secret costs a few numbers and a byte of text a few instructions.
 */
import { EMPTY } from "../../core/bytes.ts";

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
const HEX_LOWER = 2;
const HEX_UPPER = 3;
/** And 5 for base64url. */
const BASE64 = 4;

/** 2^19 bits: 64 KiB, which stays in the cache. */
const HASH_SHIFT = 13;
const TABLE_BYTES = 1 << (32 - HASH_SHIFT - 3);
const HASH_FACTOR = 0x9e3779b1;
const SLOT_SHIFT = 18;
const SLOTS = 1 << (32 - SLOT_SHIFT);

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

/** A secret in one of its forms, as far as the secret alone decides it. */
export function encodeForm(value: Uint8Array, form: number, shift: number): Uint8Array {
  if (form === RAW) return value;
  if (form === REVERSED) return value.slice().reverse();
  if (form === HEX_LOWER || form === HEX_UPPER) {
    const digits = DIGITS[form - HEX_LOWER]!;
    const text = new Uint8Array(2 * value.length);
    for (let i = 0; i < text.length; i++) text[i] = digits[(value[i >>> 1]! >>> (i & 1 ? 0 : 4)) & 15]!;
    return text;
  }
  const skipped = bitsSkipped(shift);
  const sixes = SIXES[form - BASE64]!;
  const text = new Uint8Array(Math.floor((8 * value.length - skipped) / 6));
  for (let i = 0; i < text.length; i++) text[i] = sixes[sixBits(value, skipped + 6 * i)]!;
  return text;
}

export class CanarySearch {
  readonly #table = new Uint8Array(TABLE_BYTES);
  /** Chains of anchors by hash: index + 1, 0 ends a chain. */
  readonly #heads = new Int32Array(SLOTS);
  #next = new Int32Array(1024);
  #words = new Int32Array(1024);
  #canaryOf = new Int32Array(1024);
  #formOf = new Uint8Array(1024);
  #count = 0;
  readonly #values: Uint8Array[] = [];

  /** Looks for `value` (at least `CANARY_BYTES_MIN` bytes) from now on. Returns its number, from 0. */
  add(value: Uint8Array): number {
    const canary = this.#values.length;
    this.#values.push(value);
    const last = value.length - 1;
    const raw = (value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!;
    this.#anchor(raw, canary, RAW, 0);
    this.#anchor(
      (value[last]! << 24) | (value[last - 1]! << 16) | (value[last - 2]! << 8) | value[last - 3]!,
      canary,
      REVERSED,
      0,
    );
    const a = value[0]!;
    const b = value[1]!;
    for (let upper = 0; upper < 2; upper++) {
      const digits = DIGITS[upper]!;
      const word = (digits[a >>> 4]! << 24) | (digits[a & 15]! << 16) | (digits[b >>> 4]! << 8) | digits[b & 15]!;
      this.#anchor(word, canary, HEX_LOWER + upper, 0);
    }
    for (let shift = 0; shift < 3; shift++) {
      const bits = (raw << bitsSkipped(shift)) | (value[4]! >>> (8 - bitsSkipped(shift)));
      const i = bits >>> 26;
      const j = (bits >>> 20) & 63;
      const k = (bits >>> 14) & 63;
      const l = (bits >>> 8) & 63;
      for (let url = 0; url < 2; url++) {
        const sixes = SIXES[url]!;
        const word = (sixes[i]! << 24) | (sixes[j]! << 16) | (sixes[k]! << 8) | sixes[l]!;
        this.#anchor(word, canary, BASE64 + url, shift);
      }
    }
    return canary;
  }

  /** The first place where a secret begins in `text`. */
  find(text: Uint8Array): CanaryHit | undefined {
    if (text.length < 4 || this.#count === 0) return undefined;
    const table = this.#table;
    const end = text.length;
    let word = (text[0]! << 16) | (text[1]! << 8) | text[2]!;
    for (let at = 3; at < end; at++) {
      word = (word << 8) | text[at]!;
      const bit = Math.imul(word, HASH_FACTOR) >>> HASH_SHIFT;
      if ((table[bit >>> 3]! & (1 << (bit & 7))) !== 0) {
        const hit = this.#compare(text, at - 3, word);
        if (hit !== undefined) return hit;
      }
    }
    return undefined;
  }

  #anchor(word: number, canary: number, form: number, shift: number): void {
    const hash = Math.imul(word, HASH_FACTOR);
    const bit = hash >>> HASH_SHIFT;
    this.#table[bit >>> 3] = this.#table[bit >>> 3]! | (1 << (bit & 7));
    if (this.#count === this.#words.length) this.#grow();
    const anchor = this.#count++;
    this.#words[anchor] = word;
    this.#canaryOf[anchor] = canary;
    this.#formOf[anchor] = (form << 2) | shift;
    const slot = hash >>> SLOT_SHIFT;
    this.#next[anchor] = this.#heads[slot]!;
    this.#heads[slot] = anchor + 1;
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
    const forms = new Uint8Array(size);
    forms.set(this.#formOf);
    this.#formOf = forms;
  }

  #compare(text: Uint8Array, offset: number, word: number): CanaryHit | undefined {
    let anchor = this.#heads[Math.imul(word, HASH_FACTOR) >>> SLOT_SHIFT]! - 1;
    for (; anchor >= 0; anchor = this.#next[anchor]! - 1) {
      if (this.#words[anchor] !== word) continue;
      const canary = this.#canaryOf[anchor]!;
      const form = this.#formOf[anchor]!;
      const needle = encodeForm(this.#values[canary] ?? EMPTY, form >>> 2, form & 3);
      if (offset + needle.length > text.length) continue;
      let same = 4;
      while (same < needle.length && text[offset + same] === needle[same]) same++;
      if (same >= needle.length) return { canary, form: FORMS[form >>> 2]!, offset };
    }
    return undefined;
  }
}
