/** What a client hears from its application, and tells it. Callbacks are hints: what is delivered is read in the inbox. */
import type { BlobId, DeviceId, Epoch, Position } from "../ids.ts";
import type { LostRange } from "../inbox/take.ts";
import type { GoneRange, KnownDevice, RevokeReason } from "../wire/messages.ts";
import type { PageError } from "./page-check.ts";
import type { QueueFull } from "./queue-meter.ts";
import type { DeviceStoreError } from "./store.ts";

export type ClientCommand =
  /** `ref` comes back with `queued` or `push-failed`. `ttlS` 0 = the configured default. */
  | { readonly type: "push"; readonly ref: number; readonly body: Uint8Array; readonly ttlS: number }
  /** Asks the relay now instead of at the next poll. */
  | { readonly type: "pull" }
  | { readonly type: "connect" }
  | { readonly type: "disconnect" }
  | RequestCommand;

/**
 * Asked of the active relay, one at a time, in order; `ref` comes back with the answer or with `request-failed`.
 * Nothing of it is durable: who gets no answer asks again.
 */
export type RequestCommand =
  /** Answered by `deleted`. Only what this device pushed. */
  | { readonly type: "delete"; readonly ref: number; readonly blobId: BlobId }
  /** Answered by `devices`. */
  | { readonly type: "list-devices"; readonly ref: number }
  /** Answered by `device-revoked`. */
  | { readonly type: "revoke"; readonly ref: number; readonly device: DeviceId; readonly reason: RevokeReason }
  /** Answered by `invite-kept`. `lookup` has 16 bytes. */
  | {
      readonly type: "put-invite";
      readonly ref: number;
      readonly lookup: Uint8Array;
      readonly sealed: Uint8Array;
      readonly ttlS: number;
    }
  /** Answered by `invite-cancelled`, also when there was none. */
  | { readonly type: "cancel-invite"; readonly ref: number; readonly lookup: Uint8Array };

/** `relay` is the id, in hex, of the relay that it is about. */
export type ClientEvent =
  | { readonly type: "ready"; readonly deviceId: Uint8Array }
  | { readonly type: "connecting"; readonly relay: string }
  | { readonly type: "connected"; readonly relay: string; readonly epoch: Epoch; readonly max: number }
  /** `retryInMs` is null when it is left for good: by wish, because the visit is over, because it revoked us. */
  | {
      readonly type: "disconnected";
      readonly relay: string;
      readonly why: DisconnectWhy;
      readonly retryInMs: number | null;
    }
  /** None of the relays can be reached now; the first is tried again after this long. */
  | { readonly type: "all-relays-failed"; readonly retryInMs: number }
  /** Sealed and durable in the sent log: it will be sent until its ttl is over. */
  | { readonly type: "queued"; readonly ref: number; readonly blobId: BlobId; readonly sequence: number }
  /** Could not be queued: it definitely did not happen. */
  | { readonly type: "push-failed"; readonly ref: number; readonly error: PushError }
  /** The first one settles the push; those of other relays tell of copies. */
  | {
      readonly type: "acked";
      readonly relay: string;
      readonly blobId: BlobId;
      readonly epoch: Epoch;
      readonly position: Position;
    }
  /** Retryable: it stays queued there. `isFinal`: no relay has it or will have it, it definitely will not happen. */
  | {
      readonly type: "refused";
      readonly relay: string;
      readonly blobId: BlobId;
      readonly code: number;
      readonly retryable: boolean;
      readonly isFinal: boolean;
    }
  /** Its ttl was over before a definite answer came from any relay. */
  | { readonly type: "gave-up"; readonly blobId: BlobId; readonly wasSent: boolean }
  /** The relay told of this cursor; `by` says how. */
  | {
      readonly type: "notified";
      readonly relay: string;
      readonly by: "Notify" | "PushAck" | "Welcome";
      readonly cursor: number;
    }
  | { readonly type: "pulling"; readonly relay: string; readonly after: number }
  | {
      readonly type: "pulled";
      readonly relay: string;
      readonly through: number;
      readonly max: number;
      readonly blobs: number;
      readonly hasMore: boolean;
      readonly gone: readonly GoneRange[];
    }
  | { readonly type: "pull-failed"; readonly relay: string; readonly why: string }
  /** A page is durable: the inbox now has this many rows, of all relays together. */
  | {
      readonly type: "inbox";
      readonly relay: string;
      readonly rows: number;
      readonly through: Position;
      readonly epoch: Epoch;
    }
  | {
      readonly type: "quarantined";
      readonly relay: string;
      readonly cursor: number;
      readonly blobId: BlobId;
      readonly why: string;
    }
  /**
   * History that this relay no longer holds and never gave to this device. With several relays it may be here by way
   * of another one: nothing tells which blobs a range was.
   */
  | { readonly type: "lost-history"; readonly relay: string; readonly epoch: Epoch; readonly range: LostRange }
  /** The relay lost or rolled back data: everything unacknowledged there is sent again. */
  | { readonly type: "epoch-changed"; readonly relay: string; readonly epoch: Epoch }
  | { readonly type: "page-refused"; readonly relay: string; readonly error: PageError }
  /**
   * This relay does not tell the truth about the log: it is missing what this device knows to be there (`rolled-back`),
   * shows another past (`forked`) or one blob twice (`replayed`). `cloned` accuses the sender: two of its blobs have one
   * number. `sender` is null when it is not about a blob.
   */
  | {
      readonly type: "accused";
      readonly relay: string;
      readonly what: "rolled-back" | "forked" | "replayed" | "cloned";
      readonly cursor: number;
      readonly sender: DeviceId | null;
    }
  | { readonly type: "store-failed"; readonly error: DeviceStoreError }
  | RequestEvent;

