/**
 * Hex of ids that come again and again: a chain value is recorded by every device of its group, a sender with every
 * delivery. The same text object each time, so that whoever keeps it in a map pays for its hash once. One per run.
 */
import { encodeHex, isEqualBytes, readU32 } from "../core/bytes.ts";

interface Named {
  readonly bytes: Uint8Array;
  readonly text: string;
}

export class HexNames {
  /** By the last four bytes; of two ids that share them the later one is kept. */
  readonly #known = new Map<number, Named>();

  of(bytes: Uint8Array): string {
    if (bytes.length < 4) return encodeHex(bytes);
    const word = readU32(bytes, bytes.length - 4) | 0;
    const known = this.#known.get(word);
    if (known !== undefined && isEqualBytes(known.bytes, bytes)) return known.text;
    const text = encodeHex(bytes);
    // A copy: the array may be a buffer that is written to again.
    this.#known.set(word, { bytes: bytes.slice(), text });
    return text;
  }
}
