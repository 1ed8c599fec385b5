/** Reads what `RecordWriter` wrote, field by field and in the same order. Bytes are views. */
import { readU32 } from "../core/bytes.ts";
import { assertInvariant } from "../core/invariant.ts";
import { checksumOf, RECORD_HEADER_BYTES, RECORD_STEP_BYTES } from "./record-checksum.ts";

/** Where the record at `at` ends; undefined when it is not whole. */
export function endOfRecord(bytes: Uint8Array, at: number): number | undefined {
  if (at + RECORD_HEADER_BYTES > bytes.length) return undefined;
  const end = at + readU32(bytes, at);
  const from = at + RECORD_HEADER_BYTES;
  if (end > bytes.length || end < from) return undefined;
  if ((end - from) % RECORD_STEP_BYTES !== 0) return undefined;
  return checksumOf(bytes, from, end) === readU32(bytes, at + 4) ? end : undefined;
}

export class RecordReader {
  readonly #bytes: Uint8Array;
  #at: number;

  /** For the record at `at`, which is whole. */
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at + RECORD_HEADER_BYTES;
  }

  word(): number {
    return readU32(this.#bytes, this.#pass(4));
  }

  number(): number {
    const at = this.#pass(8);
    return readU32(this.#bytes, at) * 0x1_0000_0000 + readU32(this.#bytes, at + 4);
  }

  text(): string {
    return String.fromCharCode(...this.bytes());
  }

  bytes(): Uint8Array {
    const length = this.word();
    const at = this.#pass(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** So many, each as `read` reads it. */
  list<T>(read: (from: this) => T): T[] {
    return Array.from({ length: this.word() }, () => read(this));
  }

  #pass(length: number): number {
    const at = this.#at;
    this.#at += length;
    assertInvariant(this.#at <= this.#bytes.length, "a journal holds what its store wrote");
    return at;
  }
}
