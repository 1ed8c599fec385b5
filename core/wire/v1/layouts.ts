/**
 * The fields of every structure of version 1, in the order of the wire, with upstream's names (which appear on the wire
 * in the map form only). One table for the writer and the reader; the compiler checks that it names every field of a
 * type with a kind that fits.
 */
import type { EnvelopeV1, MessageTypeV1, MessageV1, PullBlobV1 } from "./messages.ts";

type KindOf<Value> = [Value] extends [bigint]
  ? "u64"
  : [Value] extends [number]
    ? "u8" | "u32"
    : [Value] extends [boolean]
      ? "boolean"
      : [Value] extends [Uint8Array]
        ? "bytes" | "bytes24" | "bytes32" | "blobId"
        : [Value] extends [string]
          ? "text"
          : [Value] extends [string | null]
            ? "text or nil"
            : "blobs";

export type Kind =
  | "u8"
  | "u32"
  | "u64"
  | "boolean"
  | "bytes"
  | "bytes24"
  | "bytes32"
  | "blobId"
  | "text"
  | "text or nil"
  | "blobs";

export interface Field {
  readonly key: string;
  /** Upstream's name. */
  readonly name: string;
  readonly kind: Kind;
}

type FieldOf<Structure> = {
  [Key in keyof Structure]: Key extends "type"
    ? never
    : { readonly key: Key; readonly name: string; readonly kind: KindOf<Structure[Key]> };
}[keyof Structure];

type LayoutOf<Structure> = readonly FieldOf<Structure>[];

const layouts: { readonly [Type in MessageTypeV1]: LayoutOf<Extract<MessageV1, { type: Type }>> } = {
  Hello: [
    { key: "version", name: "version", kind: "u8" },
    { key: "deviceName", name: "device_name", kind: "text" },
    { key: "groupId", name: "group_id", kind: "bytes32" },
    { key: "lastCursor", name: "last_cursor", kind: "u64" },
  ],
  Welcome: [
    { key: "version", name: "version", kind: "u8" },
    { key: "maxCursor", name: "max_cursor", kind: "u64" },
    { key: "pendingCount", name: "pending_count", kind: "u32" },
  ],
  Push: [
    { key: "blobId", name: "blob_id", kind: "blobId" },
    { key: "payload", name: "payload", kind: "bytes" },
    { key: "ttl", name: "ttl", kind: "u32" },
  ],
  PushAck: [
    { key: "blobId", name: "blob_id", kind: "blobId" },
    { key: "cursor", name: "cursor", kind: "u64" },
  ],
  Pull: [
    { key: "afterCursor", name: "after_cursor", kind: "u64" },
    { key: "limit", name: "limit", kind: "u32" },
  ],
  PullResponse: [
    { key: "blobs", name: "blobs", kind: "blobs" },
    { key: "hasMore", name: "has_more", kind: "boolean" },
    { key: "maxCursor", name: "max_cursor", kind: "u64" },
  ],
  Notify: [
    { key: "latestCursor", name: "latest_cursor", kind: "u64" },
    { key: "count", name: "count", kind: "u32" },
  ],
  Bye: [{ key: "reason", name: "reason", kind: "text or nil" }],
  ContentRef: [
    { key: "contentHash", name: "content_hash", kind: "bytes32" },
    { key: "encryptionNonce", name: "encryption_nonce", kind: "bytes24" },
    { key: "contentSize", name: "content_size", kind: "u64" },
    { key: "encryptedSize", name: "encrypted_size", kind: "u64" },
  ],
  ContentAck: [{ key: "contentHash", name: "content_hash", kind: "bytes32" }],
};

const pullBlob: LayoutOf<PullBlobV1> = [
  { key: "blobId", name: "blob_id", kind: "blobId" },
  { key: "cursor", name: "cursor", kind: "u64" },
  { key: "payload", name: "payload", kind: "bytes" },
  { key: "timestamp", name: "timestamp", kind: "u64" },
];

const envelope: LayoutOf<EnvelopeV1> = [
  { key: "version", name: "version", kind: "u8" },
  { key: "messageType", name: "msg_type", kind: "u8" },
  { key: "senderId", name: "sender_id", kind: "bytes32" },
  { key: "groupId", name: "group_id", kind: "bytes32" },
  { key: "cursor", name: "cursor", kind: "u64" },
  { key: "timestamp", name: "timestamp", kind: "u64" },
  { key: "nonce", name: "nonce", kind: "bytes24" },
  { key: "payload", name: "payload", kind: "bytes" },
];

/** The place of a type in this list is the number that upstream takes for its name. */
export const MESSAGE_TYPES_V1 = Object.keys(layouts) as readonly MessageTypeV1[];
export const MESSAGE_LAYOUTS: Readonly<Record<MessageTypeV1, readonly Field[]>> = layouts;
export const PULL_BLOB_LAYOUT: readonly Field[] = pullBlob;
export const ENVELOPE_LAYOUT: readonly Field[] = envelope;
