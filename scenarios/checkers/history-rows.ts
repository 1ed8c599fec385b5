/**
 * What a history is about, as rows that all checkers share: its devices, logs, readers (a device at a log), pushes,
 * blobs, and the places that blobs have in logs. `HistoryIndex` makes them, once each; checkers only read them, and keep
 * what is their own in arrays by the rows' numbers. A row holds facts of the history – who said something first – and
 * never an opinion. A blob that all devices of its group have, and that is old, is *settled*: its records are let go, so
 * that a long run is held in a few numbers for each blob (`settled-blobs.ts`), and what comes again of it is still known
 * to be a repetition.
 */
import type {
  AckRecord,
  DeliverRecord,
  DurableStateRecord,
  FinalStateRecord,
  OperationRecord,
  QuarantineRecord,
  QueuedRecord,
} from "../history.ts";
import type { CursorRanges } from "./cursor-ranges.ts";

export type Binding = AckRecord | DeliverRecord | QuarantineRecord;
export type Placed = AckRecord | DeliverRecord;
export type State = DurableStateRecord | FinalStateRecord;
export type Position = AckRecord | State;

export interface DeviceRow {
  readonly number: number;
  readonly name: string;
  /** Logs at which it was seen, each once. */
  readonly readers: ReaderRow[];
}

/** One epoch of a group's log at a relay. */
export interface LogRow {
  readonly number: number;
  readonly relay: string;
  readonly group: string;
  readonly epoch: string;
  /** The life of the relay's disk in which it was first seen. */
  readonly life: number;
  /** No other epoch of this group was seen at this relay before. */
  readonly isFirstEpoch: boolean;
  /** By cursor; without those of settled blobs. */
  readonly places: (PlaceRow | undefined)[];
  /** Cursors of settled blobs. */
  readonly settled: CursorRanges;
}

/** One cursor of a log. */
export interface PlaceRow {
  readonly log: LogRow;
  readonly cursor: number;
  /** The first record that named its blob. */
  first: Binding | undefined;
  /** The blob that was named last: the same, unless something is wrong or was rolled back. */
  blob: BlobRow | undefined;
  /** The first acknowledgement in the present life of the relay's disk, and that life. */
  ack: AckRecord | undefined;
  ackLife: number;
  /** The first record that told the chain here. */
  chained: Position | undefined;
}

/** A device at a log. */
export interface ReaderRow {
  readonly number: number;
  readonly device: DeviceRow;
  readonly log: LogRow;
}

export interface PushRow {
  readonly number: number;
  readonly invoke: OperationRecord;
  /** Place of the invocation in the order of records. */
  readonly ordinal: number;
  /** How large it is when it is sealed, at least. */
  readonly sealedBytes: number | undefined;
  /** From `queued` on, or from the delivery that shows it. */
  blob: BlobRow | undefined;
  queued: QueuedRecord | undefined;
  /** The first delivery of its operation id to anyone. */
  delivered: DeliverRecord | undefined;
}

export interface BlobRow {
  readonly number: number;
  readonly id: string;
  /** Then there are no records here, and `holders` are the devices that have it. */
  isSettled: boolean;
  holders: readonly string[];
  queued: QueuedRecord | undefined;
  /** The push that was queued as this blob. */
  push: PushRow | undefined;
  /** The first delivery to each device in each life of its disk. */
  deliveries: readonly DeliverRecord[];
  /** The lives of the devices' disks at these deliveries; undefined while all of them are the first. */
  lives: number[] | undefined;
  /** The first place in each log, as it was told, with the log and the cursor. */
  places: readonly Placed[];
  placeLogs: readonly LogRow[];
  cursors: readonly number[];
}

export const NONE: readonly never[] = [];

/** Nothing is known of it yet. */
export function createBlob(number: number, id: string): BlobRow {
  return {
    number,
    id,
    isSettled: false,
    holders: NONE,
    queued: undefined,
    push: undefined,
    deliveries: [],
    lives: undefined,
    places: NONE,
    placeLogs: NONE,
    cursors: NONE,
  };
}

/** Whether this device ever delivered the blob, in any life. */
export function isDeliveredTo(blob: BlobRow, device: string): boolean {
  if (blob.isSettled) return blob.holders.includes(device);
  const { deliveries } = blob;
  for (let i = 0; i < deliveries.length; i++) if (deliveries[i]!.device === device) return true;
  return false;
}
