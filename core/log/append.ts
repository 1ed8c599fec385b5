/**
 * What a batch of pushes does to a log: cursors 1, 2, 3 … without a hole, one row per blob id however often it comes,
 * the quota, the chain. Pure: a store loads the head and the known ids under its lock, calls this, writes the rows and
 * the head in one transaction, and hands out the answers when that is durable (invariants 2, 3, 4, 13).
 */
import { encodeHex, isEqualBytes } from "../bytes.ts";
import type { BlobId, Chain, DeviceId, Epoch } from "../ids.ts";
import type { ChainHasher } from "./chain.ts";
import type { LogHead, LogRow } from "./row.ts";

export interface AppendItem {
  readonly blobId: BlobId;
  readonly payload: Uint8Array;
  readonly payloadHash: Uint8Array;
  readonly ttlS: number;
}

export interface AppendRequest {
  readonly sender: DeviceId;
  readonly items: readonly AppendItem[];
  readonly wallMs: number;
  readonly defaultTtlS: number;
  /** Payload bytes of this group. */
  readonly heldBytesMax: number;
  /** Payload bytes that all groups hold now, this one too, and may hold. */
  readonly totalBytes: number;
  readonly totalBytesMax: number;
}

export type AppendAnswer =
  | {
      readonly type: "accepted";
      readonly blobId: BlobId;
      readonly cursor: number;
      readonly chain: Chain;
      readonly epoch: Epoch;
      /** False for a repeated push: the answer is the first one's. */
      readonly isNew: boolean;
    }
  /** The blob id is known with other bytes. */
  | { readonly type: "conflict"; readonly blobId: BlobId }
  /** It would exceed what this group may hold, or all groups of the relay together. */
  | { readonly type: "quota"; readonly blobId: BlobId; readonly of: "group" | "relay" };

/** What is known of a blob id: enough to answer a repetition. Rows whose payload is gone are known too. */
export interface KnownBlob extends Pick<LogRow, "cursor" | "chain"> {
  /** Null when it rotted: then what comes again is taken for the same. */
  readonly payloadHash: Uint8Array | null;
}

export interface AppendDecision {
  readonly head: LogHead;
  readonly rows: readonly LogRow[];
  readonly answers: readonly AppendAnswer[];
}

export function decideAppend(
  hasher: ChainHasher,
  head: LogHead,
  known: (blobId: BlobId) => KnownBlob | undefined,
  request: AppendRequest,
): AppendDecision {
  const rows: LogRow[] = [];
  const answers: AppendAnswer[] = [];
  // By blob id in hex. Most batches are of one blob, which cannot come again in it.
  const fresh = request.items.length > 1 ? new Map<string, KnownBlob>() : undefined;
  let { max, heldBytes } = head;
  let { totalBytes } = request;

  for (const item of request.items) {
    const earlier = fresh?.get(encodeHex(item.blobId)) ?? known(item.blobId);
    if (earlier !== undefined) {
      answers.push(answerRepeated(item, earlier, head.epoch));
      continue;
    }
    const sizeBytes = item.payload.length;
    const isGroupFull = heldBytes + sizeBytes > request.heldBytesMax;
    if (isGroupFull || totalBytes + sizeBytes > request.totalBytesMax) {
      answers.push({ type: "quota", blobId: item.blobId, of: isGroupFull ? "group" : "relay" });
      continue;
    }
    const cursor = max.cursor + 1;
    const chain = hasher.next(max.chain, cursor, item.blobId, item.payloadHash);
    const ttlS = item.ttlS === 0 ? request.defaultTtlS : item.ttlS;
    const row: LogRow = {
      cursor,
      chain,
      blobId: item.blobId,
      payloadHash: item.payloadHash,
      sender: request.sender,
      timestampMs: request.wallMs,
      expiresAtMs: request.wallMs + ttlS * 1000,
      sizeBytes,
      payload: item.payload,
      gone: null,
    };
    rows.push(row);
    fresh?.set(encodeHex(item.blobId), row);
    answers.push({ type: "accepted", blobId: item.blobId, cursor, chain, epoch: head.epoch, isNew: true });
    max = { cursor, chain };
    heldBytes += sizeBytes;
    totalBytes += sizeBytes;
  }
  const { epoch, trimmed, floor } = head;
  return { head: { epoch, max, trimmed, floor, heldBytes }, rows, answers };
}

function answerRepeated(item: AppendItem, earlier: KnownBlob, epoch: Epoch): AppendAnswer {
  const { cursor, chain, payloadHash } = earlier;
  if (payloadHash !== null && !isEqualBytes(payloadHash, item.payloadHash)) {
    return { type: "conflict", blobId: item.blobId };
  }
  return { type: "accepted", blobId: item.blobId, cursor, chain, epoch, isNew: false };
}
