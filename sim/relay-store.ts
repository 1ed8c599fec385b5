/**
 * The relay's store on the simulated disk: it loads, calls `core/log`, writes, commits, answers; nothing more. Tables
 * in memory are what the journal says; when a write or a sync fails they are read from it again. The relay's own key
 * lies in a file beside it: an operator who loses or restores the data need not lose the address (W-01).
 */
import { encodeHex, parseHex } from "../core/bytes.ts";
import type { Context } from "../core/context.ts";
import type { CryptoSuite } from "../core/crypto/suite.ts";
import { decideAdmit } from "../core/log/admit.ts";
import { decideAppend, type KnownBlob } from "../core/log/append.ts";
import type { Chain } from "../core/ids.ts";
import { ChainHasher } from "../core/log/chain.ts";
import { decideDelete } from "../core/log/delete.ts";
import { acknowledgedByAll, decideEnter } from "../core/log/devices.ts";
import { decidePutInvite, isInviteOf, isInviteOver } from "../core/log/invites.ts";
import { decidePage } from "../core/log/page.ts";
import { readKnown, readRows } from "../core/log/read-rows.ts";
import { isPayloadWhole, type LogRow } from "../core/log/row.ts";
import { decideSweep } from "../core/log/sweep.ts";
import { unreachable } from "../core/invariant.ts";
import type { Now } from "../core/machine.ts";
import type { RelayAnswer, RelayOperation, StoreError } from "../core/relay/store.ts";
import { Journal } from "./journal.ts";
import type { Disk, DiskError } from "./kernel/disk.ts";
import type { StagedStore } from "./kernel/program.ts";
import type { HexNames } from "./hex-names.ts";
import type { RecordWriter } from "./record-writer.ts";
import { IDENTITY_ENTRIES, RELAY_ENTRIES, type RelayEntry } from "./relay-entries.ts";
import { chainAnew, chainAt, RelayTables, rowsAfter, type Group } from "./relay-tables.ts";

export const RELAY_DATA_FILE = "relay.journal";
/** What a wipe of a relay's data leaves where it is. */
export const RELAY_IDENTITY_FILE = "relay.identity";

/** A session of a group that rotted away on the disk: it must say Hello again. */
const VANISHED: StoreError = { type: "StorageFailed" };

/** Never written to: the first entry makes a list of one, where one that is pushed to from empty has room for seventeen. */
const NO_ENTRIES: never[] = [];

type Of<T extends RelayOperation["type"]> = Extract<RelayOperation, { type: T }>;

export class RelayStore implements StagedStore<RelayOperation, RelayAnswer> {
  readonly #journal: Journal<RelayEntry>;
  readonly #mark: Context["mark"] | undefined;
  readonly #identityJournal: Journal<Uint8Array>;
  readonly #hasher: ChainHasher;
  readonly #isWhole: (row: LogRow) => boolean;
  readonly #names: HexNames;
  #tables: RelayTables;
  /** Payloads as they were read from the disk, not looked at yet: what was written by this process cannot have rotted. */
  #unread = new Set<Uint8Array>();
  /** Rows that are checked as they are served: those that a process before this one wrote. */
  #hasOldRows = false;
  #identity: Uint8Array | undefined;
  #entries: RelayEntry[] = NO_ENTRIES;
  #identityEntries: Uint8Array[] = NO_ENTRIES;
  #answers: RelayAnswer[] = [];

