/**
 * What can go wrong for an application, each a class with one sentence as its message. `code` is for programs, and
 * stays the same where the sentence may change. Whatever else is thrown is a bug of this library.
 */
import type { QueueFull } from "../../core/client/queue-meter.ts";

export type SyncErrorCode =
  | "invalid-options"
  | "folder-in-use"
  | "storage"
  | "closed"
  | "not-connected"
  | "all-relays-failed"
  | "timeout"
  | "too-large"
  | "queue-full"
  | "refused"
  | "expired"
  | "revoked"
  | "invalid-invite"
  | "broken";

export class SyncError extends Error {
  override readonly name: string = "SyncError";
  readonly code: SyncErrorCode;

  constructor(code: SyncErrorCode, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** What was handed in cannot be: the sentence names it. */
export class InvalidOptionsError extends SyncError {
  override readonly name = "InvalidOptionsError";

  constructor(sentence: string) {
    super("invalid-options", sentence);
  }
}

/** Another process works with this folder. */
export class FolderInUseError extends SyncError {
  override readonly name = "FolderInUseError";
  readonly pid: number | undefined;

  constructor(path: string, holder: { readonly pid: number; readonly what: string } | undefined) {
    const who = holder === undefined ? "another process" : `\`${holder.what}\` (process ${holder.pid})`;
    super("folder-in-use", `The data folder ${path} is in use by ${who}: end that one first, or try again later.`);
    this.pid = holder?.pid;
  }
}

/** The disk did not do what it should. */
export class StorageError extends SyncError {
  override readonly name = "StorageError";

  constructor(sentence: string) {
    super("storage", sentence);
  }
}

/** The client was closed before this was done. What was queued is queued still. */
export class ClosedError extends SyncError {
  override readonly name = "ClosedError";

  constructor() {
    super("closed", "The client was closed before this was done.");
  }
}

/** This needs a relay, and none is connected. */
export class NotConnectedError extends SyncError {
  override readonly name = "NotConnectedError";

  constructor(sentence = "No relay is connected: call connect() first.") {
    super("not-connected", sentence);
  }
}

export interface RelayFailure {
  /** `0k://…` */
  readonly relay: string;
  /** A few words. */
  readonly why: string;
}

/** Each relay was tried once and none let us in. The client goes on trying until `disconnect()` or `close()`. */
export class AllRelaysFailedError extends SyncError {
  override readonly name = "AllRelaysFailedError";
  readonly failures: readonly RelayFailure[];

  constructor(failures: readonly RelayFailure[]) {
    const list = failures.map(({ relay, why }) => `${shortRelay(relay)}: ${why}`).join("; ");
    super("all-relays-failed", `No relay could be reached (${list}).`);
    this.failures = failures;
  }
}

export class TimeoutError extends SyncError {
  override readonly name = "TimeoutError";

  constructor(what: string, timeoutMs: number) {
    super("timeout", `${what} took longer than ${timeoutMs / 1000} s.`);
  }
}

export class TooLargeError extends SyncError {
  override readonly name = "TooLargeError";
  readonly bytesMax: number;

  constructor(bytes: number, bytesMax: number) {
    super("too-large", `${bytes} bytes are too many for one push: it carries at most ${bytesMax}.`);
    this.bytesMax = bytesMax;
  }
}

/** What waits for a relay is at its bound: nothing was queued. There is room again when a relay has acknowledged some. */
export class QueueFullError extends SyncError {
  override readonly name = "QueueFullError";
  /** Pushes that wait, and their sealed bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  readonly queuedMax: number;
  readonly queuedBytesMax: number;

  constructor({ rows, bytes, rowsMax, bytesMax }: Omit<QueueFull, "type">) {
    super(
      "queue-full",
      `Nothing was queued: ${rows} pushes (${bytes} bytes) wait for a relay, and ${rowsMax} (${bytesMax} bytes) are the most.`,
    );
    this.queued = rows;
    this.queuedBytes = bytes;
    this.queuedMax = rowsMax;
    this.queuedBytesMax = bytesMax;
  }
}

/** A relay's definite no. It did not happen and will not. */
export class RefusedError extends SyncError {
  override readonly name = "RefusedError";
  /** The protocol's number for it. */
  readonly errorCode: number | null;
  /** When it may be tried again; null when that is of no use. */
  readonly retryAfterMs: number | null;

  constructor(sentence: string, errorCode: number | null, retryAfterMs: number | null) {
    super("refused", sentence);
    this.errorCode = errorCode;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A push's time to live was over before a relay had acknowledged it. */
export class ExpiredError extends SyncError {
  override readonly name = "ExpiredError";
  /** It may be at a relay all the same: it was on its way. */
  readonly wasSent: boolean;

  constructor(wasSent: boolean) {
    super("expired", "Its time to live was over before a relay acknowledged it.");
    this.wasSent = wasSent;
  }
}

/** A member of the group has revoked this device. */
export class RevokedError extends SyncError {
  override readonly name = "RevokedError";

  constructor() {
    super("revoked", "This device was revoked by a member of its group: the relay lets it in no more.");
  }
}

export class InvalidInviteError extends SyncError {
  override readonly name = "InvalidInviteError";

  constructor(sentence: string) {
    super("invalid-invite", sentence);
  }
}

/** A bug: the protocol machine is stopped and this client of no more use. */
export class BrokenClientError extends SyncError {
  override readonly name = "BrokenClientError";

  constructor(cause: unknown) {
    super("broken", "The client has stopped over a bug of its own; what was acknowledged or queued is safe on disk.");
    this.cause = cause;
  }
}

/** `0k://1a2b3c4d…@host:port` */
export function shortRelay(address: string): string {
  return address.replace(/^(0k:\/\/[0-9a-f]{8})[0-9a-f]{56}@/, "$1…@");
}
