/**
 * Entries of a journal as bytes: u32 length of the whole record, u32 checksum, then the values, each with a tag. Made
 * for speed alone, since every simulated transaction passes through it and no other program ever reads it; texts are
 * ids in hex, one byte a character. One codec serves all stores of a simulator.
 */
import { readU32, writeU32, writeU64 } from "../core/bytes.ts";
import { assertInvariant } from "../core/invariant.ts";

/** Begins with the kind of entry. */
export type Entry = readonly [kind: number, ...fields: Value[]];
export type Value = number | string | Uint8Array | null | readonly Value[];

const TAG = { number: 0, bytes: 1, text: 2, list: 3, nothing: 4 } as const;
const HEADER_BYTES = 8;
const CHUNK_BYTES = 64 * 1024;

export class JournalCodec {
  /** Records are written one after the other into chunks that are never written to twice. */
  #chunk = new Uint8Array(CHUNK_BYTES);
  #start = 0;
  #at = 0;

  /** One record. The bytes are the caller's to keep. */
  encode(entries: readonly Entry[]): Uint8Array {
    this.#start = this.#at;
    this.#room(HEADER_BYTES);
    this.#at += HEADER_BYTES;
    this.#write(entries);
    const chunk = this.#chunk;
    const start = this.#start;
    const end = this.#at;
    writeU32(chunk, start, end - start);
    writeU32(chunk, start + 4, checksum(chunk, start + HEADER_BYTES, end));
    return chunk.subarray(start, end);
  }

  /** The entries of the record at `at`; undefined when it is not whole. Byte values are views. */
  parse(bytes: Uint8Array, at: number): readonly Entry[] | undefined {
    if (at + HEADER_BYTES > bytes.length) return undefined;
    const end = at + readU32(bytes, at);
    if (end > bytes.length || end < at + HEADER_BYTES) return undefined;
    if (checksum(bytes, at + HEADER_BYTES, end) !== readU32(bytes, at + 4)) return undefined;
    const written = this.#at;
    this.#at = at + HEADER_BYTES;
    const entries = this.#read(bytes) as readonly Entry[];
    this.#at = written;
    return entries;
  }

  #write(value: Value): void {
    if (typeof value === "number") {
      const out = this.#room(9);
      out[this.#at] = TAG.number;
      writeU64(out, this.#at + 1, value);
      this.#at += 9;
    } else if (typeof value === "string") {
      this.#head(TAG.text, value.length, value.length);
      const chunk = this.#chunk;
      const at = this.#at;
      for (let i = 0; i < value.length; i++) chunk[at + i] = value.charCodeAt(i);
      this.#at = at + value.length;
    } else if (value === null) {
      this.#room(1)[this.#at++] = TAG.nothing;
    } else if (value instanceof Uint8Array) {
      this.#head(TAG.bytes, value.length, value.length);
      this.#chunk.set(value, this.#at);
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

  /** The chunk, with so much free at `#at`: a new one, with the record begun so far, when the old one is full. */
  #room(bytes: number): Uint8Array {
    if (this.#at + bytes > this.#chunk.length) {
      const begun = this.#at - this.#start;
      const larger = new Uint8Array(Math.max(CHUNK_BYTES, 2 * (begun + bytes)));
      larger.set(this.#chunk.subarray(this.#start, this.#at));
      this.#chunk = larger;
      this.#start = 0;
      this.#at = begun;
    }
    return this.#chunk;
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
