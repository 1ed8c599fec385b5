/**
 * What a Hello's claim says about a log: a relay that does not hold a cursor that a member was given, or holds another
 * chain there, has lost or rolled back data. It then draws a new epoch for that group before it answers, keeping what
 * rows it has; one member's claim disturbs no other group.
 */
import { isEqualBytes } from "../bytes.ts";
import type { Chain, Epoch, Position } from "../ids.ts";
import { GENESIS } from "../ids.ts";
import type { LogHead } from "./row.ts";
import { createHead } from "./row.ts";

export interface Claim {
  readonly epoch: Epoch | null;
  readonly contiguous: Position;
  readonly highest: Position;
}

export interface AdmitDecision {
  readonly head: LogHead;
  /** `created`: the group was unknown; `renewed`: data was lost, acknowledgements of the old epoch count no more. */
  readonly change: "none" | "created" | "renewed";
}

/** `chainAt` answers for the cursors that rows are kept of, and for the end of what was trimmed. */
export function decideAdmit(
  head: LogHead | undefined,
  claim: Claim,
  chainAt: (cursor: number) => Chain | undefined,
  freshEpoch: Epoch,
): AdmitDecision {
  if (head === undefined) return { head: createHead(freshEpoch), change: "created" };
  if (claim.epoch === null || !isEqualBytes(claim.epoch, head.epoch)) return { head, change: "none" };
  if (isHeld(head, claim.contiguous, chainAt) && isHeld(head, claim.highest, chainAt)) return { head, change: "none" };
  return { head: { ...head, epoch: freshEpoch }, change: "renewed" };
}

function isHeld(head: LogHead, position: Position, chainAt: (cursor: number) => Chain | undefined): boolean {
  if (position.cursor > head.max.cursor) return false;
  if (position.cursor === 0) return isEqualBytes(position.chain, GENESIS);
  const chain = chainAt(position.cursor);
  // Below what was trimmed nothing is left to compare with: the claim stands.
  return chain === undefined ? position.cursor < head.trimmed.cursor : isEqualBytes(chain, position.chain);
}
