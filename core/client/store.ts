/**
 * The device's store as a port: its identity, its sent log, its inbox, and one position per (relay, epoch). The client
 * machine asks, the store answers each operation once it is durable. All operations of one turn are one transaction.
 */
import type { BlobId, Epoch, Position } from "../ids.ts";
import type { InboxItem, LostRange } from "../inbox/take.ts";

/** A push, from the moment it is sealed until its ttl is over. Sequence number and sealing are bound together. */
export interface SentRow {
  readonly sequence: number;
  readonly blobId: BlobId;
  /** As sealed: sent again byte for byte, to any relay, in any epoch. */
  readonly payload: Uint8Array;
  readonly payloadHash: Uint8Array;
  readonly ttlS: number;
  /** Wall clock, milliseconds. */
  readonly expiresAtMs: number;
}

/** Where a device stands in one epoch of its group's log at one relay. */
export interface EpochPosition {
  readonly epoch: Epoch;
  /** Everything up to here is durably in the inbox, in quarantine, or told lost. */
  readonly contiguous: Position;
  /** The highest position ever acknowledged or pulled. */
  readonly highest: Position;
}

/** `relay` is the relay's id in hex; `id` comes back with the answer. */
export type DeviceOperation = { readonly id: number } & (
  | {
      /** Everything that the machine needs to start; `fresh` becomes the identity when there is none yet. */
      readonly type: "load";
      readonly fresh: Uint8Array;
      readonly relay: string;
    }
  | {
      /** A row joins the sent log; `announced` given-up numbers were sealed into it and are done with. */
      readonly type: "stage";
      readonly row: SentRow;
      readonly announced: number;
    }
  | {
      readonly type: "acked";
      readonly relay: string;
      readonly epoch: Epoch;
      readonly sequence: number;
      readonly position: Position;
    }
  /** A row leaves the sent log without an acknowledgement, and its number will be announced as given up. */
  | { readonly type: "give-up"; readonly sequence: number }
  | {
      /** The relay is in an epoch where this device has no position yet: start over there. */
      readonly type: "rebase";
      readonly relay: string;
      readonly epoch: Epoch;
    }
  | {
      /** A page, checked: its blobs, what is lost, and the position after it, in one transaction. */
      readonly type: "take";
      readonly relay: string;
      readonly epoch: Epoch;
      readonly items: readonly InboxItem[];
      readonly lost: readonly LostRange[];
      readonly through: Position;
    }
);

export type DeviceAnswer = { readonly id: number } & (
  | {
      readonly type: "loaded";
      readonly identity: Uint8Array;
      readonly nextSequence: number;
      /** Payload hash of the last row of the sent log, zeros before the first. */
      readonly previous: Uint8Array;
      /** Numbers given up and not yet announced. */
      readonly givenUp: readonly number[];
      readonly position: EpochPosition | null;
      /** Rows without an acknowledgement at `position`'s epoch, ascending. */
      readonly outbox: readonly SentRow[];
    }
  | { readonly type: "staged" }
  | { readonly type: "done" }
  | { readonly type: "rebased"; readonly outbox: readonly SentRow[] }
  | {
      readonly type: "taken";
      /** Rows in the inbox now. */
      readonly inbox: number;
      /** Blobs of the page that were not there before. */
      readonly added: number;
      readonly quarantined: number;
    }
  /** The transaction did not happen. */
  | { readonly type: "failed"; readonly error: DeviceStoreError }
);

export type DeviceStoreError = { readonly type: "StorageFull" } | { readonly type: "StorageFailed" };
