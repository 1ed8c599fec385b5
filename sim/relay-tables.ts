/**
 * What a simulated relay's store holds in memory: exactly what the entries of its journal say. `RelayStore` makes the
 * entries; `apply` is the one place where an entry changes a table, when it is made and when it is read again.
 */
import { encodeHex } from "../core/bytes.ts";
import type { Chain, Position } from "../core/ids.ts";
import { GENESIS } from "../core/ids.ts";
import type { ChainHasher } from "../core/log/chain.ts";
import type { DeviceRecord } from "../core/log/devices.ts";
import type { StoredInvite } from "../core/log/invites.ts";
import type { LogHead, LogRow } from "../core/log/row.ts";
import type { GoneWhy, RevokeReason } from "../core/wire/messages.ts";
import type { Entry } from "./journal-codec.ts";

const ENTRY = { head: 1, row: 2, gone: 3, member: 4, renewed: 5, revoked: 6, invite: 7, uninvite: 8 } as const;

export interface Revocation {
  readonly by: Uint8Array;
  readonly reason: RevokeReason;
  readonly timestampMs: number;
}

export interface Member extends DeviceRecord {
  readonly device: Uint8Array;
  readonly revocation: Revocation | undefined;
}

export interface Group {
  readonly id: Uint8Array;
  head: LogHead;
  /** Row of cursor c at index c − head.trimmed.cursor − 1. */
  readonly rows: LogRow[];
  readonly byBlob: Map<string, LogRow>;
  /** By device id in hex. */
  readonly members: Map<string, Member>;
}

export class RelayTables {
  readonly groups = new Map<string, Group>();
  /** By look-up in hex. */
  readonly invites = new Map<string, StoredInvite>();
  /** Payload bytes that all groups hold. */
  totalBytes = 0;
  #lastId: Uint8Array | undefined;
  #last: Group | undefined;

  /** Operations and the entries that they make carry the very same array: most look-ups cost one comparison. */
  group(id: Uint8Array): Group | undefined {
    if (this.#lastId === id) return this.#last;
    const group = this.groups.get(encodeHex(id));
    if (group !== undefined) {
      this.#lastId = id;
      this.#last = group;
    }
    return group;
  }

  apply(entry: Entry): void {
    switch (entry[0]) {
      case ENTRY.head:
        return this.#applyHead(entry[1] as Uint8Array, parseHead(entry));
      case ENTRY.row: {
        const group = this.group(entry[1] as Uint8Array)!;
        const row = parseRow(entry);
        group.rows.push(row);
        group.byBlob.set(encodeHex(row.blobId), row);
        return;
      }
      case ENTRY.gone: {
        const group = this.group(entry[1] as Uint8Array)!;
        const index = (entry[2] as number) - group.head.trimmed.cursor - 1;
        const row: LogRow = { ...group.rows[index]!, payload: null, gone: entry[3] as GoneWhy };
        group.rows[index] = row;
        group.byBlob.set(encodeHex(row.blobId), row);
        return;
      }
      case ENTRY.member: {
        const [, group, device, acknowledged, lastSeenMs] = entry as Entry & readonly [number, Uint8Array, Uint8Array];
        const { members } = this.group(group)!;
        const key = encodeHex(device);
        const times = { acknowledged: acknowledged as number, lastSeenMs: lastSeenMs as number };
        members.set(key, { device, isRevoked: false, revocation: undefined, ...members.get(key), ...times });
        return;
      }
      case ENTRY.renewed: {
        // What was acknowledged in the old epoch may be other blobs now.
        const { members } = this.group(entry[1] as Uint8Array)!;
        for (const [key, member] of members) members.set(key, { ...member, acknowledged: 0 });
        return;
      }
      case ENTRY.revoked: {
        const { members } = this.group(entry[1] as Uint8Array)!;
        const key = encodeHex(entry[2] as Uint8Array);
        const [, , , by, reason, timestampMs] = entry;
        const revocation = { by, reason, timestampMs } as Revocation;
        members.set(key, { ...members.get(key)!, isRevoked: true, revocation });
        return;
      }
      case ENTRY.invite: {
        const [, lookup, group, device, sealed, expiresAtMs] = entry;
        const invite = { group, device, sealed, expiresAtMs } as StoredInvite;
        this.invites.set(encodeHex(lookup as Uint8Array), invite);
        return;
      }
      case ENTRY.uninvite:
        this.invites.delete(encodeHex(entry[1] as Uint8Array));
        return;
    }
  }

  #applyHead(id: Uint8Array, head: LogHead): void {
    const group = this.group(id);
    this.totalBytes += head.heldBytes - (group?.head.heldBytes ?? 0);
    if (group === undefined) {
      this.groups.set(encodeHex(id), { id, head, rows: [], byBlob: new Map(), members: new Map() });
      return;
    }
    const forgotten = group.rows.splice(0, head.trimmed.cursor - group.head.trimmed.cursor);
    for (const row of forgotten) group.byBlob.delete(encodeHex(row.blobId));
    group.head = head;
  }
}

