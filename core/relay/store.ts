/**
 * The relay's store as a port. The relay machine asks with an operation, the store answers each one once it is durable.
 * Every decision is a pure function of `core/log`: a store loads, calls it, writes, commits, answers; nothing more.
 * All operations of one turn of the loop are one transaction: all of them happened, or all of them failed.
 */
import type { DeviceId, Epoch, GroupId } from "../ids.ts";
import type { AppendAnswer, AppendItem } from "../log/append.ts";
import type { Claim } from "../log/admit.ts";
import type { Page } from "../log/page.ts";
import type { LogHead } from "../log/row.ts";

/** `id` comes back with the answer. */
export type RelayOperation = { readonly id: number } & (
  | {
      /** The relay's own private key; `fresh` is stored and answered when there is none yet. */
      readonly type: "load";
      readonly fresh: Uint8Array;
    }
  | {
      readonly type: "admit";
      readonly group: GroupId;
      readonly device: DeviceId;
      readonly claim: Claim;
      readonly freshEpoch: Epoch;
      readonly groupsMax: number;
    }
  | {
      readonly type: "append";
      readonly group: GroupId;
      readonly device: DeviceId;
      readonly items: readonly AppendItem[];
      readonly defaultTtlS: number;
      readonly heldBytesMax: number;
    }
  | {
      readonly type: "page";
      readonly group: GroupId;
      readonly after: number;
      readonly limit: number;
      readonly bytesMax: number;
    }
  | { readonly type: "acknowledge"; readonly group: GroupId; readonly device: DeviceId; readonly cursor: number }
  | { readonly type: "sweep"; readonly dedupeRetentionS: number }
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
  /** No more groups than `groupsMax`. */
  | { readonly type: "full" }
  | { readonly type: "appended"; readonly answers: readonly AppendAnswer[]; readonly max: number }
  /** `page` is null when the cursor asked from lies beyond the log. */
  | { readonly type: "paged"; readonly page: Page | null }
  | { readonly type: "acknowledged" }
  | { readonly type: "swept"; readonly gone: number }
  /** The transaction did not happen. Retryable. */
  | { readonly type: "failed"; readonly error: StoreError }
);

export type StoreError = { readonly type: "StorageFull" } | { readonly type: "StorageFailed" };
