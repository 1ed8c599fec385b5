/**
 * The relay's store on the simulated disk: it loads, calls `core/log`, writes, commits, answers; nothing more. Tables
 * in memory are what the journal says; when a write or a sync fails they are read from it again.
 */
import { encodeHex } from "../core/bytes.ts";
import type { CryptoSuite } from "../core/crypto/suite.ts";
import type { Chain, Position } from "../core/ids.ts";
import { GENESIS } from "../core/ids.ts";
import { decideAdmit } from "../core/log/admit.ts";
import { decideAppend } from "../core/log/append.ts";
import { ChainHasher } from "../core/log/chain.ts";
import { decidePage } from "../core/log/page.ts";
import type { LogHead, LogRow } from "../core/log/row.ts";
import { decideSweep } from "../core/log/sweep.ts";
import { unreachable } from "../core/invariant.ts";
import type { Now } from "../core/machine.ts";
import type { RelayAnswer, RelayOperation, StoreError } from "../core/relay/store.ts";
import type { GoneWhy } from "../core/wire/messages.ts";
import type { Entry, JournalCodec } from "./journal-codec.ts";
import { Journal } from "./journal.ts";
import type { Disk, DiskError } from "./kernel/disk.ts";
import type { StagedStore } from "./kernel/program.ts";

const FILE = "relay.journal";
const ENTRY = { identity: 0, head: 1, row: 2, gone: 3, member: 4, renewed: 5 } as const;

/** A session of a group that rotted away on the disk: it must say Hello again. */
const VANISHED: StoreError = { type: "StorageFailed" };

interface Group {
  readonly id: Uint8Array;
  head: LogHead;
  /** Row of cursor c at index c − head.trimmed.cursor − 1. */
  rows: LogRow[];
  readonly byBlob: Map<string, LogRow>;
  /** Acknowledged cursor of every known device. */
  readonly members: Map<string, number>;
}

export class RelayStore implements StagedStore<RelayOperation, RelayAnswer> {
  readonly #journal: Journal;
  readonly #hasher: ChainHasher;
  #identity: Uint8Array | undefined;
  #groups = new Map<string, Group>();
  #lastId: Uint8Array | undefined;
  #last: Group | undefined;
  #entries: Entry[] = [];
  #answers: RelayAnswer[] = [];

  constructor(disk: Disk, suite: CryptoSuite, codec: JournalCodec) {
    this.#journal = new Journal(disk, FILE, codec);
    this.#hasher = new ChainHasher(suite);
    this.#reload();
  }

  stage(operations: readonly RelayOperation[], now: Now): boolean {
    this.#answers = [];
    this.#entries = [];
    for (const operation of operations) this.#answers.push(this.#run(operation, now));
    if (this.#entries.length === 0) return this.#journal.isUnsure;
    const error = this.#journal.append(this.#entries);
    if (error === undefined) return true;
    this.#fail(error);
    return false;
  }

  commit(): readonly RelayAnswer[] {
    if (this.#entries.length > 0 || this.#journal.isUnsure) {
      const error = this.#journal.commit();
      if (error !== undefined) this.#fail(error);
      this.#entries = [];
    }
    return this.#answers;
  }

  /** The transaction did not happen: the tables are read again, and every operation of it has failed. */
  #fail(cause: DiskError): void {
    const error: StoreError = { type: cause.type === "DiskFull" ? "StorageFull" : "StorageFailed" };
    this.#journal.rollback();
    this.#reload();
    this.#entries = [];
    this.#answers = this.#answers.map(({ id }) => ({ id, type: "failed", error }));
  }

