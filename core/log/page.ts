/**
 * One page of a log: every cursor in (after, through] is a blob of the page or in one of its gone ranges, whatever the
 * limits, and the first blob always fits (invariants 5 and 11). A payload that rotted in the store is answered as gone:
 * the loss is told, rather than the page refused for ever.
 */
import type { Chain } from "../ids.ts";
import { PAGE_GONE_RANGES_MAX, PAYLOAD_BYTES_MAX } from "../limits.ts";
import type { GoneRange, GoneWhy, PulledBlob } from "../wire/messages.ts";
import type { LogHead, LogRow } from "./row.ts";

export interface PageRequest {
  readonly after: number;
  readonly limit: number;
  readonly bytesMax: number;
}

export interface Page {
  readonly after: number;
  readonly through: number;
  readonly blobs: readonly PulledBlob[];
  readonly gone: readonly GoneRange[];
  readonly chain: Chain;
  readonly hasMore: boolean;
  readonly max: number;
}

/** What a blob costs in a page beside its payload: cursor, id, sender, timestamp and their headers. */
export const BLOB_OVERHEAD_BYTES = 96;

/**
 * `rows` are those above `after`, ascending, read only as far as the page goes; without any, the chain of `after` is
 * `chainAfter`. `undefined` when `after` lies beyond the log, and no page can be given. `isWhole` compares a held payload
 * with its hash; asked once for each blob served.
 */
export function decidePage(
  head: LogHead,
  rows: Iterable<LogRow>,
  chainAfter: Chain,
  request: PageRequest,
  isWhole: (row: LogRow) => boolean,
): Page | undefined {
  const { after } = request;
  if (after > head.max.cursor) return undefined;
  const blobs: PulledBlob[] = [];
  const gone: GoneRange[] = [];
  let through = after;
  let chain = chainAfter;
  let bytesLeft = Math.min(request.bytesMax, PAYLOAD_BYTES_MAX);

  if (after < head.trimmed.cursor) {
    through = head.trimmed.cursor;
    chain = head.trimmed.chain;
    gone.push({ from: after + 1, to: through, why: "expired", chain });
  }
  for (const row of rows) {
    const cost = row.sizeBytes + BLOB_OVERHEAD_BYTES;
    if (row.payload === null) {
      if (!addGone(gone, row, row.gone ?? "expired")) break;
    } else if (blobs.length > 0 && (blobs.length >= request.limit || cost > bytesLeft)) {
      break;
    } else if (!isWhole(row)) {
      if (!addGone(gone, row, "rotted")) break;
    } else {
      bytesLeft -= cost;
      const { cursor, blobId, sender, payload, timestampMs } = row;
      blobs.push({ cursor, blobId, sender, payload, timestampMs });
    }
    through = row.cursor;
    chain = row.chain;
  }
  return { after, through, blobs, gone, chain, hasMore: through < head.max.cursor, max: head.max.cursor };
}

function addGone(gone: GoneRange[], row: LogRow, why: GoneWhy): boolean {
  const last = gone[gone.length - 1];
  if (last !== undefined && last.to === row.cursor - 1 && last.why === why) {
    gone[gone.length - 1] = { ...last, to: row.cursor, chain: row.chain };
    return true;
  }
  if (gone.length >= PAGE_GONE_RANGES_MAX) return false;
  gone.push({ from: row.cursor, to: row.cursor, why, chain: row.chain });
  return true;
}
