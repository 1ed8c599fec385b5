/**
 * Deleting one blob by its sender: the payload goes at once; cursor, id, chain and hash stay, so that pages answer for
 * it as gone, a late repetition of the push still gets the first answer, and the max cursor does not fall (invariant 14).
 */
import { isEqualBytes } from "../bytes.ts";
import type { DeviceId } from "../ids.ts";
import type { LogHead, LogRow } from "./row.ts";

/** `deleted` also for a blob that is gone already, whatever took it; `foreign`: another device pushed it. */
export type DeleteOutcome = "deleted" | "unknown" | "foreign";

export interface DeleteDecision {
  readonly head: LogHead;
  readonly outcome: DeleteOutcome;
  /** The payload of this cursor goes, for the reason `deleted`; undefined when nothing changes. */
  readonly gone: number | undefined;
}

/** `nextHeld` answers the lowest cursor above the given one whose payload is held. */
export function decideDelete(
  head: LogHead,
  row: Pick<LogRow, "cursor" | "sender" | "sizeBytes" | "gone"> | undefined,
  device: DeviceId,
  nextHeld: (after: number) => number | undefined,
): DeleteDecision {
  if (row === undefined) return { head, outcome: "unknown", gone: undefined };
  if (!isEqualBytes(row.sender, device)) return { head, outcome: "foreign", gone: undefined };
  if (row.gone !== null) return { head, outcome: "deleted", gone: undefined };
  const floor = row.cursor === head.floor ? (nextHeld(row.cursor) ?? head.max.cursor + 1) : head.floor;
  const heldBytes = head.heldBytes - row.sizeBytes;
  return { head: { ...head, floor, heldBytes }, outcome: "deleted", gone: row.cursor };
}
