/** The entries of a simulated relay's journals: each says what changed in one table. */
import type { Position } from "../core/ids.ts";
import type { DeviceRecord } from "../core/log/devices.ts";
import type { StoredInvite } from "../core/log/invites.ts";
import type { LogHead, LogRow } from "../core/log/row.ts";
import { InvariantViolation, unreachable } from "../core/invariant.ts";
import type { GoneWhy, RevokeReason } from "../core/wire/messages.ts";
import type { EntryFormat } from "./journal.ts";
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";

export interface Revocation {
  readonly by: Uint8Array;
  readonly reason: RevokeReason;
  readonly timestampMs: number;
}

export type RelayEntry =
  | { readonly type: "head"; readonly group: Uint8Array; readonly head: LogHead }
  /** A new one, whose payload is held. */
  | { readonly type: "row"; readonly group: Uint8Array; readonly row: LogRow }
  | { readonly type: "gone"; readonly group: Uint8Array; readonly cursor: number; readonly why: GoneWhy }
  | ({ readonly type: "member"; readonly group: Uint8Array; readonly device: Uint8Array } & MemberTimes)
  | { readonly type: "renewed"; readonly group: Uint8Array }
  | {
      readonly type: "revoked";
      readonly group: Uint8Array;
      readonly device: Uint8Array;
      readonly revocation: Revocation;
    }
  | { readonly type: "invite"; readonly lookup: Uint8Array; readonly invite: StoredInvite }
  | { readonly type: "uninvite"; readonly lookup: Uint8Array };

type MemberTimes = Pick<DeviceRecord, "acknowledged" | "lastSeenMs">;

const KIND = { head: 1, row: 2, gone: 3, member: 4, renewed: 5, revoked: 6, invite: 7, uninvite: 8 } as const;

export const RELAY_ENTRIES: EntryFormat<RelayEntry> = { write: writeEntry, read: readEntry };

/** Of the file with the relay's own key. */
export const IDENTITY_ENTRIES: EntryFormat<Uint8Array> = {
  write: (identity, to) => void to.bytes(identity),
  read: (from) => from.bytes(),
};

function writeEntry(entry: RelayEntry, to: RecordWriter): void {
  switch (entry.type) {
    case "head": {
      const { epoch, max, trimmed, floor, heldBytes } = entry.head;
      to.word(KIND.head).bytes(entry.group).bytes(epoch);
      to.number(max.cursor).bytes(max.chain).number(trimmed.cursor).bytes(trimmed.chain);
      to.number(floor).number(heldBytes);
      return;
    }
    case "row": {
      const { cursor, chain, blobId, payloadHash, sender, timestampMs, expiresAtMs, payload } = entry.row;
      to.word(KIND.row).bytes(entry.group).number(cursor);
      to.bytes(chain).bytes(blobId).bytes(payloadHash).bytes(sender);
      to.number(timestampMs).number(expiresAtMs).bytes(payload!);
      return;
    }
    case "gone":
      to.word(KIND.gone).bytes(entry.group).number(entry.cursor).text(entry.why);
      return;
    case "member":
      to.word(KIND.member).bytes(entry.group).bytes(entry.device).number(entry.acknowledged).number(entry.lastSeenMs);
      return;
    case "renewed":
      to.word(KIND.renewed).bytes(entry.group);
      return;
    case "revoked": {
      const { by, reason, timestampMs } = entry.revocation;
      to.word(KIND.revoked).bytes(entry.group).bytes(entry.device).bytes(by).text(reason).number(timestampMs);
      return;
    }
    case "invite": {
      const { group, device, sealed, expiresAtMs } = entry.invite;
      to.word(KIND.invite).bytes(entry.lookup).bytes(group).bytes(device).bytes(sealed).number(expiresAtMs);
      return;
    }
    case "uninvite":
      to.word(KIND.uninvite).bytes(entry.lookup);
      return;
    default:
      unreachable(entry);
  }
}

function readEntry(from: RecordReader): RelayEntry {
  const kind = from.word();
  switch (kind) {
    case KIND.head:
      return { type: "head", group: from.bytes(), head: readHead(from) };
    case KIND.row:
      return { type: "row", group: from.bytes(), row: readRow(from) };
    case KIND.gone:
      return { type: "gone", group: from.bytes(), cursor: from.number(), why: from.text() as GoneWhy };
    case KIND.member: {
      const ids = { group: from.bytes(), device: from.bytes() };
      return { type: "member", ...ids, acknowledged: from.number(), lastSeenMs: from.number() };
    }
    case KIND.renewed:
      return { type: "renewed", group: from.bytes() };
    case KIND.revoked: {
      const ids = { group: from.bytes(), device: from.bytes() };
      const by = { by: from.bytes(), reason: from.text() as RevokeReason };
      return { type: "revoked", ...ids, revocation: { ...by, timestampMs: from.number() } };
    }
    case KIND.invite: {
      const lookup = from.bytes();
      const ids = { group: from.bytes(), device: from.bytes() };
      return { type: "invite", lookup, invite: { ...ids, sealed: from.bytes(), expiresAtMs: from.number() } };
    }
    case KIND.uninvite:
      return { type: "uninvite", lookup: from.bytes() };
    default:
      throw new InvariantViolation(`a relay's journal has no entry of kind ${kind}`);
  }
}

function readHead(from: RecordReader): LogHead {
  const epoch = from.bytes();
  const [max, trimmed] = [readPosition(from), readPosition(from)];
  return { epoch, max, trimmed, floor: from.number(), heldBytes: from.number() };
}

function readPosition(from: RecordReader): Position {
  return { cursor: from.number(), chain: from.bytes() };
}

function readRow(from: RecordReader): LogRow {
  const cursor = from.number();
  const ids = { chain: from.bytes(), blobId: from.bytes(), payloadHash: from.bytes(), sender: from.bytes() };
  const times = { timestampMs: from.number(), expiresAtMs: from.number() };
  const payload = from.bytes();
  return { cursor, ...ids, ...times, sizeBytes: payload.length, payload, gone: null };
}
