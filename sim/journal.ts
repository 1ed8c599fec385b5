/**
 * What both simulated stores write: one record per transaction, appended to one file of the simulated disk, with its
 * length and a checksum, so that a record torn by power loss is found and cut off when the file is loaded.
 */
import { readU32 } from "../core/bytes.ts";
import type { Context } from "../core/context.ts";
import type { Entry, JournalCodec } from "./journal-codec.ts";
import type { Disk, DiskError } from "./kernel/disk.ts";

export class Journal {
  readonly #disk: Disk;
  readonly #file: string;
  readonly #codec: JournalCodec;
  readonly #mark: Context["mark"] | undefined;
  #committedBytes = 0;
  /** What was read was written by a process that may have died before its sync. */
  #isUnsure = false;

  constructor(disk: Disk, file: string, codec: JournalCodec, mark?: Context["mark"]) {
    this.#disk = disk;
    this.#file = file;
    this.#codec = codec;
    this.#mark = mark;
  }

  /** Gives every entry that is on the disk, in order; what follows a torn record is cut off. */
  load(apply: (entry: Entry) => void): void {
    const bytes = this.#disk.read(this.#file);
    let at = 0;
    for (let entries = this.#codec.parse(bytes, at); entries !== undefined; entries = this.#codec.parse(bytes, at)) {
      for (const entry of entries) apply(entry);
      at += readU32(bytes, at);
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
    return this.#disk.append(this.#file, this.#codec.encode(entries));
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
