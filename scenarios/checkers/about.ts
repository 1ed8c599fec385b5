/**
 * What a record is about, as `HistoryIndex` looks it up once for all checkers. There is one of it, which is turned from
 * record to record: a checker reads it while it handles that record, and keeps nothing but the rows.
 */
import type { DeliverRecord, OperationRecord } from "../history.ts";
import type { BlobRow, DeviceRow, LogRow, PlaceRow, Placed, PushRow, ReaderRow } from "./history-rows.ts";

/** An operation that was invoked. */
export interface Invoked {
  readonly record: OperationRecord;
  /** Its place in the order of records. */
  readonly ordinal: number;
  readonly reader: ReaderRow | undefined;
}

/** What the present record is about. Fields that do not belong to its type are left over from another record. */
export class About {
  /** The record's place in the order of records, from 1. */
  ordinal = 0;
  device!: DeviceRow;
  /** With a relay and an epoch; undefined where an operation has none. */
  log: LogRow | undefined;
  reader: ReaderRow | undefined;
  blob!: BlobRow;
  /** ack, deliver, quarantine, states: the cursor; undefined at cursor 0. */
  place: PlaceRow | undefined;
  /** ack, deliver: the blob is told to be in this log for the first time. */
  isNewPlace = false;
  /** ack, deliver: the blob's first cursor in this log, and who told it, unless it is settled. */
  firstCursor = 0;
  firstPlace: Placed | undefined;
  /** deliver: it was delivered to this device before, in this life of its disk; and that record, unless it is settled. */
  isRepeated = false;
  earlier: DeliverRecord | undefined;
  /** queued, operations that push; deliver: the push of its operation id. */
  push: PushRow | undefined;
  /** Operations that push: the blob, once it is known. */
  pushed: BlobRow | undefined;
  /** Invocation of a push: its operation id was never used before. */
  isNewOp = false;
  /** Completion of a pull or connect: its invocation. */
  invoked: Invoked | undefined;
}