  #reload(): void {
    this.#identity = undefined;
    this.#groups = new Map();
    this.#lastId = undefined;
    this.#last = undefined;
    this.#journal.load((entry) => this.#apply(entry));
  }

  #run(operation: RelayOperation, now: Now): RelayAnswer {
    const { id } = operation;
    switch (operation.type) {
      case "load":
        if (this.#identity === undefined) this.#write([ENTRY.identity, operation.fresh]);
        return { id, type: "loaded", identity: this.#identity! };
      case "admit":
        return this.#admit(operation);
      case "append":
        return this.#append(operation, now);
      case "page":
        return this.#page(operation);
      case "acknowledge": {
        const { group, device, cursor } = operation;
        const members = this.#group(group)?.members;
        if (members !== undefined && cursor > (members.get(encodeHex(device)) ?? 0))
          this.#write([ENTRY.member, group, device, cursor]);
        return { id, type: "acknowledged" };
      }
      case "sweep":
        return { id, type: "swept", gone: this.#sweep(operation.dedupeRetentionS, now) };
      default:
        return unreachable(operation);
    }
  }

  #admit(operation: Extract<RelayOperation, { type: "admit" }>): RelayAnswer {
    const { id, claim, device, freshEpoch } = operation;
    const group = this.#group(operation.group);
    if (group === undefined && this.#groups.size >= operation.groupsMax) return { id, type: "full" };
    const decision = decideAdmit(group?.head, claim, (cursor) => chainAt(group!, cursor), freshEpoch);
    if (decision.change !== "none") this.#write(headEntry(operation.group, decision.head));
    if (decision.change === "renewed") this.#write([ENTRY.renewed, operation.group]);
    const known = this.#group(operation.group)!;
    if (!known.members.has(encodeHex(device))) this.#write([ENTRY.member, operation.group, device, 0]);
    const { head } = decision;
    const from = decision.change === "none" && claim.epoch !== null ? claim.contiguous.cursor : 0;
    let pending = 0;
    for (const row of rowsAfter(known, from)) if (row.payload !== null) pending += 1;
    return { id, type: "admitted", head, pending, isRenewed: decision.change === "renewed" };
  }

  #append(operation: Extract<RelayOperation, { type: "append" }>, now: Now): RelayAnswer {
    const { id, device, items, defaultTtlS, heldBytesMax } = operation;
    const group = this.#group(operation.group);
    if (group === undefined) return { id, type: "failed", error: VANISHED };
    const decision = decideAppend(this.#hasher, group.head, (blob) => group.byBlob.get(blob), {
      sender: device,
      items,
      wallMs: now.wallMs,
      defaultTtlS,
      heldBytesMax,
    });
    for (const row of decision.rows) this.#write(rowEntry(operation.group, row));
    if (decision.rows.length > 0) this.#write(headEntry(operation.group, decision.head));
    return { id, type: "appended", answers: decision.answers, max: decision.head.max.cursor };
  }

  #page(operation: Extract<RelayOperation, { type: "page" }>): RelayAnswer {
    const { id, after } = operation;
    const group = this.#group(operation.group);
    if (group === undefined) return { id, type: "failed", error: VANISHED };
    const chainAfter = chainAt(group, after) ?? group.head.trimmed.chain;
    const page = decidePage(group.head, rowsAfter(group, after), chainAfter, operation);
    return { id, type: "paged", page: page ?? null };
  }

  #sweep(dedupeRetentionS: number, now: Now): number {
    let count = 0;
    for (const group of this.#groups.values()) {
      let acknowledgedByAll = group.members.size === 0 ? 0 : Number.MAX_SAFE_INTEGER;
      for (const cursor of group.members.values()) acknowledgedByAll = Math.min(acknowledgedByAll, cursor);
      const request = { wallMs: now.wallMs, dedupeRetentionS, acknowledgedByAll };
      const { head, gone } = decideSweep(group.head, group.rows, request);
      for (const { cursor, why } of gone) this.#write([ENTRY.gone, group.id, cursor, why]);
      const isTrimmed = head.trimmed.cursor !== group.head.trimmed.cursor;
      if (gone.length > 0 || isTrimmed) this.#write(headEntry(group.id, head));
      count += gone.length;
    }
    return count;
  }

  /** Operations and the entries that they make carry the very same array: most look-ups cost one comparison. */
  #group(id: Uint8Array): Group | undefined {
    if (this.#lastId === id) return this.#last;
    const group = this.#groups.get(encodeHex(id));
    if (group !== undefined) {
      this.#lastId = id;
      this.#last = group;
    }
    return group;
  }

  #write(entry: Entry): void {
    this.#entries.push(entry);
    this.#apply(entry);
  }

  /** The one place where an entry changes a table, when it is made and when it is read again. */
  #apply(entry: Entry): void {
    switch (entry[0]) {
      case ENTRY.identity:
        this.#identity = entry[1] as Uint8Array;
        return;
      case ENTRY.head:
        return this.#applyHead(entry[1] as Uint8Array, parseHead(entry));
      case ENTRY.row: {
        const group = this.#group(entry[1] as Uint8Array)!;
        const row = parseRow(entry);
        group.rows.push(row);
        group.byBlob.set(encodeHex(row.blobId), row);
        return;
      }
      case ENTRY.gone: {
        const group = this.#group(entry[1] as Uint8Array)!;
        const index = (entry[2] as number) - group.head.trimmed.cursor - 1;
        const row: LogRow = { ...group.rows[index]!, payload: null, gone: entry[3] as GoneWhy };
        group.rows[index] = row;
        group.byBlob.set(encodeHex(row.blobId), row);
        return;
      }
      case ENTRY.member:
        this.#group(entry[1] as Uint8Array)!.members.set(encodeHex(entry[2] as Uint8Array), entry[3] as number);
        return;
      case ENTRY.renewed: {
        // What was acknowledged in the old epoch may be other blobs now.
        const { members } = this.#group(entry[1] as Uint8Array)!;
        for (const device of members.keys()) members.set(device, 0);
        return;
      }
    }
  }

  #applyHead(id: Uint8Array, head: LogHead): void {
    const group = this.#group(id);
    if (group === undefined) {
      this.#groups.set(encodeHex(id), { id, head, rows: [], byBlob: new Map(), members: new Map() });
      return;
    }
    const forgotten = group.rows.splice(0, head.trimmed.cursor - group.head.trimmed.cursor);
    for (const row of forgotten) group.byBlob.delete(encodeHex(row.blobId));
    group.head = head;
  }
}

