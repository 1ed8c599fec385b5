/**
 * What a simulated relay's store holds in memory: exactly what the entries of its journal say. `RelayStore` makes the
 * entries; `apply` is the one place where an entry changes a table, when it is made and when it is read again.
 */
import type { Chain } from "../core/ids.ts";
import { GENESIS } from "../core/ids.ts";
import type { ChainHasher } from "../core/log/chain.ts";
import type { DeviceRecord } from "../core/log/devices.ts";
import type { StoredInvite } from "../core/log/invites.ts";
import type { LogHead, LogRow } from "../core/log/row.ts";
import { unreachable } from "../core/invariant.ts";
import type { HexNames } from "./hex-names.ts";
import type { RelayEntry, Revocation } from "./relay-entries.ts";

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
  readonly #names: HexNames;
  #lastId: Uint8Array | undefined;
  #last: Group | undefined;

  constructor(names: HexNames) {
    this.#names = names;
  }

  /** Operations and the entries that they make carry the very same array: most look-ups cost one comparison. */
  group(id: Uint8Array): Group | undefined {
    if (this.#lastId === id) return this.#last;
    const group = this.groups.get(this.#names.of(id));
    if (group !== undefined) {
      this.#lastId = id;
      this.#last = group;
    }
    return group;
  }

  apply(entry: RelayEntry): void {
    switch (entry.type) {
      case "head":
        return this.#applyHead(entry.group, entry.head);
      case "row": {
        const { row } = entry;
        const group = this.group(entry.group)!;
        group.rows.push(row);
        group.byBlob.set(this.#names.of(row.blobId), row);
        return;
      }
      case "gone": {
        const group = this.group(entry.group)!;
        const index = entry.cursor - group.head.trimmed.cursor - 1;
        const row: LogRow = { ...group.rows[index]!, payload: null, gone: entry.why };
        group.rows[index] = row;
        group.byBlob.set(this.#names.of(row.blobId), row);
        return;
      }
      case "member": {
        const { acknowledged, lastSeenMs } = entry;
        const { members } = this.group(entry.group)!;
        const key = this.#names.of(entry.device);
        const known = members.get(key);
        const { device, isRevoked, revocation } = known ?? {
          device: entry.device,
          isRevoked: false,
          revocation: undefined,
        };
        members.set(key, { device, acknowledged, lastSeenMs, isRevoked, revocation });
        return;
      }
      case "renewed": {
        // What was acknowledged in the old epoch may be other blobs now.
        const { members } = this.group(entry.group)!;
        for (const [key, member] of members) members.set(key, { ...member, acknowledged: 0 });
        return;
      }
      case "revoked": {
        const { members } = this.group(entry.group)!;
        const key = this.#names.of(entry.device);
        members.set(key, { ...members.get(key)!, isRevoked: true, revocation: entry.revocation });
        return;
      }
      case "invite":
        this.invites.set(this.#names.of(entry.lookup), entry.invite);
        return;
      case "uninvite":
        this.invites.delete(this.#names.of(entry.lookup));
        return;
      default:
        unreachable(entry);
    }
  }

  #applyHead(id: Uint8Array, head: LogHead): void {
    const group = this.group(id);
    this.totalBytes += head.heldBytes - (group?.head.heldBytes ?? 0);
    if (group === undefined) {
      this.groups.set(this.#names.of(id), { id, head, rows: [], byBlob: new Map(), members: new Map() });
      return;
    }
    const forgotten = group.rows.splice(0, head.trimmed.cursor - group.head.trimmed.cursor);
    for (const row of forgotten) group.byBlob.delete(this.#names.of(row.blobId));
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
