/**
 * Entries of a journal as bytes: u32 length of the whole record, u32 checksum, then the values, each with a tag. Made
 * for speed alone, since every simulated transaction passes through it and no other program ever reads it; texts are
 * ids in hex, one byte a character. One codec serves all stores of a simulator.
 */
import { EMPTY, IS_LITTLE_ENDIAN, readU32, writeU32, writeU64 } from "../core/bytes.ts";
import { assertInvariant } from "../core/invariant.ts";

/** Begins with the kind of entry. */
export type Entry = readonly [kind: number, ...fields: Value[]];
export type Value = number | string | Uint8Array | null | readonly Value[];

const TAG = { number: 0, bytes: 1, text: 2, list: 3, nothing: 4 } as const;
const HEADER_BYTES = 8;
const CHUNK_BYTES = 64 * 1024;

/** Kept from run to run: 4 MiB. */
const CHUNKS_KEPT_MAX = 64;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly words: Int32Array<ArrayBuffer>;
}

function createChunk(bytes: number): Chunk {
  const words = new Int32Array(bytes / 4);
  return { bytes: new Uint8Array(words.buffer), words };
}

export class JournalCodec {
  /** Records are written one after the other, each at a whole word; in one run no chunk is written to twice. */
  readonly #chunks: Chunk[] = [];
  #chunksUsed = 0;
  #chunk: Uint8Array = EMPTY;
  #words = new Int32Array(0);
  #start = 0;
  #at = 0;

  /** The run is over, and every disk with it: what was written may be written over. */
  reset(): void {
    this.#chunk = EMPTY;
    this.#chunksUsed = 0;
    this.#at = 0;
  }

  /** One record. The bytes are the caller's to keep. */
  encode(entries: readonly Entry[]): Uint8Array {
    this.#at = (this.#at + 3) & ~3;
    this.#start = this.#at;
    this.#room(HEADER_BYTES);
    this.#at += HEADER_BYTES;
    this.#writeList(entries);
    const chunk = this.#chunk;
    const start = this.#start;
    const end = this.#at;
    writeU32(chunk, start, end - start);
    writeU32(chunk, start + 4, this.#checksum(start + HEADER_BYTES, end));
    return new Uint8Array(chunk.buffer, start, end - start);
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

  /** The same as `checksum` of the record that was just written, for records lie at whole words of the chunk. */
  #checksum(from: number, to: number): number {
    if (!IS_LITTLE_ENDIAN) return checksum(this.#chunk, from, to);
    const words = this.#words;
    let sum = 0x811c9dc5 ^ (to - from);
    for (let at = from >> 2; at < to >> 2; at++) sum = take(sum, words[at]!);
    return takeRest(sum, this.#chunk, to & ~3, to);
  }

  #writeList(values: readonly Value[]): void {
    this.#head(TAG.list, values.length, 0);
    for (let i = 0; i < values.length; i++) this.#write(values[i]!);
  }

  #write(value: Value): void {
    if (typeof value === "number") {
      const out = this.#room(9);
      out[this.#at] = TAG.number;
      writeU64(out, this.#at + 1, value);
      this.#at += 9;
    } else if (typeof value === "string") {
      this.#writeText(value);
    } else if (value === null) {
      this.#room(1)[this.#at++] = TAG.nothing;
    } else if (Array.isArray(value)) {
      this.#writeList(value);
    } else {
      this.#writeBytes(value as Uint8Array);
    }
  }

  #writeText(text: string): void {
    const { length } = text;
    this.#head(TAG.text, length, length);
    const chunk = this.#chunk;
    const at = this.#at;
    for (let i = 0; i < length; i++) chunk[at + i] = text.charCodeAt(i);
    this.#at = at + length;
  }

  #writeBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#head(TAG.bytes, length, length);
    const chunk = this.#chunk;
    const at = this.#at;
    // Ids are short: a loop is faster than a call.
    if (length > 32) chunk.set(bytes, at);
    else for (let i = 0; i < length; i++) chunk[at + i] = bytes[i]!;
    this.#at = at + length;
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
      const next = this.#nextChunk(begun + bytes);
      next.bytes.set(this.#chunk.subarray(this.#start, this.#at));
      this.#chunk = next.bytes;
      this.#words = next.words;
      this.#start = 0;
      this.#at = begun;
    }
    return this.#chunk;
  }

  #nextChunk(bytesMin: number): Chunk {
    if (2 * bytesMin > CHUNK_BYTES) return createChunk(4 * bytesMin);
    const kept = this.#chunks[this.#chunksUsed];
    if (kept !== undefined) {
      this.#chunksUsed += 1;
      return kept;
    }
    const chunk = createChunk(CHUNK_BYTES);
    if (this.#chunks.length < CHUNKS_KEPT_MAX) this.#chunksUsed = this.#chunks.push(chunk);
    return chunk;
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
  const whole = to - ((to - from) & 3);
  let sum = 0x811c9dc5 ^ (to - from);
  for (let at = from; at < whole; at += 4) {
    sum = take(sum, bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  return takeRest(sum, bytes, whole, to);
}

function take(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, 0x01000193);
  return product ^ (product >>> 15);
}

function takeRest(before: number, bytes: Uint8Array, from: number, to: number): number {
  let sum = before;
  for (let at = from; at < to; at++) sum = Math.imul(sum ^ bytes[at]!, 0x01000193);
  return sum >>> 0;
}
