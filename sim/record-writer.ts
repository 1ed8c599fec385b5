/**
 * Writes the records of all journals of a simulator, one after the other, each field straight to where it lies on the
 * disk: every simulated transaction passes through here, and no other program ever reads it. What the fields are is
 * known to who writes and who reads them, and does not stand beside them.
 */
import { EMPTY, IS_LITTLE_ENDIAN, writeU32, writeU64 } from "../core/bytes.ts";
import { checksum, checksumOf, RECORD_HEADER_BYTES, RECORD_STEP_BYTES } from "./record-checksum.ts";

const CHUNK_BYTES = 256 * 1024;

/** Kept from run to run: 4 MiB. */
const CHUNKS_KEPT_MAX = 16;

interface Chunk {
  readonly bytes: Uint8Array;
  readonly words: Int32Array<ArrayBuffer>;
}

function createChunk(bytes: number): Chunk {
  const words = new Int32Array(bytes / 4);
  return { bytes: new Uint8Array(words.buffer), words };
}

export class RecordWriter {
  /** Records are written one after the other, each at a whole word; in one run no chunk is written to twice. */
  readonly #chunks: Chunk[] = [];
  #chunksUsed = 0;
  #chunk: Uint8Array = EMPTY;
  #words = new Int32Array(0);
  #start = 0;
  #at = 0;
  /** Where the next record begins. One that was begun and not ended is written over. */
  #next = 0;

  /** The run is over, and every disk with it: what was written may be written over. */
  reset(): void {
    this.#chunk = EMPTY;
    this.#chunksUsed = 0;
    this.#next = 0;
  }

  /** A record; one at a time. */
  begin(entries: number): void {
    this.#start = this.#next;
    this.#at = this.#next;
    this.#room(RECORD_HEADER_BYTES);
    this.#at += RECORD_HEADER_BYTES;
    this.word(entries);
  }

  /** The record that was begun. The bytes are the caller's to keep. */
  end(): Uint8Array {
    this.#fillUp();
    const chunk = this.#chunk;
    const start = this.#start;
    const end = this.#at;
    this.#next = end;
    const from = start + RECORD_HEADER_BYTES;
    writeU32(chunk, start, end - start);
    writeU32(
      chunk,
      start + 4,
      IS_LITTLE_ENDIAN ? checksum(this.#words, from >> 2, end >> 2) : checksumOf(chunk, from, end),
    );
    return new Uint8Array(chunk.buffer, start, end - start);
  }

  /** Below 2^32. */
  word(value: number): this {
    writeU32(this.#room(4), this.#at, value);
    this.#at += 4;
    return this;
  }

  /** Below 2^53. */
  number(value: number): this {
    writeU64(this.#room(8), this.#at, value);
    this.#at += 8;
    return this;
  }

  /** Ids in hex and names: one byte a character. */
  text(text: string): this {
    const { length } = text;
    this.#room(4 + length);
    this.word(length);
    const chunk = this.#chunk;
    const at = this.#at;
    for (let i = 0; i < length; i++) chunk[at + i] = text.charCodeAt(i);
    this.#at = at + length;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const { length } = bytes;
    this.#room(4 + length);
    this.word(length);
    const chunk = this.#chunk;
    const at = this.#at;
    // Ids are short: a loop is faster than a call.
    if (length > 32) chunk.set(bytes, at);
    else for (let i = 0; i < length; i++) chunk[at + i] = bytes[i]!;
    this.#at = at + length;
    return this;
  }

  #fillUp(): void {
    const chunk = this.#room(RECORD_STEP_BYTES);
    const body = this.#start + RECORD_HEADER_BYTES;
    while (((this.#at - body) & (RECORD_STEP_BYTES - 1)) !== 0) chunk[this.#at++] = 0;
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
}
