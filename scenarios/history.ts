/**
 * A history: what took place in one run, in the order in which it was seen, as plain data. The simulator writes it as
 * it goes, the controller of a real backend on its own clock; the checkers read nothing else. Ids are lower-case hex;
 * `at` is in milliseconds from the start of the run. `bytes` are raw here and hex in a file (`history-json.ts`).
 */
export type HistoryRecord =
  | OperationRecord
  | QueuedRecord
  | AckRecord
  | RefusedRecord
  | DeliverRecord
  | QuarantineRecord
  | LostRecord
  | DurableStateRecord
  | SealRecord
  | RelayViewRecord
  | NotifiedRecord
  | SecretRecord
  | FaultRecord
  | PhaseRecord
  | ResourcesRecord
  | FinalStateRecord
  | RelaysFailedRecord
  | DisconnectedRecord
  | AccusedRecord
  | LogRecord
  | ExitRecord
  | StoppedRecord;

export type History = readonly HistoryRecord[];

/** `ok`: happened. `fail`: definitely did not. `info`: may or may not have, settled by a later record or never. */
export type Outcome = "invoke" | "ok" | "fail" | "info";

/** One operation of a device's application. Invoke and completion carry the same `process` number. */
export interface OperationRecord {
  readonly type: "op";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly f: "push" | "pull" | "connect";
  readonly outcome: Outcome;
  /** Pairs an invoke with its completion; unique over the run. */
  readonly process: number;
  /** push: the operation id that the payload begins with, its size and its digest. */
  readonly op?: string;
  readonly sizeBytes?: number;
  readonly digest?: string;
  readonly ttlS?: number;
  /** push: from `queued` on. */
  readonly blob?: string;
  /** pull, connect. */
  readonly relay?: string;
  readonly epoch?: string;
  /** pull: the position asked from; on `ok` also the position reached and what the page called gone. */
  readonly after?: number;
  readonly through?: number;
  readonly gone?: readonly { readonly from: number; readonly to: number; readonly why: string }[];
  /** pull and connect, `ok`: the highest cursor that the relay told. */
  readonly max?: number;
  /** pull, `ok`: blobs in the page, whether more was said to remain. */
  readonly blobs?: number;
  readonly hasMore?: boolean;
  readonly error?: string;
}

/** A push was committed to the device's durable sent log: from here on the device owes its delivery. */
export interface QueuedRecord {
  readonly type: "queued";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly process: number;
  readonly op: string;
  readonly blob: string;
  readonly sequence: number;
}

/** A PushAck reached the device. */
export interface AckRecord {
  readonly type: "ack";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly relay: string;
  readonly epoch: string;
  readonly blob: string;
  readonly cursor: number;
  readonly chain: string;
}

/** The relay refused a push. Retryable: the item stays queued. Otherwise it definitely will not happen. */
export interface RefusedRecord {
  readonly type: "refused";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly relay: string | null;
  readonly blob: string;
  readonly code: number;
  readonly retryable: boolean;
}

/** A blob is in the device's durable inbox, as the application reads it there. */
export interface DeliverRecord {
  readonly type: "deliver";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  /** Its place in the inbox, from 0. */
  readonly index: number;
  readonly relay: string;
  readonly epoch: string;
  readonly cursor: number;
  readonly blob: string;
  /** The first 16 bytes; null for an empty blob. */
  readonly op: string | null;
  readonly digest: string;
  readonly sizeBytes: number;
  /** Sender and sequence number as sealed inside. */
  readonly sender: string;
  readonly sequence: number;
}

/** A blob that could not be opened is kept aside, durably. */
export interface QuarantineRecord {
  readonly type: "quarantine";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly relay: string;
  readonly epoch: string;
  readonly cursor: number;
  readonly blob: string;
  readonly why: string;
}

