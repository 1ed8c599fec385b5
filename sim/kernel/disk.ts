/**
 * A disk: named append-only files, where what is not synced is lost at power loss.
 *
 * Each host has one for the whole run. A process that dies leaves everything it wrote (the operating system has it);
 * power loss leaves of each file what was synced plus a chosen prefix of the rest, which may end in the middle of a
 * write. Truncation takes effect at once and survives. Stores call `append`, `sync`, `read`, `truncate`; the nemesis
 * sets the faults and calls the rest. Errors are values; a refused call has done nothing.
 */
import type { Cause, Label } from "./choices.ts";
import type { Substrate } from "./scheduler.ts";
import { TRACE_KIND } from "./trace.ts";
import type { TraceKind } from "./trace.ts";

export type DiskError = { readonly type: "DiskFull" } | { readonly type: "WriteError" };

const DISK_FULL: DiskError = { type: "DiskFull" };
const WRITE_ERROR: DiskError = { type: "WriteError" };

interface File {
  chunks: Uint8Array[];
  length: number;
  syncedLength: number;
}

/** All content of a disk at one moment, for a rollback. Shares the bytes: nobody writes into them. */
export interface DiskImage {
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export class Disk {
  /** Every append is refused. */
  full = false;
  /** Appends and syncs fail with this probability. */
  writeErrors: { readonly num: number; readonly den: number } | undefined;
  /** `sync` says that all is well and makes nothing durable. */
  lostFsync = false;
  /** Added to every sync delay by the host. */
  slowMs = 0;

  private readonly substrate: Substrate;
  private readonly host: number;
  private readonly errorLabel: Label;
  private readonly tornLabel: Label;
  private readonly files = new Map<string, File>();

  constructor(substrate: Substrate, host: number) {
    this.substrate = substrate;
    this.host = host;
    this.errorLabel = substrate.labels.label("disk.error");
    this.tornLabel = substrate.labels.label("disk.torn");
  }

  /** In order of creation. */
  get fileNames(): readonly string[] {
    return [...this.files.keys()];
  }

  get unsyncedBytes(): number {
    let sum = 0;
    for (const file of this.files.values()) sum += file.length - file.syncedLength;
    return sum;
  }

  /** Takes ownership of `bytes`. Creates the file if there is none. */
  append(file: string, bytes: Uint8Array): DiskError | undefined {
    if (this.full) return DISK_FULL;
    if (this.isStruck()) return WRITE_ERROR;
    const { scheduler, trace } = this.substrate;
    trace.event(TRACE_KIND.diskAppend, this.host, 0, scheduler.cause.key, scheduler.nowMs, bytes);
    let entry = this.files.get(file);
    if (entry === undefined) this.files.set(file, (entry = { chunks: [], length: 0, syncedLength: 0 }));
    if (bytes.length === 0) return undefined;
    entry.chunks.push(bytes);
    entry.length += bytes.length;
    return undefined;
  }

  /** Makes all that was appended to the file so far durable. */
  sync(file: string): DiskError | undefined {
    if (this.isStruck()) return WRITE_ERROR;
    this.note(TRACE_KIND.diskSync, 0, this.substrate.scheduler.cause);
    const entry = this.files.get(file);
    if (entry !== undefined && !this.lostFsync) entry.syncedLength = entry.length;
    return undefined;
  }

  /** The content from byte `from` on as a process sees it, synced or not, in one fresh array. Empty if absent. */
  read(file: string, from = 0): Uint8Array {
    const entry = this.files.get(file);
    if (entry === undefined || from >= entry.length) return new Uint8Array(0);
    const out = new Uint8Array(entry.length - from);
    let end = entry.length;
    for (let i = entry.chunks.length - 1; end > from; i--) {
      const chunk = entry.chunks[i]!;
      const start = end - chunk.length;
      if (start >= from) out.set(chunk, start - from);
      else out.set(chunk.subarray(from - start), 0);
      end = start;
    }
    return out;
  }

  /** Length as a process sees it, synced or not. 0 if absent. */
  sizeBytes(file: string): number {
    return this.files.get(file)?.length ?? 0;
  }

  /** Cuts the file to `length` bytes; no effect when it is shorter. */
  truncate(file: string, length: number): void {
    this.note(TRACE_KIND.diskTruncate, length, this.substrate.scheduler.cause);
    const entry = this.files.get(file);
    if (entry !== undefined) cut(entry, length);
  }

  /** Drops a chosen part of what was not synced; 0, the calm choice, drops all of it, so that no write is torn. */
  powerLoss(cause: Cause): void {
    for (const entry of this.files.values()) {
      const unsynced = entry.length - entry.syncedLength;
      if (unsynced === 0) continue;
      const kept = this.substrate.choices.choose(this.tornLabel, cause, unsynced + 1);
      cut(entry, entry.syncedLength + kept);
      entry.syncedLength = entry.length;
      this.note(TRACE_KIND.diskLoss, kept, cause);
    }
  }

  wipe(): void {
    this.note(TRACE_KIND.diskWipe, 0, this.substrate.scheduler.cause);
    this.files.clear();
  }

  /** What a backup made now would hold, unsynced bytes included. */
  image(): DiskImage {
    const files = new Map<string, Uint8Array>();
    for (const name of this.files.keys()) files.set(name, this.read(name));
    return { files };
  }

  /** Replaces everything by an image, durably: a rollback. */
  restore(image: DiskImage): void {
    this.wipe();
    for (const [name, bytes] of image.files) {
      const chunks = bytes.length > 0 ? [bytes] : [];
      this.files.set(name, { chunks, length: bytes.length, syncedLength: bytes.length });
    }
  }

  /** Bit rot: flips the bits of `mask` in one byte, in what is read from now on. False when there is no such byte. */
  rot(file: string, offset: number, mask: number): boolean {
    const entry = this.files.get(file);
    if (entry === undefined || offset < 0 || offset >= entry.length) return false;
    const bytes = this.read(file);
    bytes[offset]! ^= mask;
    entry.chunks = [bytes];
    return true;
  }

  private isStruck(): boolean {
    const errors = this.writeErrors;
    if (errors === undefined) return false;
    const { choices, scheduler } = this.substrate;
    return choices.chance(this.errorLabel, scheduler.cause, errors.num, errors.den);
  }

  private note(kind: TraceKind, value: number, cause: Cause): void {
    this.substrate.trace.event(kind, this.host, value, cause.key, this.substrate.scheduler.nowMs);
  }
}

function cut(file: File, length: number): void {
  while (file.length > length) {
    const last = file.chunks.pop()!;
    const start = file.length - last.length;
    if (start < length) {
      file.chunks.push(last.subarray(0, length - start));
      file.length = length;
    } else {
      file.length = start;
    }
  }
  file.syncedLength = Math.min(file.syncedLength, file.length);
}
