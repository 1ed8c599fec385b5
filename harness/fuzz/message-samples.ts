/** One valid message of every type of both versions, as bytes. */
import type { Message, MessageType } from "../../core/wire/messages.ts";
import { MessageCodec } from "../../core/wire/codec.ts";
import { encodeEnvelopeV1, encodeMessageV1 } from "../../core/wire/v1/encode-message.ts";
import type { MessageTypeV1, MessageV1 } from "../../core/wire/v1/messages.ts";

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

const id = filled(16, 1);
const key = filled(32, 2);
const chain = filled(32, 0x81);

const MESSAGES: { readonly [Type in MessageType]: Extract<Message, { type: Type }> } = {
  Hello: {
    type: "Hello",
    versions: [2, 200],
    groupKey: key,
    signature: filled(64, 3),
    epoch: id,
    contiguous: { cursor: 300, chain },
    highest: { cursor: 70_000, chain },
  },
  Welcome: {
    type: "Welcome",
    version: 2,
    epoch: id,
    max: { cursor: 2 ** 40, chain },
    floor: 3,
    pending: 4,
    frameBytesMax: 1_000_000,
    payloadBytesMax: 900_000,
    quotaLeftBytes: 2 ** 33,
  },
  Push: { type: "Push", blobId: id, payload: filled(300, 0xa5), ttlS: 3600 },
  PushAck: { type: "PushAck", blobId: id, cursor: 128, chain, epoch: id },
  Pull: { type: "Pull", after: 5, limit: 100, bytesMax: 1_000_000 },
  PullResponse: {
    type: "PullResponse",
    after: 2,
    through: 9,
    blobs: [
      { cursor: 3, blobId: id, sender: key, payload: filled(20, 3), timestampMs: 1_700_000_000_000 },
      { cursor: 7, blobId: filled(16, 9), sender: key, payload: filled(0, 0), timestampMs: 5 },
    ],
    gone: [
      { from: 4, to: 6, why: "expired", chain },
      { from: 8, to: 9, why: "deleted", chain },
    ],
    chain,
    hasMore: true,
    max: 20,
  },
  Ack: { type: "Ack", cursor: 255 },
  Notify: { type: "Notify", latest: 65_536 },
  Error: {
    type: "Error",
    code: 2002,
    retryable: true,
    retryAfterMs: 30_000,
    subject: { message: "Push", blobId: id },
  },
  Ping: { type: "Ping", token: 2 ** 33 },
  Pong: { type: "Pong", token: 0 },
  Bye: { type: "Bye", reason: "replaced – später" },
  InvitePut: { type: "InvitePut", lookup: id, sealed: filled(296, 2), ttlS: 300 },
  InviteKept: { type: "InviteKept", lookup: id, ttlS: 300 },
  InviteClaim: { type: "InviteClaim", lookup: id },
  InviteGiven: { type: "InviteGiven", lookup: id, sealed: filled(296, 2) },
  InviteCancel: { type: "InviteCancel", lookup: id },
  InviteCancelled: { type: "InviteCancelled", lookup: id },
  Delete: { type: "Delete", blobId: id },
  Deleted: { type: "Deleted", blobId: id, cursor: 300 },
  ListDevices: { type: "ListDevices" },
  Devices: {
    type: "Devices",
    devices: [
      { device: key, acknowledged: 7, lastSeenMs: 1_700_000_000_000, isOnline: true, isRevoked: false },
      { device: chain, acknowledged: 0, lastSeenMs: 0, isOnline: false, isRevoked: true },
    ],
  },
  RevokeDevice: { type: "RevokeDevice", device: key, reason: "compromised" },
  DeviceRevoked: { type: "DeviceRevoked", device: key, by: chain, reason: "lost", timestampMs: 2 ** 40 },
};

const MESSAGES_V1: { readonly [Type in MessageTypeV1]: Extract<MessageV1, { type: Type }> } = {
  Hello: { type: "Hello", version: 1, deviceName: "Gerät", groupId: chain, lastCursor: 300n },
  Welcome: { type: "Welcome", version: 1, maxCursor: 2n ** 40n, pendingCount: 5 },
  Push: { type: "Push", blobId: id, payload: filled(300, 0xa5), ttl: 3600 },
  PushAck: { type: "PushAck", blobId: id, cursor: 7n },
  Pull: { type: "Pull", afterCursor: 2n ** 64n - 1n, limit: 100 },
  PullResponse: {
    type: "PullResponse",
    blobs: [
      { blobId: id, cursor: 1n, payload: filled(20, 0x7f), timestamp: 1_705_000_000n },
      { blobId: id, cursor: 2n, payload: filled(0, 0), timestamp: 1_705_000_001n },
    ],
    hasMore: true,
    maxCursor: 2n,
  },
  Notify: { type: "Notify", latestCursor: 500n, count: 1 },
  Bye: { type: "Bye", reason: "client shutdown" },
  ContentRef: {
    type: "ContentRef",
    contentHash: chain,
    encryptionNonce: filled(24, 0xcd),
    contentSize: 5000n,
    encryptedSize: 5016n,
  },
  ContentAck: { type: "ContentAck", contentHash: key },
};

const codec = new MessageCodec();

export const ENCODED_MESSAGES: readonly Uint8Array[] = Object.values(MESSAGES).map((message) =>
  codec.encode(message).slice(),
);

export const ENCODED_MESSAGES_V1: readonly Uint8Array[] = [
  ...Object.values(MESSAGES_V1).map(encodeMessageV1),
  encodeEnvelopeV1({
    version: 1,
    messageType: 2,
    senderId: chain,
    groupId: key,
    cursor: 0n,
    timestamp: 1_705_000_000n,
    nonce: filled(24, 5),
    payload: filled(4, 1),
  }),
];
