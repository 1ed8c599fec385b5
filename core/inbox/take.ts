/**
 * What a page does to a device's inbox: each blob id is delivered once, in cursor order; what cannot be opened goes to
 * quarantine and the others go on. Pure: a store loads which ids it knows, calls this, and writes the rows and the new
 * position in one transaction (invariants 3, 8, 10).
 */
import { encodeHex } from "../bytes.ts";
import type { BlobContent } from "../blob/seal.ts";
import type { BlobId } from "../ids.ts";
import type { GoneWhy } from "../wire/messages.ts";

/** One blob of a page. `content` is null when it could not be opened: then `payload` is kept, to be tried again. */
export interface InboxItem {
  readonly cursor: number;
  readonly blobId: BlobId;
  readonly timestampMs: number;
  readonly payload: Uint8Array;
  readonly content: BlobContent | null;
  readonly why: string | null;
}

/** Cursors that are gone and were never delivered here: told to the application. */
export interface LostRange {
  readonly from: number;
  readonly to: number;
  readonly why: GoneWhy;
}

export interface TakeDecision {
  readonly deliver: readonly InboxItem[];
  readonly quarantine: readonly InboxItem[];
}

/** `isKnown` answers for blobs in the inbox and in quarantine alike. */
export function decideTake(items: readonly InboxItem[], isKnown: (blobId: string) => boolean): TakeDecision {
  const deliver: InboxItem[] = [];
  const quarantine: InboxItem[] = [];
  for (const item of items) {
    if (isKnown(encodeHex(item.blobId))) continue;
    if (item.content === null) quarantine.push(item);
    else deliver.push(item);
  }
  return { deliver, quarantine };
}
