/**
 * Hex of ids that come again and again: a blob's is asked for by whoever pushes, keeps, delivers and records it. The
 * same text object each time, so that whoever looks it up in a map pays for its hash once. One per run.
 */
import { encodeHex, readU32 } from "../core/bytes.ts";

interface Named {
  readonly text: string;
  /** Where the copy of its bytes begins. */
  readonly at: number;
}

export class HexNames {
  /** By the last four bytes; of two ids that share them the first one is kept. */
  readonly #known = new Map<number, Named>();
  /** Copies, since an array may be a buffer that is written to again; all in one, since an array each costs more. */
  #copies = new Uint8Array(8 * 1024);
  #used = 0;

  of(bytes: Uint8Array): string {
    if (bytes.length < 4) return encodeHex(bytes);
    const word = readU32(bytes, bytes.length - 4) | 0;
    const known = this.#known.get(word);
    if (known !== undefined && this.#isNamed(known, bytes)) return known.text;
    const text = encodeHex(bytes);
    if (known === undefined) this.#known.set(word, { text, at: this.#copy(bytes) });
    return text;
  }

  #isNamed({ text, at }: Named, bytes: Uint8Array): boolean {
    const { length } = bytes;
    if (text.length !== 2 * length) return false;
    const copies = this.#copies;
    for (let i = 0; i < length; i++) if (copies[at + i] !== bytes[i]) return false;
    return true;
  }

  #copy(bytes: Uint8Array): number {
    const { length } = bytes;
    const at = this.#used;
    if (at + length > this.#copies.length) {
      const longer = new Uint8Array(2 * (at + length));
      longer.set(this.#copies);
      this.#copies = longer;
    }
    const copies = this.#copies;
    for (let i = 0; i < length; i++) copies[at + i] = bytes[i]!;
    this.#used += length;
    return at;
  }
}