/** The application was told that this part of history is gone and was never delivered here. */
export interface LostRecord {
  readonly type: "lost";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly relay: string;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/**
 * What a device's disk holds, read back from it: after each commit that moved a cursor, and after each crash. Follows
 * the `deliver`, `quarantine` and `lost` records of the same commit.
 */
export interface DurableStateRecord {
  readonly type: "durable-state";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly why: "commit" | "crash" | "final";
  readonly relay: string;
  readonly epoch: string;
  readonly cursor: number;
  readonly chain: string;
  /** Rows in the inbox. */
  readonly inbox: number;
  /** Blobs in the sent log without a definite answer; only after a crash and at the end. */
  readonly outbox?: readonly string[];
}

/** Something was encrypted. `key` names the key without telling it. */
export interface SealRecord {
  readonly type: "seal";
  readonly at: number;
  readonly host: string;
  readonly key: number;
  readonly nonce: string | number;
}

/** Everything a relay can read, after transport decryption. */
export interface RelayViewRecord {
  readonly type: "relay-view";
  readonly at: number;
  readonly relay: string;
  readonly bytes: Uint8Array;
}

/** A device heard a hint: a Notify, a PushAck or a Welcome told it of this cursor. */
export interface NotifiedRecord {
  readonly type: "notified";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly relay: string;
  readonly epoch: string;
  readonly by: "Notify" | "PushAck" | "Welcome";
  readonly cursor: number;
}

/** A device told its application that it can reach none of its relays now. */
export interface RelaysFailedRecord {
  readonly type: "relays-failed";
  readonly at: number;
  readonly device: string;
  readonly group: string;
}

/** A connection or an attempt at one has ended; `why` is the machine's word for it. */
export interface DisconnectedRecord {
  readonly type: "disconnected";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly relay: string;
  readonly why: string;
}

/** What a device noticed about a relay (or, when `cloned`, about another device) and told its application. */
export type Accusation = "page-refused" | "rolled-back" | "forked" | "replayed" | "cloned";

export interface AccusedRecord {
  readonly type: "accused";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly relay: string;
  readonly epoch: string;
  readonly what: Accusation;
  /** Where in the log it was noticed. */
  readonly cursor: number;
  /** `forked`, `replayed`, `cloned`: the device that sealed the blob, in hex. */
  readonly sender?: string;
}

/** A line of a daemon's log, without its line break. */
export interface LogRecord {
  readonly type: "log";
  readonly at: number;
  readonly host: string;
  readonly line: string;
}

/** A daemon that was asked to stop has left. */
export interface ExitRecord {
  readonly type: "exit";
  readonly at: number;
  readonly host: string;
  readonly askedAt: number;
  readonly graceMs: number;
  /** Null when it had to be killed. */
  readonly code: number | null;
}

/** A secret that the relay must never see; canaries of payloads are known from the pushes themselves. */
export interface SecretRecord {
  readonly type: "secret";
  readonly at: number;
  readonly what: string;
  /** Hex, 16 bytes and more. */
  readonly value: string;
}

export interface FaultRecord {
  readonly type: "fault";
  readonly at: number;
  readonly step: number;
  /**
   * `observed` = seen to act, once; `unsupported` = this backend cannot do it. On real backends also `unmet` = it was in
   * place, and nothing came that it could act on; `lost` = it could not be put in place, or was not there any more.
   */
  readonly stage: "issued" | "observed" | "healed" | "unsupported" | "unmet" | "lost";
  readonly note?: string;
}

export interface PhaseRecord {
  readonly type: "phase";
  readonly at: number;
  readonly phase: "steady" | "healed" | "converged" | "stalled" | "quiet" | "end";
  /** Frames that all devices together have sent so far. */
  readonly frames: number;
  /** `stalled`: what each device still waits for, in plain words. */
  readonly waiting?: readonly string[];
}

/** What a host holds on to: before any device is there (`baseline`), when everything is healed, and after all have left (`end`). */
export interface ResourcesRecord {
  readonly type: "resources";
  readonly at: number;
  readonly host: string;
  readonly stage: "baseline" | "healed" | "end";
  readonly counts: { readonly [what: string]: number };
}

/** A device's state vector when the run is over. */
export interface FinalStateRecord {
  readonly type: "final-state";
  readonly at: number;
  readonly device: string;
  readonly group: string;
  readonly relay: string;
  readonly epoch: string;
  readonly cursor: number;
  readonly chain: string;
  readonly inbox: number;
  /** Digest over the ids of everything delivered, in whatever order. */
  readonly delivered: string;
  readonly outbox: readonly string[];
}

/** The run could not go on: a machine broke an invariant, or the event budget is spent. */
export interface StoppedRecord {
  readonly type: "stopped";
  readonly at: number;
  readonly why: "invariant" | "hang";
  readonly host: string | null;
  readonly message: string;
}