  constructor(disk: Disk, suite: CryptoSuite, writer: RecordWriter, names: HexNames, mark?: Context["mark"]) {
    this.#mark = mark;
    this.#names = names;
    this.#tables = new RelayTables(names);
    this.#journal = new Journal(disk, RELAY_DATA_FILE, writer, RELAY_ENTRIES, mark);
    this.#identityJournal = new Journal(disk, RELAY_IDENTITY_FILE, writer, IDENTITY_ENTRIES, mark);
    this.#hasher = new ChainHasher(suite);
    // Not in one, as in nemesis.ts.
    const isWhole = (row: LogRow): boolean => {
      if (row.payload === null || !this.#unread.has(row.payload)) return true;
      if (!isPayloadWhole(suite, row)) return false;
      this.#unread.delete(row.payload);
      return true;
    };
    this.#isWhole = isWhole;
    this.#reload();
  }

  stage(operations: readonly RelayOperation[], now: Now): boolean {
    this.#entries = NO_ENTRIES;
    this.#identityEntries = NO_ENTRIES;
    this.#answers = [this.#run(operations[0]!, now)];
    for (let i = 1; i < operations.length; i++) this.#answers.push(this.#run(operations[i]!, now));
    const error = append(this.#identityJournal, this.#identityEntries) ?? append(this.#journal, this.#entries);
    if (error !== undefined) this.#fail(error);
    return this.#isOwed;
  }

  commit(): readonly RelayAnswer[] {
    if (!this.#isOwed) return this.#answers;
    const error = commit(this.#identityJournal, this.#identityEntries) ?? commit(this.#journal, this.#entries);
    if (error !== undefined) this.#fail(error);
    this.#entries = NO_ENTRIES;
    this.#identityEntries = NO_ENTRIES;
    return this.#answers;
  }

  get #isOwed(): boolean {
    const isWritten = this.#entries.length + this.#identityEntries.length > 0;
    return isWritten || this.#journal.isUnsure || this.#identityJournal.isUnsure;
  }

  /** The transaction did not happen: the tables are read again, and every operation of it has failed. */
  #fail(cause: DiskError): void {
    const error: StoreError = { type: cause.type === "DiskFull" ? "StorageFull" : "StorageFailed" };
    this.#journal.rollback();
    this.#identityJournal.rollback();
    this.#reload();
    this.#entries = NO_ENTRIES;
    this.#identityEntries = NO_ENTRIES;
    this.#answers = this.#answers.map(({ id }) => ({ id, type: "failed", error }));
  }

  #reload(): void {
    this.#identity = undefined;
    this.#tables = new RelayTables(this.#names);
    this.#unread = new Set();
    this.#hasOldRows = false;
    this.#journal.load((entry) => this.#tables.apply(entry));
    this.#identityJournal.load((identity) => (this.#identity = identity));
    for (const { rows } of this.#tables.groups.values()) {
      for (const { payload } of rows) if (payload !== null) this.#unread.add(payload);
      if (rows.length > 0) this.#hasOldRows = true;
    }
  }

  #write(entry: RelayEntry): void {
    if (this.#entries === NO_ENTRIES) this.#entries = [entry];
    else this.#entries.push(entry);
    this.#tables.apply(entry);
  }

  #run(operation: RelayOperation, now: Now): RelayAnswer {
    const { id } = operation;
    switch (operation.type) {
      case "load":
        if (this.#identity === undefined) this.#identityEntries = [operation.fresh];
        return { id, type: "loaded", identity: (this.#identity ??= operation.fresh) };
      case "admit":
        return this.#admit(operation, now);
      case "append":
        return this.#append(operation, now);
      case "page":
        return this.#page(operation);
      case "acknowledge": {
        const { group, device, cursor } = operation;
        const member = this.#tables.group(group)?.members.get(this.#names.of(device));
        if (member !== undefined && cursor > member.acknowledged) {
          this.#write({ type: "member", group, device, acknowledged: cursor, lastSeenMs: member.lastSeenMs });
        }
        return { id, type: "acknowledged" };
      }
      case "sweep":
        return { id, type: "swept", gone: this.#sweep(operation, now), hasMore: false };
      case "put-invite":
        return this.#putInvite(operation, now);
      case "claim-invite": {
        const invite = this.#tables.invites.get(encodeHex(operation.lookup));
        if (invite === undefined) return { id, type: "invite-claimed", sealed: null };
        this.#write({ type: "uninvite", lookup: operation.lookup });
        return { id, type: "invite-claimed", sealed: isInviteOver(invite, now.wallMs) ? null : invite.sealed };
      }
      case "cancel-invite": {
        const { lookup, group, device } = operation;
        const invite = this.#tables.invites.get(encodeHex(lookup));
        if (invite !== undefined && isInviteOf(invite, group, device)) this.#write({ type: "uninvite", lookup });
        return { id, type: "invite-cancelled" };
      }
      case "devices": {
        const members = [...(this.#tables.group(operation.group)?.members ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
        const devices = members.map(([, { device, acknowledged, lastSeenMs, isRevoked }]) => {
          return { device, acknowledged, lastSeenMs, isRevoked };
        });
        return { id, type: "devices", devices };
      }
      case "revoke":
        return this.#revoke(operation, now);
      case "delete":
        return this.#delete(operation);
      default:
        return unreachable(operation);
    }
  }

  #admit(operation: Of<"admit">, now: Now): RelayAnswer {
    const { id, claim, device, freshEpoch } = operation;
    const group = this.#tables.group(operation.group);
    if (group === undefined && this.#tables.groups.size >= operation.groupsMax) return { id, type: "full" };
    const known = group?.members.get(this.#names.of(device));
    const enter = decideEnter(known, group?.members.size ?? 0, operation.devicesMax, now.wallMs);
    if (enter.type === "revoked") return { id, type: "revoked-device" };
    if (enter.type === "full") return { id, type: "full" };

    const decision = decideAdmit(group?.head, claim, (cursor) => this.#chainAt(group!, cursor), freshEpoch);
    const isRenewed = decision.change === "renewed";
    if (decision.change === "created" && claim.epoch !== null) this.#mark?.("store.group-lost");
    if (decision.change !== "none") this.#write({ type: "head", group: operation.group, head: decision.head });
    if (isRenewed) this.#write({ type: "renewed", group: operation.group });
    const { record } = enter;
    if (record !== undefined) {
      const acknowledged = isRenewed ? 0 : record.acknowledged;
      this.#write({ type: "member", group: operation.group, device, acknowledged, lastSeenMs: record.lastSeenMs });
    }
    const { head } = decision;
    const from = decision.change === "none" && claim.epoch !== null ? claim.contiguous.cursor : 0;
    let pending = 0;
    for (const row of rowsAfter(this.#tables.group(operation.group)!, from)) if (row.payload !== null) pending += 1;
    return { id, type: "admitted", head, pending, isRenewed };
  }

  #append(operation: Of<"append">, now: Now): RelayAnswer {
    const { id, device, items, defaultTtlS, heldBytesMax, totalBytesMax } = operation;
    const group = this.#tables.group(operation.group);
    if (group === undefined) {
      this.#mark?.("store.group-vanished");
      return { id, type: "failed", error: VANISHED };
    }
    const decision = decideAppend(this.#hasher, group.head, (blob) => this.#known(group, blob), {
      sender: device,
      items,
      wallMs: now.wallMs,
      defaultTtlS,
      heldBytesMax,
      totalBytes: this.#tables.totalBytes,
      totalBytesMax,
    });
    for (const row of decision.rows) this.#write({ type: "row", group: operation.group, row });
    if (decision.rows.length > 0) this.#write({ type: "head", group: operation.group, head: decision.head });
    return { id, type: "appended", answers: decision.answers, max: decision.head.max.cursor };
  }

  #page(operation: Of<"page">): RelayAnswer {
    const { id, after } = operation;
    const group = this.#tables.group(operation.group);
    if (group === undefined) return { id, type: "failed", error: VANISHED };
    const { head } = group;
    // Only the end of a log has no row behind it, and its chain stands in the head.
    const page = decidePage(head, this.#rowsAfter(group, after), head.max.chain, operation, this.#isWhole);
    return { id, type: "paged", page: page ?? null };
  }

  #rowsAfter(group: Group, after: number): Iterable<LogRow> {
    const { head } = group;
    const from = Math.max(after, head.trimmed.cursor);
    const rows = rowsAfter(group, from);
    if (!this.#hasOldRows) return rows;
    return readRows(this.#hasher, head, rows, {
      chain: chainAt(group, from) ?? head.max.chain,
      chainAnew: () => chainAnew(this.#hasher, group, from),
    });
  }

  #chainAt(group: Group, cursor: number): Chain | undefined {
    const { max, trimmed } = group.head;
    if (!this.#hasOldRows || cursor <= trimmed.cursor || cursor >= max.cursor) return chainAt(group, cursor);
    for (const { chain } of this.#rowsAfter(group, cursor - 1)) return chain;
    return undefined;
  }

  #known(group: Group, blob: Uint8Array): KnownBlob | undefined {
    const row = group.byBlob.get(this.#names.of(blob));
    if (row === undefined || !this.#hasOldRows) return row;
    return readKnown(this.#hasher, row, (cursor) => this.#chainAt(group, cursor));
  }

  #putInvite(operation: Of<"put-invite">, now: Now): RelayAnswer {
    const { id, lookup, group } = operation;
    const key = encodeHex(lookup);
    let total = 0;
    let ofGroup = 0;
    for (const [other, invite] of this.#tables.invites) {
      if (other === key || isInviteOver(invite, now.wallMs)) continue;
      total += 1;
      if (encodeHex(invite.group) === encodeHex(group)) ofGroup += 1;
    }
    const request = { ...operation, wallMs: now.wallMs };
    const invite = decidePutInvite(this.#tables.invites.get(key), { total, ofGroup }, request);
    if (invite !== undefined) this.#write({ type: "invite", lookup, invite });
    return { id, type: "invite-put", isKept: invite !== undefined };
  }

  #revoke(operation: Of<"revoke">, now: Now): RelayAnswer {
    const { id, group, device, by, reason } = operation;
    const member = this.#tables.group(group)?.members.get(this.#names.of(device));
    if (member === undefined)
      return { id, type: "revoked", isKnown: false, device, timestampMs: now.wallMs, by, reason };
    if (member.revocation !== undefined) return { id, type: "revoked", isKnown: true, device, ...member.revocation };
    const revocation = { by, reason, timestampMs: now.wallMs };
    this.#write({ type: "revoked", group, device, revocation });
    return { id, type: "revoked", isKnown: true, device, ...revocation };
  }

  #delete(operation: Of<"delete">): RelayAnswer {
    const { id, device, blobId } = operation;
    const group = this.#tables.group(operation.group);
    if (group === undefined) return { id, type: "deleted", outcome: "unknown", cursor: 0 };
    const row = group.byBlob.get(this.#names.of(blobId));
    const decision = decideDelete(group.head, row, device, (after) => nextHeld(group, after));
    if (decision.gone !== undefined) {
      this.#write({ type: "gone", group: group.id, cursor: decision.gone, why: "deleted" });
      this.#write({ type: "head", group: group.id, head: decision.head });
    }
    return { id, type: "deleted", outcome: decision.outcome, cursor: row?.cursor ?? 0 };
  }

  #sweep({ dedupeRetentionS, acknowledgedRetentionS }: Of<"sweep">, now: Now): number {
    let count = 0;
    for (const group of this.#tables.groups.values()) {
      const request = {
        wallMs: now.wallMs,
        dedupeRetentionS,
        acknowledgedByAll: acknowledgedByAll(group.members.values()),
        acknowledgedRetentionS,
      };
      const { head, gone } = decideSweep(group.head, group.rows, (cursor) => this.#chainAt(group, cursor), request);
      for (const { cursor, why } of gone) this.#write({ type: "gone", group: group.id, cursor, why });
      const isTrimmed = head.trimmed.cursor !== group.head.trimmed.cursor;
      if (isTrimmed) this.#mark?.("store.trimmed");
      if (gone.length > 0 || isTrimmed) this.#write({ type: "head", group: group.id, head });
      count += gone.length;
    }
    for (const [lookup, invite] of this.#tables.invites) {
      if (isInviteOver(invite, now.wallMs)) this.#write({ type: "uninvite", lookup: parseHex(lookup)! });
    }
    return count;
  }
}

function append<Entry>(journal: Journal<Entry>, entries: readonly Entry[]): DiskError | undefined {
  return entries.length > 0 ? journal.append(entries) : undefined;
}

function commit<Entry>(journal: Journal<Entry>, entries: readonly Entry[]): DiskError | undefined {
  return entries.length > 0 || journal.isUnsure ? journal.commit() : undefined;
}

function nextHeld(group: Group, after: number): number | undefined {
  for (const row of rowsAfter(group, after)) if (row.payload !== null) return row.cursor;
  return undefined;
}
