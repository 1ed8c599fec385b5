/**
 * The entries of a simulated device's journal: the operations that change its tables, as they came, but for what a page
 * came to. Read back by `DeviceStore` alone.
 */
import type { BlobContent } from "../core/blob/seal.ts";
import type { DeviceOperation } from "../core/client/store.ts";
import type { Epoch, Position } from "../core/ids.ts";
import type { InboxItem, LostRange } from "../core/inbox/take.ts";
import { InvariantViolation, unreachable } from "../core/invariant.ts";
import type { EntryFormat } from "./journal.ts";
import type { RecordReader } from "./record-reader.ts";
import type { RecordWriter } from "./record-writer.ts";

type Of<T extends DeviceOperation["type"]> = Omit<Extract<DeviceOperation, { type: T }>, "id">;

export type DeviceEntry =
  | { readonly type: "identity"; readonly identity: Uint8Array }
  | Of<"stage">
  | Of<"acked">
  | Of<"give-up">
  | Of<"rebase">
  | TakenEntry;

/** What of a page is new. */
export interface TakenEntry {
  readonly type: "taken";
  readonly relay: string;
  readonly epoch: Epoch;
  readonly through: Position;
  readonly deliver: readonly Delivered[];
  readonly quarantine: readonly Quarantined[];
  readonly lost: readonly LostRange[];
}

interface Delivered extends Pick<InboxItem, "cursor" | "blobId"> {
  /** Never null: it was opened. */
  readonly content: Pick<BlobContent, "sender" | "sequence" | "body"> | null;
}

/** `why` is never null. */
type Quarantined = Pick<InboxItem, "cursor" | "blobId" | "payload" | "why">;

const KIND = { identity: 0, sent: 1, acked: 2, givenUp: 3, rebased: 4, taken: 5 } as const;

export const DEVICE_ENTRIES: EntryFormat<DeviceEntry> = { write: writeEntry, read: readEntry };

function writeEntry(entry: DeviceEntry, to: RecordWriter): void {
  switch (entry.type) {
    case "identity":
      to.word(KIND.identity).bytes(entry.identity);
      return;
    case "stage": {
      const { sequence, blobId, payload, payloadHash, ttlS, expiresAtMs } = entry.row;
      to.word(KIND.sent).number(sequence).bytes(blobId).bytes(payload).bytes(payloadHash);
      to.number(ttlS).number(expiresAtMs).word(entry.announced);
      return;
    }
    case "acked":
      to.word(KIND.acked).text(entry.relay).bytes(entry.epoch).number(entry.sequence);
      writePosition(entry.position, to);
      return;
    case "give-up":
      to.word(KIND.givenUp).number(entry.sequence);
      return;
    case "rebase":
      to.word(KIND.rebased).text(entry.relay).bytes(entry.epoch);
      return;
    case "taken":
      return writeTaken(entry, to);
    default:
      unreachable(entry);
  }
}

function writeTaken({ relay, epoch, through, deliver, quarantine, lost }: TakenEntry, to: RecordWriter): void {
  to.word(KIND.taken).text(relay).bytes(epoch);
  writePosition(through, to);
  to.word(deliver.length);
  for (const { cursor, blobId, content } of deliver) {
    const { sender, sequence, body } = content!;
    to.number(cursor).bytes(blobId).bytes(sender).number(sequence).bytes(body);
  }
  to.word(quarantine.length);
  for (const { cursor, blobId, payload, why } of quarantine) to.number(cursor).bytes(blobId).bytes(payload).text(why!);
  to.word(lost.length);
  for (const { from, to: last, why } of lost) to.number(from).number(last).text(why);
}

function writePosition({ cursor, chain }: Position, to: RecordWriter): void {
  to.number(cursor).bytes(chain);
}

function readEntry(from: RecordReader): DeviceEntry {
  const kind = from.word();
  switch (kind) {
    case KIND.identity:
      return { type: "identity", identity: from.bytes() };
    case KIND.sent: {
      const ids = { sequence: from.number(), blobId: from.bytes(), payload: from.bytes(), payloadHash: from.bytes() };
      const row = { ...ids, ttlS: from.number(), expiresAtMs: from.number() };
      return { type: "stage", row, announced: from.word() };
    }
    case KIND.acked: {
      const where = { relay: from.text(), epoch: from.bytes() };
      return { type: "acked", ...where, sequence: from.number(), position: readPosition(from) };
    }
    case KIND.givenUp:
      return { type: "give-up", sequence: from.number() };
    case KIND.rebased:
      return { type: "rebase", relay: from.text(), epoch: from.bytes() };
    case KIND.taken:
      return {
        type: "taken",
        relay: from.text(),
        epoch: from.bytes(),
        through: readPosition(from),
        deliver: from.list(readDelivered),
        quarantine: from.list(readQuarantined),
        lost: from.list(readLost),
      };
    default:
      throw new InvariantViolation(`a device's journal has no entry of kind ${kind}`);
  }
}

function readPosition(from: RecordReader): Position {
  return { cursor: from.number(), chain: from.bytes() };
}

function readDelivered(from: RecordReader): Delivered {
  const id = { cursor: from.number(), blobId: from.bytes() };
  return { ...id, content: { sender: from.bytes(), sequence: from.number(), body: from.bytes() } };
}

function readQuarantined(from: RecordReader): Quarantined {
  return { cursor: from.number(), blobId: from.bytes(), payload: from.bytes(), why: from.text() };
}

function readLost(from: RecordReader): LostRange {
  return { from: from.number(), to: from.number(), why: from.text() as LostRange["why"] };
}