export function chainAt(group: Group, cursor: number): Chain | undefined {
  const { max, trimmed } = group.head;
  if (cursor === trimmed.cursor) return trimmed.chain;
  if (cursor === max.cursor) return max.chain;
  if (cursor === 0) return GENESIS;
  return group.rows[cursor - trimmed.cursor - 1]?.chain;
}

/** The same, from the chain before and what the row says of its blob. */
export function chainAnew(hasher: ChainHasher, group: Group, cursor: number): Chain | undefined {
  const before = chainAt(group, cursor - 1);
  const row = group.rows[cursor - group.head.trimmed.cursor - 1];
  return before && row && hasher.ofRow(before, row);
}

export function* rowsAfter(group: Group, after: number): Generator<LogRow> {
  const from = Math.max(0, after - group.head.trimmed.cursor);
  for (let i = from; i < group.rows.length; i++) yield group.rows[i]!;
}

export function headEntry(group: Uint8Array, head: LogHead): Entry {
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

export function rowEntry(group: Uint8Array, row: LogRow): Entry {
  const { cursor, chain, blobId, payloadHash, sender, timestampMs, expiresAtMs, payload } = row;
  return [ENTRY.row, group, cursor, chain, blobId, payloadHash, sender, timestampMs, expiresAtMs, payload];
}

/** What can rot in a row, as it lies in the journal: chain, blob id, payload hash, payload. Empty for other entries. */
export function rowContent(entry: Entry): readonly Uint8Array[] {
  return entry[0] === ENTRY.row ? [entry[3], entry[4], entry[5], entry[9]].map((field) => field as Uint8Array) : [];
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

export function goneEntry(group: Uint8Array, cursor: number, why: GoneWhy): Entry {
  return [ENTRY.gone, group, cursor, why];
}

export function memberEntry(
  group: Uint8Array,
  device: Uint8Array,
  { acknowledged, lastSeenMs }: Pick<DeviceRecord, "acknowledged" | "lastSeenMs">,
): Entry {
  return [ENTRY.member, group, device, acknowledged, lastSeenMs];
}

export function renewedEntry(group: Uint8Array): Entry {
  return [ENTRY.renewed, group];
}

export function revokedEntry(group: Uint8Array, device: Uint8Array, revocation: Revocation): Entry {
  return [ENTRY.revoked, group, device, revocation.by, revocation.reason, revocation.timestampMs];
}

export function inviteEntry(lookup: Uint8Array, invite: StoredInvite): Entry {
  return [ENTRY.invite, lookup, invite.group, invite.device, invite.sealed, invite.expiresAtMs];
}

export function uninviteEntry(lookup: Uint8Array): Entry {
  return [ENTRY.uninvite, lookup];
}