export type RequestEvent =
  | {
      readonly type: "deleted";
      readonly relay: string;
      readonly ref: number;
      readonly blobId: BlobId;
      readonly cursor: number;
    }
  | {
      readonly type: "devices";
      readonly relay: string;
      readonly ref: number;
      readonly devices: readonly KnownDevice[];
    }
  /** `ref` is null when another member asked for it. When it is this device, the client has disconnected for good. */
  | {
      readonly type: "device-revoked";
      readonly relay: string;
      readonly ref: number | null;
      readonly device: DeviceId;
      readonly by: DeviceId;
      readonly reason: RevokeReason;
      readonly timestampMs: number;
    }
  | {
      readonly type: "invite-kept";
      readonly relay: string;
      readonly ref: number;
      readonly lookup: Uint8Array;
      readonly ttlS: number;
    }
  | {
      readonly type: "invite-cancelled";
      readonly relay: string;
      readonly ref: number;
      readonly lookup: Uint8Array;
    }
  /**
   * `offline`: no relay was live, nothing was sent. `disconnected`: it may or may not have happened. `refused`: it did
   * not; `code` says why, `retryAfterMs` is null when it is no use to try again.
   */
  | {
      readonly type: "request-failed";
      readonly ref: number;
      readonly why: "offline" | "disconnected" | "refused";
      readonly code: number | null;
      readonly retryAfterMs: number | null;
    };

export type PushError =
  | { readonly type: "TooLarge"; readonly bytesMax: number }
  /** Not a whole number of seconds from 0 to a year. */
  | { readonly type: "InvalidTtl"; readonly ttlSMax: number }
  /** Too much waits without an acknowledgement. */
  | QueueFull
  | DeviceStoreError;

export type DisconnectWhy =
  | "closed-by-application"
  /** Nothing more to do at a relay that is not the active one. */
  | "visit-over"
  | "refused"
  | "connect-timeout"
  | "closed"
  | "silent"
  | "handshake-failed"
  | "wrong-relay"
  | "invalid-message"
  | "page-refused"
  /** Its Welcome denies what it told this device before. */
  | "dishonest"
  | "replaced"
  | "relay-shutdown"
  | "epoch-changed"
  | "store-failed"
  /** Turned away at the Hello, for good and for now. */
  | "rejected"
  | "overloaded"
  /** This device was revoked: it tries no relay any more until its application wishes it. */
  | "revoked";
