/**
 * What both simulated stores write: one record per transaction, appended to one file of the simulated disk, with its
 * length and a checksum, so that a record torn by power loss is found and cut off when the file is loaded.
 */
import type { Context } from "../core/context.ts";
import type { Disk, DiskError } from "./kernel/disk.ts";
import { endOfRecord, RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";

/** How an entry lies in a record. What is written is read as an equal entry. */
export interface EntryFormat<Entry> {
  readonly write: (entry: Entry, to: RecordWriter) => void;
  readonly read: (from: RecordReader) => Entry;
}

export class Journal<Entry> {
  readonly #disk: Disk;
  readonly #file: string;
  readonly #writer: RecordWriter;
  readonly #format: EntryFormat<Entry>;
  readonly #mark: Context["mark"] | undefined;
  #committedBytes = 0;
  /** What was read was written by a process that may have died before its sync. */
  #isUnsure = false;

  constructor(disk: Disk, file: string, writer: RecordWriter, format: EntryFormat<Entry>, mark?: Context["mark"]) {
    this.#disk = disk;
    this.#file = file;
    this.#writer = writer;
    this.#format = format;
    this.#mark = mark;
  }

  /** Gives every entry that is on the disk, in order; what follows a torn record is cut off. */
  load(apply: (entry: Entry) => void): void {
    const bytes = this.#disk.read(this.#file);
    let at = 0;
    for (let end = endOfRecord(bytes, at); end !== undefined; end = endOfRecord(bytes, at)) {
      for (const entry of readEntries(this.#format, bytes, at)) apply(entry);
      at = end;
    }
    if (at < bytes.length) this.#disk.truncate(this.#file, at);
    if (at < bytes.length) this.#mark?.("journal.torn-tail");
    this.#committedBytes = at;
    // Nobody may build on a record, or repeat its answer, that a power loss could still take back.
    this.#isUnsure = at > 0 && this.#disk.sync(this.#file) !== undefined;
    if (this.#isUnsure) this.#mark?.("journal.unsure");
  }

  /** A commit is owed even when nothing was written since. */
  get isUnsure(): boolean {
    return this.#isUnsure;
  }

  /** Writes one transaction; it is durable after `commit`. */
  append(entries: readonly Entry[]): DiskError | undefined {
    const writer = this.#writer;
    writer.begin(entries.length);
    for (let i = 0; i < entries.length; i++) this.#format.write(entries[i]!, writer);
    return this.#disk.append(this.#file, writer.end());
  }

  commit(): DiskError | undefined {
    const error = this.#disk.sync(this.#file);
    if (error !== undefined) return error;
    this.#committedBytes = this.#disk.sizeBytes(this.#file);
    this.#isUnsure = false;
    return undefined;
  }

  /** Takes back what was appended since the last commit. */
  rollback(): void {
    if (this.#disk.sizeBytes(this.#file) > this.#committedBytes) this.#mark?.("journal.rolled-back");
    this.#disk.truncate(this.#file, this.#committedBytes);
  }
}

/** Those of the record at `at`, which is whole. Their bytes are views. */
export function readEntries<Entry>(format: EntryFormat<Entry>, bytes: Uint8Array, at: number): readonly Entry[] {
  return new RecordReader(bytes, at).list((from) => format.read(from));
}
