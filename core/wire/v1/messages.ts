/**
 * Upstream's ten messages (wire version 1), for reading its data and for a transport that reaches its relays. Whole
 * numbers of 64 bits are `bigint` here and nowhere else in this project; they run from 0 to 2^64 − 1. Byte fields are
 * the reader's own: no views into the frame.
 */

/** Upstream's device name travels in the clear. */
export interface HelloV1 {
  readonly type: "Hello";
  /** Upstream relays take 1 only. */
  readonly version: number;
  readonly deviceName: string;
  readonly groupId: Uint8Array;
  readonly lastCursor: bigint;
}

export interface WelcomeV1 {
  readonly type: "Welcome";
  readonly version: number;
  readonly maxCursor: bigint;
  readonly pendingCount: number;
}

export interface PushV1 {
  readonly type: "Push";
  readonly blobId: Uint8Array;
  readonly payload: Uint8Array;
  /** Seconds; 0 = the relay's default. */
  readonly ttl: number;
}

export interface PushAckV1 {
  readonly type: "PushAck";
  readonly blobId: Uint8Array;
  readonly cursor: bigint;
}

export interface PullV1 {
  readonly type: "Pull";
  readonly afterCursor: bigint;
  /** Blobs; 0 = the relay's default. */
  readonly limit: number;
}

export interface PullBlobV1 {
  readonly blobId: Uint8Array;
  readonly cursor: bigint;
  readonly payload: Uint8Array;
  /** The relay's clock, seconds. */
  readonly timestamp: bigint;
}

export interface PullResponseV1 {
  readonly type: "PullResponse";
  readonly blobs: readonly PullBlobV1[];
  readonly hasMore: boolean;
  readonly maxCursor: bigint;
}

export interface NotifyV1 {
  readonly type: "Notify";
  readonly latestCursor: bigint;
  readonly count: number;
}

export interface ByeV1 {
  readonly type: "Bye";
  readonly reason: string | null;
}

export interface ContentRefV1 {
  readonly type: "ContentRef";
  /** BLAKE3 of the ciphertext. */
  readonly contentHash: Uint8Array;
  /** 24 bytes. */
  readonly encryptionNonce: Uint8Array;
  /** Bytes of the plaintext, as its sender says. */
  readonly contentSize: bigint;
  readonly encryptedSize: bigint;
}

export interface ContentAckV1 {
  readonly type: "ContentAck";
  readonly contentHash: Uint8Array;
}

export type MessageV1 =
  | HelloV1
  | WelcomeV1
  | PushV1
  | PushAckV1
  | PullV1
  | PullResponseV1
  | NotifyV1
  | ByeV1
  | ContentRefV1
  | ContentAckV1;

export type MessageTypeV1 = MessageV1["type"];

/** Upstream's envelope: a type that it defines and never sends. */
export interface EnvelopeV1 {
  readonly version: 1;
  /** 1 Hello, 2 Push, 3 PushAck, 4 Pull, 5 PullResponse, 6 Notify, 7 Bye. */
  readonly messageType: number;
  readonly senderId: Uint8Array;
  readonly groupId: Uint8Array;
  readonly cursor: bigint;
  /** Seconds. */
  readonly timestamp: bigint;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  readonly payload: Uint8Array;
}
