/**
 * Reads MessagePack of version 1 from the bytes of a peer, one value at a time, and copies what it gives. A read of
 * another kind of value than is there gives `undefined`; afterwards the reader's place says nothing. No count or length
 * is believed before the bytes that it promises are there, so nothing is allocated beyond the size of the input.
 *
 * As lenient as upstream about numbers: any width, and signed forms of numbers that are not negative.
 * Called by `parse-message.ts`.
 */
import { parseText } from "../../text.ts";
import { u64 } from "./u64.ts";

/** Deepest nesting that is skipped. Upstream goes to 1024, but no value that means anything is deeper than three. */
const DEPTH_MAX = 16;

export type Skipped = "skipped" | "truncated" | "too deep" | "refused form";

export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Offset of the next value. May be set to go back to one that was skipped. */
  at = 0;
  #high = 0;
  #low = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  /** Below 2^32. */
  number(most: number): number | undefined {
    if (!this.#integer() || this.#high !== 0 || this.#low > most) return undefined;
    return this.#low;
  }

  bigint(): bigint | undefined {
    return this.#integer() ? u64(this.#high, this.#low) : undefined;
  }

  boolean(): boolean | undefined {
    const head = this.#head();
    return head === 0xc3 ? true : head === 0xc2 ? false : undefined;
  }

  /** Takes nil, or nothing. */
  isNil(): boolean {
    if (this.#bytes[this.at] !== 0xc0) return false;
    this.at++;
    return true;
  }

  text(): string | undefined {
    const bytes = this.#body(this.#textLength(this.#head()));
    return bytes === undefined ? undefined : parseText(bytes);
  }

  binary(): Uint8Array | undefined {
    return this.#body(this.#binaryLength(this.#head()))?.slice();
  }

  /** How many elements follow. */
  arrayCount(): number | undefined {
    return this.#countWithin(this.#arrayLength(this.#head()), 1);
  }

  /** How many pairs follow. */
  mapCount(): number | undefined {
    return this.#countWithin(this.#mapLength(this.#head()), 2);
  }

  /** An array with one number from 0 to 255 for each byte. */
  numbers(): Uint8Array | undefined {
    const count = this.arrayCount();
    if (count === undefined) return undefined;
    const bytes = this.#bytes;
    const out = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const head = bytes[this.at];
      if (head !== undefined && head < 0x80) {
        out[i] = head;
        this.at++;
        continue;
      }
      const value = this.number(0xff);
      if (value === undefined) return undefined;
      out[i] = value;
    }
    return out;
  }

  /** Goes behind the next value, whatever it is. */
  skip(): Skipped {
    // Values still to come in each open array or map, the innermost last.
    const open = [1];
    for (;;) {
      while (open[open.length - 1] === 0) {
        open.pop();
        if (open.length === 0) return "skipped";
      }
      open[open.length - 1]!--;
      const head = this.#head();
      if (head === undefined) return "truncated";
      if (head < 0x80 || head >= 0xe0 || head === 0xc0 || head === 0xc2 || head === 0xc3) continue;

      const width = FIXED_WIDTHS.get(head);
      const length = width ?? this.#textLength(head) ?? this.#binaryLength(head);
      if (length !== undefined) {
        if (length > this.left) return "truncated";
        this.at += length;
        continue;
      }
      const isMap = isMapHead(head);
      if (!isMap && !isArrayHead(head)) return isSizedHead(head) ? "truncated" : "refused form";
      const elements = isMap ? this.#mapLength(head) : this.#arrayLength(head);
      if (this.#countWithin(elements, isMap ? 2 : 1) === undefined) return "truncated";
      if (open.length === DEPTH_MAX) return "too deep";
      open.push(elements! * (isMap ? 2 : 1));
    }
  }

  #head(): number | undefined {
    return this.#bytes[this.at++];
  }

  /** The next integer, if it is not negative, into `#high` and `#low`. */
  #integer(): boolean {
    const head = this.#head();
    if (head === undefined) return false;
    this.#high = 0;
    if (head < 0x80) {
      this.#low = head;
      return true;
    }
    if (head < 0xcc || head > 0xd3) return false;
    const width = 2 ** (head & 3);
    const isSigned = head >= 0xd0;
    if (width > this.left) return false;
    const at = this.at;
    this.at += width;
    if (isSigned && this.#bytes[at]! >= 0x80) return false;
    if (width === 8) {
      this.#high = this.#view.getUint32(at);
      this.#low = this.#view.getUint32(at + 4);
    } else {
      this.#low = this.#length(at, width);
    }
    return true;
  }

  #length(at: number, width: number): number {
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** The length behind the head, or `undefined` when the bytes end before it. */
  #sized(width: number): number | undefined {
    if (width > this.left) return undefined;
    const length = this.#length(this.at, width);
    this.at += width;
    return length;
  }

  #textLength(head: number | undefined): number | undefined {
    if (head === undefined) return undefined;
    if (head >= 0xa0 && head < 0xc0) return head & 31;
    return head >= 0xd9 && head <= 0xdb ? this.#sized(2 ** (head - 0xd9)) : undefined;
  }

  #binaryLength(head: number | undefined): number | undefined {
    return head !== undefined && head >= 0xc4 && head <= 0xc6 ? this.#sized(2 ** (head - 0xc4)) : undefined;
  }

  #arrayLength(head: number | undefined): number | undefined {
    if (head === undefined) return undefined;
    if (head >= 0x90 && head < 0xa0) return head & 15;
    return head === 0xdc ? this.#sized(2) : head === 0xdd ? this.#sized(4) : undefined;
  }

  #mapLength(head: number | undefined): number | undefined {
    if (head === undefined) return undefined;
    if (head >= 0x80 && head < 0x90) return head & 15;
    return head === 0xde ? this.#sized(2) : head === 0xdf ? this.#sized(4) : undefined;
  }

  /** Every element takes a byte at least. */
  #countWithin(count: number | undefined, bytesEach: number): number | undefined {
    return count !== undefined && count * bytesEach <= this.left ? count : undefined;
  }

  #body(length: number | undefined): Uint8Array | undefined {
    if (length === undefined || length > this.left) return undefined;
    const start = this.at;
    this.at += length;
    return this.#bytes.subarray(start, this.at);
  }
}

/** Bytes behind the heads of floats and integers. */
const FIXED_WIDTHS: ReadonlyMap<number, number> = new Map([
  [0xca, 4],
  [0xcb, 8],
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
  [0xcf, 8],
  [0xd0, 1],
  [0xd1, 2],
  [0xd2, 4],
  [0xd3, 8],
]);

function isArrayHead(head: number): boolean {
  return (head >= 0x90 && head < 0xa0) || head === 0xdc || head === 0xdd;
}

export function isMapHead(head: number): boolean {
  return (head >= 0x80 && head < 0x90) || head === 0xde || head === 0xdf;
}

/** Text or bin, whose length was cut off. */
function isSizedHead(head: number): boolean {
  return (head >= 0xc4 && head <= 0xc6) || (head >= 0xd9 && head <= 0xdb);
}
