/**
 * Entries of a journal as bytes: u32 length of the whole record, u32 checksum, then the values, each with a tag. Made
 * for speed alone, since every simulated transaction passes through it and no other program ever reads it; texts are
 * ids in hex, one byte a character. One codec serves all stores of a simulator.
 */
import { BytePool, readU32, writeU32, writeU64 } from "../core/bytes.ts";
import { assertInvariant } from "../core/invariant.ts";

/** Begins with the kind of entry. */
export type Entry = readonly [kind: number, ...fields: Value[]];
export type Value = number | string | Uint8Array | null | readonly Value[];

const TAG = { number: 0, bytes: 1, text: 2, list: 3, nothing: 4 } as const;
const HEADER_BYTES = 8;

export class JournalCodec {
  readonly #pool = new BytePool();
  #buffer = new Uint8Array(64 * 1024);
  #at = 0;

  /** One record. The bytes are the caller's to keep. */
  encode(entries: readonly Entry[]): Uint8Array {
    this.#at = HEADER_BYTES;
    this.#write(entries);
    const length = this.#at;
    const record = this.#pool.take(length);
    writeU32(this.#buffer, 0, length);
    writeU32(this.#buffer, 4, checksum(this.#buffer, HEADER_BYTES, length));
    record.set(this.#buffer.subarray(0, length));
    return record;
  }

  /** The entries of the record at `at`; undefined when it is not whole. Byte values are views. */
  parse(bytes: Uint8Array, at: number): readonly Entry[] | undefined {
    if (at + HEADER_BYTES > bytes.length) return undefined;
    const end = at + readU32(bytes, at);
    if (end > bytes.length || end < at + HEADER_BYTES) return undefined;
    if (checksum(bytes, at + HEADER_BYTES, end) !== readU32(bytes, at + 4)) return undefined;
    this.#at = at + HEADER_BYTES;
    return this.#read(bytes) as readonly Entry[];
  }

  #write(value: Value): void {
    if (typeof value === "number") {
      const out = this.#room(9);
      out[this.#at] = TAG.number;
      writeU64(out, this.#at + 1, value);
      this.#at += 9;
    } else if (typeof value === "string") {
      this.#head(TAG.text, value.length, value.length);
      for (let i = 0; i < value.length; i++) this.#buffer[this.#at++] = value.charCodeAt(i);
    } else if (value === null) {
      this.#room(1)[this.#at++] = TAG.nothing;
    } else if (value instanceof Uint8Array) {
      this.#head(TAG.bytes, value.length, value.length);
      this.#buffer.set(value, this.#at);
      this.#at += value.length;
    } else {
      this.#head(TAG.list, value.length, 0);
      for (const each of value) this.#write(each);
    }
  }

  #head(tag: number, length: number, bodyBytes: number): void {
    const out = this.#room(5 + bodyBytes);
    out[this.#at] = tag;
    writeU32(out, this.#at + 1, length);
    this.#at += 5;
  }

  #room(bytes: number): Uint8Array {
    if (this.#at + bytes > this.#buffer.length) {
      const larger = new Uint8Array(2 * (this.#at + bytes));
      larger.set(this.#buffer.subarray(0, this.#at));
      this.#buffer = larger;
    }
    return this.#buffer;
  }

  #read(bytes: Uint8Array): Value {
    const tag = bytes[this.#at++]!;
    if (tag === TAG.nothing) return null;
    if (tag === TAG.number) {
      const value = readU32(bytes, this.#at) * 0x1_0000_0000 + readU32(bytes, this.#at + 4);
      this.#at += 8;
      return value;
    }
    const length = readU32(bytes, this.#at);
    this.#at += 4;
    const start = this.#at;
    switch (tag) {
      case TAG.bytes:
        this.#at += length;
        return bytes.subarray(start, this.#at);
      case TAG.text: {
        let text = "";
        while (this.#at < start + length) text += String.fromCharCode(bytes[this.#at++]!);
        return text;
      }
      default: {
        assertInvariant(tag === TAG.list, "a journal holds what its codec wrote");
        const values: Value[] = [];
        for (let i = 0; i < length; i++) values.push(this.#read(bytes));
        return values;
      }
    }
  }
}

/** Over whole words, then the rest: a torn record never passes by accident. */
function checksum(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0x811c9dc5 ^ (to - from);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    sum = Math.imul(sum ^ word, 0x01000193);
    sum ^= sum >>> 15;
  }
  for (; at < to; at++) sum = Math.imul(sum ^ bytes[at]!, 0x01000193);
  return sum >>> 0;
}
