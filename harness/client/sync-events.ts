/**
 * What a `SyncClient` tells its application. Every event is a hint: what was delivered is in the inbox, what is queued
 * is on disk. Ids and epochs are hex, a relay is its address.
 */
import type { DisconnectWhy } from "../../core/client/events.ts";
import type { GoneWhy, RevokeReason } from "../../core/wire/messages.ts";
import type { RelayFailure, SyncError } from "./sync-error.ts";

/** A blob in the inbox: opened, in the order in which it came to this device. */
export interface InboxEntry {
  /** 1, 2, 3 … on this device; never reused. */
  readonly index: number;
  readonly blobId: string;
  readonly data: Uint8Array;
  /** Who says that it pushed it: any member of the group could say so. */
  readonly sender: string;
  /** The relay that it came from first, and its cursor there. */
  readonly relay: string;
  readonly cursor: number;
  /** The relay's wall clock at acceptance, milliseconds. */
  readonly timestampMs: number;
}

export interface Connected {
  readonly relay: string;
  readonly epoch: string;
  /** The highest cursor at the relay. */
  readonly maxCursor: number;
}

export interface Acked {
  readonly blobId: string;
  readonly relay: string;
  readonly cursor: number;
}

export interface SyncEventMap {
  connected: [Connected];
  /** `retryInMs` is null when it is left for good. */
  disconnected: [{ readonly relay: string; readonly why: DisconnectWhy; readonly retryInMs: number | null }];
  "all-relays-failed": [{ readonly failures: readonly RelayFailure[]; readonly retryInMs: number }];
  /** A new row of the inbox. */
  blob: [InboxEntry];
  /** By one more relay: the first settles the push. */
  acked: [Acked];
  /** `isFinal`: no relay has it or will have it. Otherwise it is tried again, or another relay has it. */
  refused: [
    {
      readonly blobId: string;
      readonly relay: string;
      readonly why: string;
      readonly errorCode: number;
      readonly isFinal: boolean;
    },
  ];
  /** A push's ttl was over before any relay had answered. */
  expired: [{ readonly blobId: string; readonly wasSent: boolean }];
  /** It could not be opened: kept apart, the others go on. */
  quarantined: [{ readonly relay: string; readonly cursor: number; readonly blobId: string; readonly why: string }];
  /** Cursors that are gone and were never delivered here. */
  "lost-history": [{ readonly relay: string; readonly from: number; readonly to: number; readonly why: GoneWhy }];
  /** The relay lost or rolled back data: what it does not have is sent again. */
  "epoch-changed": [{ readonly relay: string; readonly epoch: string }];
  /**
   * The relay denies what it told before (`rolled-back`, `forked`) or shows one blob twice (`replayed`); `cloned` accuses
   * the sender: two devices act as that one.
   */
  accused: [
    {
      readonly relay: string;
      readonly what: "rolled-back" | "forked" | "replayed" | "cloned";
      readonly cursor: number;
      readonly sender: string | null;
    },
  ];
  "device-revoked": [
    {
      readonly device: string;
      readonly by: string;
      readonly reason: RevokeReason;
      readonly timestampMs: number;
    },
  ];
  /** Something that this device's own disk refused; tried again. */
  "storage-failed": [SyncError];
  /** A bug: the client has stopped. */
  broken: [SyncError];
}
