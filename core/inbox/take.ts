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

/**
 * A blob in quarantine can still be delivered, when its right bytes come; a delivered one is known for good, and what
 * comes again under its id is dropped, also within one page.
 */
export function decideTake(
  items: readonly InboxItem[],
  isDelivered: (blobId: BlobId) => boolean,
  isQuarantined: (blobId: BlobId) => boolean,
): TakeDecision {
  const deliver: InboxItem[] = [];
  const quarantine: InboxItem[] = [];
  // By id in hex. Most pages bring one blob, which cannot come again in it.
  const delivered = items.length > 1 ? new Set<string>() : undefined;
  const quarantined = items.length > 1 ? new Set<string>() : undefined;
  for (const item of items) {
    const id = delivered === undefined ? "" : encodeHex(item.blobId);
    if (isDelivered(item.blobId) || delivered?.has(id) === true) continue;
    if (item.content !== null) {
      deliver.push(item);
      delivered?.add(id);
    } else if (!isQuarantined(item.blobId) && quarantined?.has(id) !== true) {
      quarantine.push(item);
      quarantined?.add(id);
    }
  }
  return { deliver, quarantine };
}