function chainAt(group: Group, cursor: number): Chain | undefined {
  const { trimmed } = group.head;
  if (cursor === trimmed.cursor) return trimmed.chain;
  if (cursor === 0) return GENESIS;
  return group.rows[cursor - trimmed.cursor - 1]?.chain;
}

function* rowsAfter(group: Group, after: number): Generator<LogRow> {
  const from = Math.max(0, after - group.head.trimmed.cursor);
  for (let i = from; i < group.rows.length; i++) yield group.rows[i]!;
}

function headEntry(group: Uint8Array, head: LogHead): Entry {
  const { epoch, max, trimmed, floor, heldBytes } = head;
  return [ENTRY.head, group, epoch, max.cursor, max.chain, trimmed.cursor, trimmed.chain, floor, heldBytes];
}

function parseHead(entry: Entry): LogHead {
  const [, , epoch, max, maxChain, trimmed, trimmedChain, floor, heldBytes] = entry;
  return {
    epoch: epoch as Uint8Array,
    max: { cursor: max, chain: maxChain } as Position,
    trimmed: { cursor: trimmed, chain: trimmedChain } as Position,
    floor: floor as number,
    heldBytes: heldBytes as number,
  };
}

function rowEntry(group: Uint8Array, row: LogRow): Entry {
  const { cursor, chain, blobId, payloadHash, sender, timestampMs, expiresAtMs, payload } = row;
  return [ENTRY.row, group, cursor, chain, blobId, payloadHash, sender, timestampMs, expiresAtMs, payload];
}

function parseRow(entry: Entry): LogRow {
  const [, , cursor, chain, blobId, payloadHash, sender, timestampMs, expiresAtMs, payload] = entry;
  return {
    cursor: cursor as number,
    chain: chain as Uint8Array,
    blobId: blobId as Uint8Array,
    payloadHash: payloadHash as Uint8Array,
    sender: sender as Uint8Array,
    timestampMs: timestampMs as number,
    expiresAtMs: expiresAtMs as number,
    sizeBytes: (payload as Uint8Array).length,
    payload: payload as Uint8Array,
    gone: null,
  };
}
