/** What a client hears from its application, and tells it. Callbacks are hints: what is delivered is read in the inbox. */
import type { BlobId, Epoch, Position } from "../ids.ts";
import type { LostRange } from "../inbox/take.ts";
import type { GoneRange } from "../wire/messages.ts";
import type { PageError } from "./page-check.ts";
import type { DeviceStoreError } from "./store.ts";

export type ClientCommand =
  /** `ref` comes back with `queued` or `push-failed`. `ttlS` 0 = the configured default. */
  | { readonly type: "push"; readonly ref: number; readonly body: Uint8Array; readonly ttlS: number }
  /** Asks the relay now instead of at the next poll. */
  | { readonly type: "pull" }
  | { readonly type: "connect" }
  | { readonly type: "disconnect" };

export type ClientEvent =
  | { readonly type: "ready"; readonly deviceId: Uint8Array }
  | { readonly type: "connecting" }
  | { readonly type: "connected"; readonly epoch: Epoch; readonly max: number }
  | { readonly type: "disconnected"; readonly why: DisconnectWhy; readonly retryInMs: number | null }
  /** Sealed and durable in the sent log: it will be sent until its ttl is over. */
  | { readonly type: "queued"; readonly ref: number; readonly blobId: BlobId; readonly sequence: number }
  /** Could not be queued: it definitely did not happen. */
  | { readonly type: "push-failed"; readonly ref: number; readonly error: PushError }
  | { readonly type: "acked"; readonly blobId: BlobId; readonly epoch: Epoch; readonly position: Position }
  /** Retryable: it stays queued. Otherwise it definitely will not happen. */
  | { readonly type: "refused"; readonly blobId: BlobId; readonly code: number; readonly retryable: boolean }
  /** Its ttl was over before a definite answer came. */
  | { readonly type: "gave-up"; readonly blobId: BlobId; readonly wasSent: boolean }
  /** The relay told of this cursor; `by` says how. */
  | { readonly type: "notified"; readonly by: "Notify" | "PushAck" | "Welcome"; readonly cursor: number }
  | { readonly type: "pulling"; readonly after: number }
  | {
      readonly type: "pulled";
      readonly through: number;
      readonly max: number;
      readonly blobs: number;
      readonly hasMore: boolean;
      readonly gone: readonly GoneRange[];
    }
  | { readonly type: "pull-failed"; readonly why: string }
  /** A page is durable: the inbox now has this many rows. */
  | { readonly type: "inbox"; readonly rows: number; readonly through: Position; readonly epoch: Epoch }
  | { readonly type: "quarantined"; readonly cursor: number; readonly blobId: BlobId; readonly why: string }
  /** History that is gone and was never delivered here. */
  | { readonly type: "lost-history"; readonly epoch: Epoch; readonly range: LostRange }
  /** The relay lost or rolled back data: everything unacknowledged there is sent again. */
  | { readonly type: "epoch-changed"; readonly epoch: Epoch }
  | { readonly type: "page-refused"; readonly error: PageError }
  | { readonly type: "store-failed"; readonly error: DeviceStoreError };

export type PushError =
  | { readonly type: "TooLarge"; readonly bytesMax: number }
  /** Not a whole number of seconds from 0 to a year. */
  | { readonly type: "InvalidTtl"; readonly ttlSMax: number }
  | DeviceStoreError;

export type DisconnectWhy =
  | "closed-by-application"
  | "refused"
  | "connect-timeout"
  | "closed"
  | "silent"
  | "handshake-failed"
  | "wrong-relay"
  | "invalid-message"
  | "page-refused"
  | "replaced"
  | "relay-shutdown"
  | "epoch-changed"
  | "store-failed"
  | "rejected";
