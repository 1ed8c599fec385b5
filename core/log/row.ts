/** What a relay keeps of one group: the head of its log and a row per cursor. Every store keeps exactly these. */
import { isEqualBytes } from "../bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import type { BlobId, Chain, DeviceId, Epoch, Position } from "../ids.ts";
import { GENESIS, START } from "../ids.ts";
import type { GoneWhy } from "../wire/messages.ts";

export interface LogHead {
  readonly epoch: Epoch;
  readonly max: Position;
  /** Up to here not even ids are kept any more; rows begin at the next cursor. */
  readonly trimmed: Position;
  /** The oldest cursor whose payload is held; max + 1 when none is. */
  readonly floor: number;
  /** Payload bytes held. */
  readonly heldBytes: number;
}

export interface LogRow {
  readonly cursor: number;
  readonly chain: Chain;
  readonly blobId: BlobId;
  readonly payloadHash: Uint8Array;
  readonly sender: DeviceId;
  /** The relay's wall clock at acceptance, milliseconds. */
  readonly timestampMs: number;
  readonly expiresAtMs: number;
  readonly sizeBytes: number;
  /** Null once it is gone; id and chain stay for the dedupe retention. */
  readonly payload: Uint8Array | null;
  readonly gone: GoneWhy | null;
}

/** Whether a store still holds the bytes that were pushed. */
export function isPayloadWhole(suite: CryptoSuite, row: Pick<LogRow, "payload" | "payloadHash">): boolean {
  return row.payload !== null && isEqualBytes(suite.hash(row.payload), row.payloadHash);
}

/** The head of a group that nobody has pushed to. */
export function createHead(epoch: Epoch): LogHead {
  return { epoch, max: START, trimmed: { cursor: 0, chain: GENESIS }, floor: 1, heldBytes: 0 };
}
