/**
 * Retention: a payload goes when its ttl is over, or when every known, unrevoked device has acknowledged it and it has
 * been there for a while: a relay that lost its data knows only the members that came back so far. Id and
 * chain stay for the dedupe retention after the ttl, so that a late repetition still gets the first answer. The max
 * cursor never falls (invariants 2 and 14).
 */
import type { Chain, Position } from "../ids.ts";
import type { GoneWhy } from "../wire/messages.ts";
import type { LogHead, LogRow } from "./row.ts";

export interface SweepRequest {
  readonly wallMs: number;
  readonly dedupeRetentionS: number;
  /** Every known, unrevoked device has acknowledged up to here (`acknowledgedByAll` of `devices.ts`). */
  readonly acknowledgedByAll: number;
  /** How long after its acceptance that does not count yet. */
  readonly acknowledgedRetentionS: number;
}

export interface SweepDecision {
  readonly head: LogHead;
  readonly gone: readonly { readonly cursor: number; readonly why: GoneWhy }[];
}

/** What a sweep looks at; of the payload only whether it is held. */
export type SweepRow = Pick<LogRow, "cursor" | "chain" | "timestampMs" | "expiresAtMs" | "sizeBytes" | "payload">;

/**
 * `rows` are all rows that are kept, ascending. Rows up to the new `head.trimmed` are the store's to drop; `chainAt`
 * answers for the cursors of rows.
 */
export function decideSweep(
  head: LogHead,
  rows: Iterable<SweepRow>,
  chainAt: (cursor: number) => Chain | undefined,
  request: SweepRequest,
): SweepDecision {
  const gone: { cursor: number; why: GoneWhy }[] = [];
  let trimmed: Position = head.trimmed;
  let floor = head.max.cursor + 1;
  let { heldBytes } = head;

  for (const row of rows) {
    const why = whyGone(row, request);
    if (row.payload !== null && why === null) {
      floor = Math.min(floor, row.cursor);
      continue;
    }
    if (row.payload !== null && why !== null) {
      gone.push({ cursor: row.cursor, why });
      heldBytes -= row.sizeBytes;
    }
    const isForgotten = request.wallMs >= row.expiresAtMs + request.dedupeRetentionS * 1000;
    if (isForgotten && row.cursor === trimmed.cursor + 1) trimmed = { cursor: row.cursor, chain: row.chain };
  }
  // It stands for all that is forgotten: it has to be right also where the row's own chain rotted.
  if (trimmed !== head.trimmed) trimmed = { ...trimmed, chain: chainAt(trimmed.cursor) ?? trimmed.chain };
  return { head: { ...head, trimmed, floor, heldBytes }, gone };
}

function whyGone(row: SweepRow, request: SweepRequest): GoneWhy | null {
  const isSettled = request.wallMs >= row.timestampMs + request.acknowledgedRetentionS * 1000;
  if (isSettled && row.cursor <= request.acknowledgedByAll) return "acknowledged";
  return request.wallMs >= row.expiresAtMs ? "expired" : null;
}
