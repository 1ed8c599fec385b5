/**
 * Numbers for ids, from 0 in the order in which they are added, for whoever remembers very many: an id of the usual
 * length, in lower-case hex, is kept as a few words in typed arrays, where a map would keep a text and an entry of ten
 * times the size. Any other text is kept as it is. Exact: two ids are the same when all of their words are.
 */
import { hexWord } from "../../core/bytes.ts";

const WORD_DIGITS = 8;
const WORDS_MAX = 8;
const HASH_FACTOR = 0x9e3779b1;
const ROWS_MIN = 64;
/** The next slot is looked at until one is empty; half of them are, at least. */
const SLOTS_PER_ROW = 2;

const NOT_HEX = -1;
const DIGIT_OF = new Int8Array(128).fill(NOT_HEX);
for (let digit = 0; digit < 16; digit++) DIGIT_OF[digit.toString(16).charCodeAt(0)] = digit;

/** The id that is asked for, as words; of the present call only. */
const asked = new Int32Array(WORDS_MAX);

export class HexTable {
  readonly #wordsEach: number;
  #rows = ROWS_MIN;
  /** Row after row. */
  #words: Int32Array;
  /** Row + 1, at the hash of its words or behind; 0 is empty. */
  #slots = new Int32Array(SLOTS_PER_ROW * ROWS_MIN);
  readonly #others = new Map<string, number>();
  readonly #otherIds = new Map<number, string>();
  #size = 0;

  /** `wordsEach`: of four bytes, in the usual id; eight at most. */
  constructor(wordsEach: number) {
    this.#wordsEach = wordsEach;
    this.#words = new Int32Array(wordsEach * ROWS_MIN);
  }

  get size(): number {
    return this.#size;
  }

  /** -1 when it was not added. */
  find(id: string): number {
    return this.#parse(id) ? this.#findAsked() : (this.#others.get(id) ?? -1);
  }

  /** Returns its number: a new one, the present size, unless it is in the table. */
  add(id: string): number {
    const isHex = this.#parse(id);
    const known = isHex ? this.#findAsked() : (this.#others.get(id) ?? -1);
    if (known >= 0) return known;
    const row = this.#size++;
    if (row === this.#rows) this.#grow();
    if (isHex) {
      const start = this.#wordsEach * row;
      for (let i = 0; i < this.#wordsEach; i++) this.#words[start + i] = asked[i]!;
      this.#enter(row);
    } else {
      this.#others.set(id, row);
      this.#otherIds.set(row, id);
    }
    return row;
  }

  idOf(row: number): string {
    const other = this.#otherIds.get(row);
    if (other !== undefined) return other;
    let id = "";
    const start = this.#wordsEach * row;
    for (let i = 0; i < this.#wordsEach; i++) id += hexWord(this.#words[start + i]!);
    return id;
  }

  #findAsked(): number {
    const slots = this.#slots;
    let slot = this.#slotOf(asked, 0);
    for (let row = slots[slot]! - 1; row >= 0; row = slots[slot]! - 1) {
      if (this.#isAsked(row)) return row;
      slot = (slot + 1) & (slots.length - 1);
    }
    return -1;
  }

  #parse(id: string): boolean {
    if (id.length !== WORD_DIGITS * this.#wordsEach) return false;
    let flaw = 0;
    for (let i = 0; i < this.#wordsEach; i++) {
      let word = 0;
      for (let at = WORD_DIGITS * i; at < WORD_DIGITS * (i + 1); at++) {
        const code = id.charCodeAt(at);
        const digit = code < DIGIT_OF.length ? DIGIT_OF[code]! : NOT_HEX;
        flaw |= digit;
        word = (word << 4) | digit;
      }
      asked[i] = word;
    }
    return flaw >= 0;
  }

  #isAsked(row: number): boolean {
    const start = this.#wordsEach * row;
    for (let i = 0; i < this.#wordsEach; i++) if (this.#words[start + i] !== asked[i]) return false;
    return true;
  }

  #slotOf(words: Int32Array, start: number): number {
    let hash = 0;
    for (let i = 0; i < this.#wordsEach; i++) hash = Math.imul(hash ^ words[start + i]!, HASH_FACTOR);
    return (hash ^ (hash >>> 15)) & (this.#slots.length - 1);
  }

  #enter(row: number): void {
    const slots = this.#slots;
    let slot = this.#slotOf(this.#words, this.#wordsEach * row);
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = row + 1;
  }

  #grow(): void {
    const before = this.#rows;
    this.#rows *= 2;
    const words = new Int32Array(this.#wordsEach * this.#rows);
    words.set(this.#words);
    this.#words = words;
    this.#slots = new Int32Array(SLOTS_PER_ROW * this.#rows);
    for (let row = 0; row < before; row++) if (!this.#otherIds.has(row)) this.#enter(row);
  }
}
