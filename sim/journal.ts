/**
 * What both simulated stores write: one record per transaction, appended to one file of the simulated disk, with its
 * length and a checksum, so that a record torn by power loss is found and cut off when the file is loaded. Entries are
 * MessagePack arrays that begin with a number.
 */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { readU32, writeU32 } from "../core/bytes.ts";
import type { Disk, DiskError } from "./kernel/disk.ts";

export type Entry = readonly [kind: number, ...fields: unknown[]];

const HEADER_BYTES = 8;

/** Encoder and decoder of one simulator, shared by all of its stores. */
export class JournalCodec {
  readonly #encoder = new Encoder({ initialBufferSize: 4096 });
  readonly #decoder = new Decoder();

  encode(entries: readonly Entry[]): Uint8Array {
    const body = this.#encoder.encodeSharedRef(entries);
    const record = new Uint8Array(HEADER_BYTES + body.length);
    writeU32(record, 0, body.length);
    writeU32(record, 4, checksum(body));
    record.set(body, HEADER_BYTES);
    return record;
  }

  /** The entries of the record at `at`, and where the next one begins; undefined when it is not whole. */
  parse(bytes: Uint8Array, at: number): { readonly entries: readonly Entry[]; readonly end: number } | undefined {
    if (at + HEADER_BYTES > bytes.length) return undefined;
    const end = at + HEADER_BYTES + readU32(bytes, at);
    if (end > bytes.length) return undefined;
    const body = bytes.subarray(at + HEADER_BYTES, end);
    if (checksum(body) !== readU32(bytes, at + 4)) return undefined;
    return { entries: this.#decoder.decode(body) as readonly Entry[], end };
  }
}

function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193);
  return sum >>> 0;
}

export class Journal {
  readonly #disk: Disk;
  readonly #file: string;
  readonly #codec: JournalCodec;
  #committedBytes = 0;

  constructor(disk: Disk, file: string, codec: JournalCodec) {
    this.#disk = disk;
    this.#file = file;
    this.#codec = codec;
  }

  /** Gives every entry that is on the disk, in order; what follows a torn record is cut off. */
  load(apply: (entry: Entry) => void): void {
    const bytes = this.#disk.read(this.#file);
    let at = 0;
    for (let record = this.#codec.parse(bytes, at); record !== undefined; record = this.#codec.parse(bytes, at)) {
      for (const entry of record.entries) apply(entry);
      at = record.end;
    }
    if (at < bytes.length) this.#disk.truncate(this.#file, at);
    this.#committedBytes = at;
  }

  /** Writes one transaction; it is durable after `commit`. */
  append(entries: readonly Entry[]): DiskError | undefined {
    return this.#disk.append(this.#file, this.#codec.encode(entries));
  }

  commit(): DiskError | undefined {
    const error = this.#disk.sync(this.#file);
    if (error === undefined) this.#committedBytes = this.#disk.sizeBytes(this.#file);
    return error;
  }

  /** Takes back what was appended since the last commit. */
  rollback(): void {
    this.#disk.truncate(this.#file, this.#committedBytes);
  }
}
