/**
 * A piece of bytes as little-endian 32-bit words, for whoever computes over many bytes: a typed array that never changes
 * is read and written without a test at each access, and whole words at once. Made once by a module and filled anew for
 * every piece; nothing in it outlives a call.
 */
import { IS_LITTLE_ENDIAN } from "./bytes.ts";

/** From here on one copy of all bytes costs less than one of each word. */
const COPY_BYTES_MIN = 48;

export class WordPiece {
  readonly words: Int32Array;
  /** The most that `load` takes; a multiple of sixteen. */
  readonly bytesMax: number;
  readonly #bytes: Uint8Array;
  /** Views of the first so many bytes, each made once: lengths come again, and a view costs as much as a short copy. */
  readonly #prefixes: (Uint8Array | undefined)[];

  constructor(bytesMax: number) {
    this.words = new Int32Array(bytesMax / 4);
    this.#bytes = new Uint8Array(this.words.buffer);
    this.bytesMax = bytesMax;
    this.#prefixes = Array.from({ length: bytesMax + 1 }, () => undefined);
  }

  /** Takes `count` bytes from `at` on, filled up with zeros to a multiple of sixteen. */
  load(from: Uint8Array, at: number, count: number): void {
    if (count >= COPY_BYTES_MIN && IS_LITTLE_ENDIAN) {
      this.#bytes.set(at === 0 && from.length <= this.bytesMax ? from : from.subarray(at, at + count));
      this.fillUp(count);
      return;
    }
    const { words } = this;
    const whole = count >> 2;
    for (let i = 0; i < whole; i++) {
      const byte = at + 4 * i;
      words[i] = from[byte]! | (from[byte + 1]! << 8) | (from[byte + 2]! << 16) | (from[byte + 3]! << 24);
    }
    if ((count & 15) === 0) return;
    let rest = 0;
    for (let i = whole << 2; i < count; i++) rest |= from[at + i]! << ((i & 3) << 3);
    words[whole] = rest;
    for (let i = whole + 1; (i & 3) !== 0; i++) words[i] = 0;
  }

  /** Writes the first `count` bytes to `at` and behind. */
  store(to: Uint8Array, at: number, count: number): void {
    if (count >= COPY_BYTES_MIN && IS_LITTLE_ENDIAN) {
      to.set((this.#prefixes[count] ??= this.#bytes.subarray(0, count)), at);
      return;
    }
    const { words } = this;
    const whole = count >> 2;
    for (let i = 0; i < whole; i++) {
      const word = words[i]!;
      const byte = at + 4 * i;
      to[byte] = word;
      to[byte + 1] = word >>> 8;
      to[byte + 2] = word >>> 16;
      to[byte + 3] = word >>> 24;
    }
    for (let i = whole << 2; i < count; i++) to[at + i] = words[whole]! >>> ((i & 3) << 3);
  }

  /** Zeros from `count` on to the next multiple of sixteen. */
  fillUp(count: number): void {
    if ((count & 15) === 0) return;
    const { words } = this;
    const whole = count >> 2;
    words[whole] = words[whole]! & ((1 << ((count & 3) << 3)) - 1);
    for (let i = whole + 1; (i & 3) !== 0; i++) words[i] = 0;
  }
}
