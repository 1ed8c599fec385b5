/**
 * The relay's store as a port. The relay machine asks with an operation, the store answers each one once it is durable.
 * Every decision is a pure function of `core/log`: a store loads, calls it, writes, commits, answers; nothing more.
 * All operations of one turn of the loop are one transaction: all of them happened, or all of them failed.
 */
import type { BlobId, DeviceId, Epoch, GroupId } from "../ids.ts";
import type { AppendAnswer, AppendItem } from "../log/append.ts";
import type { Claim } from "../log/admit.ts";
import type { DeleteOutcome } from "../log/delete.ts";
import type { Page } from "../log/page.ts";
import type { LogHead } from "../log/row.ts";
import type { RevokeReason } from "../wire/messages.ts";

/** `id` comes back with the answer. */
export type RelayOperation = { readonly id: number } & (
  | {
      /** The relay's own private key; `fresh` is stored and answered when there is none yet. */
      readonly type: "load";
      readonly fresh: Uint8Array;
    }
  | {
      /** A Hello. The device is known from here on, with the transaction's wall clock as when it was last seen. */
      readonly type: "admit";
      readonly group: GroupId;
      readonly device: DeviceId;
      readonly claim: Claim;
      readonly freshEpoch: Epoch;
      readonly groupsMax: number;
      /** Devices that one group may have, revoked ones counted too. */
      readonly devicesMax: number;
    }
  | {
      readonly type: "append";
      readonly group: GroupId;
      readonly device: DeviceId;
      readonly items: readonly AppendItem[];
      readonly defaultTtlS: number;
      /** Payload bytes of this group. */
      readonly heldBytesMax: number;
      /** Payload bytes of all groups. */
      readonly totalBytesMax: number;
    }
  | {
      readonly type: "page";
      readonly group: GroupId;
      readonly after: number;
      readonly limit: number;
      readonly bytesMax: number;
    }
  | { readonly type: "acknowledge"; readonly group: GroupId; readonly device: DeviceId; readonly cursor: number }
  /** Drops what is over, invites too. */
  | { readonly type: "sweep"; readonly dedupeRetentionS: number; readonly acknowledgedRetentionS: number }
  | {
      readonly type: "put-invite";
      readonly group: GroupId;
      readonly device: DeviceId;
      readonly lookup: Uint8Array;
      readonly sealed: Uint8Array;
      readonly ttlS: number;
      /** Invites of all groups. */
      readonly invitesMax: number;
      readonly groupInvitesMax: number;
    }
  /** Of any group: whoever claims is a member of none yet. Given once: forgotten in the same transaction. */
  | { readonly type: "claim-invite"; readonly lookup: Uint8Array }
  /** Forgets the invite when this device of this group put it. */
  | {
      readonly type: "cancel-invite";
      readonly group: GroupId;
      readonly device: DeviceId;
      readonly lookup: Uint8Array;
    }
  | { readonly type: "devices"; readonly group: GroupId }
  /** `device` is let in no more and retention waits for it no more; a second time the first answer stands. */
  | {
      readonly type: "revoke";
      readonly group: GroupId;
      readonly device: DeviceId;
      readonly by: DeviceId;
      readonly reason: RevokeReason;
    }
  /** Drops the payload of a blob that `device` pushed. */
  | { readonly type: "delete"; readonly group: GroupId; readonly device: DeviceId; readonly blobId: BlobId }
);

export type RelayAnswer = { readonly id: number } & (
  | { readonly type: "loaded"; readonly identity: Uint8Array }
  | {
      readonly type: "admitted";
      readonly head: LogHead;
      /** Blobs above the claim's contiguous cursor. */
      readonly pending: number;
      readonly isRenewed: boolean;
    }
  /** To `admit`: no more groups than `groupsMax`, or devices in this one than `devicesMax`. Nothing was written. */
  | { readonly type: "full" }
  /** To `admit`: the device was revoked. Nothing was written. */
  | { readonly type: "revoked-device" }
  | { readonly type: "appended"; readonly answers: readonly AppendAnswer[]; readonly max: number }
  /** `page` is null when the cursor asked from lies beyond the log. */
  | { readonly type: "paged"; readonly page: Page | null }
  | { readonly type: "acknowledged" }
  /** `hasMore`: a store that does a bounded piece at a time has not done all that is due. */
  | { readonly type: "swept"; readonly gone: number; readonly hasMore: boolean }
  /** Not kept: there are as many as may be, or another device's invite waits under this look-up. */
  | { readonly type: "invite-put"; readonly isKept: boolean }
  /** Null when there is none, or none any more: expired, cancelled, claimed. */
  | { readonly type: "invite-claimed"; readonly sealed: Uint8Array | null }
  | { readonly type: "invite-cancelled" }
  /** In the order of their ids. Empty for an unknown group. */
  | { readonly type: "devices"; readonly devices: readonly StoredDevice[] }
  | {
      readonly type: "revoked";
      /** False when the group has no such device; nothing was written then. */
      readonly isKnown: boolean;
      readonly device: DeviceId;
      /** When it was revoked first, and by whom and why, wall clock. */
      readonly timestampMs: number;
      readonly by: DeviceId;
      readonly reason: RevokeReason;
    }
  | {
      readonly type: "deleted";
      readonly outcome: DeleteOutcome;
      /** The blob's; 0 when it is unknown. */
      readonly cursor: number;
    }
  /** The transaction did not happen. Retryable. */
  | { readonly type: "failed"; readonly error: StoreError }
);

/** What a relay knows of a device of a group. */
export interface StoredDevice {
  readonly device: DeviceId;
  /** What it has acknowledged up to, in the present epoch. */
  readonly acknowledged: number;
  /** The relay's wall clock at its last admission, milliseconds. */
  readonly lastSeenMs: number;
  readonly isRevoked: boolean;
}

export type StoreError = { readonly type: "StorageFull" } | { readonly type: "StorageFailed" };
