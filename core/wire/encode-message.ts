/**
 * The array layout of every message, as it is written: `[tag, field, …]`, positions as two fields, the rows of a page
 * as arrays of their own. `parse-message.ts` is the reverse. A new field goes to the end: older peers ignore it.
 * Called by `codec.ts`.
 */
import { unreachable } from "../invariant.ts";
import type { GoneRange, KnownDevice, Message, PulledBlob } from "./messages.ts";
import { GONE_WHY_NUMBERS, REVOKE_REASON_NUMBERS, TAGS } from "./tags.ts";

export function encodeFields(message: Message): readonly unknown[] {
  switch (message.type) {
    case "Hello":
      return [
        TAGS.Hello,
        message.versions,
        message.groupKey,
        message.signature,
        message.epoch,
        message.contiguous.cursor,
        message.contiguous.chain,
        message.highest.cursor,
        message.highest.chain,
      ];
    case "Welcome":
      return [
        TAGS.Welcome,
        message.version,
        message.epoch,
        message.max.cursor,
        message.max.chain,
        message.floor,
        message.pending,
        message.frameBytesMax,
        message.payloadBytesMax,
        message.quotaLeftBytes,
      ];
    case "Push":
      return [TAGS.Push, message.blobId, message.payload, message.ttlS];
    case "PushAck":
      return [TAGS.PushAck, message.blobId, message.cursor, message.chain, message.epoch];
    case "Pull":
      return [TAGS.Pull, message.after, message.limit, message.bytesMax];
    case "PullResponse":
      return [
        TAGS.PullResponse,
        message.after,
        message.through,
        message.blobs.map(encodeBlob),
        message.gone.map(encodeGone),
        message.chain,
        message.hasMore,
        message.max,
      ];
    case "Ack":
      return [TAGS.Ack, message.cursor];
    case "Notify":
      return [TAGS.Notify, message.latest];
    case "Error": {
      const { message: about, blobId } = message.subject;
      const tag = about === null ? null : TAGS[about];
      return [TAGS.Error, message.code, message.retryable, message.retryAfterMs, tag, blobId];
    }
    case "Ping":
      return [TAGS.Ping, message.token];
    case "Pong":
      return [TAGS.Pong, message.token];
    case "Bye":
      return [TAGS.Bye, message.reason];
    case "InvitePut":
      return [TAGS.InvitePut, message.lookup, message.sealed, message.ttlS];
    case "InviteKept":
      return [TAGS.InviteKept, message.lookup, message.ttlS];
    case "InviteClaim":
      return [TAGS.InviteClaim, message.lookup];
    case "InviteGiven":
      return [TAGS.InviteGiven, message.lookup, message.sealed];
    case "InviteCancel":
      return [TAGS.InviteCancel, message.lookup];
    case "InviteCancelled":
      return [TAGS.InviteCancelled, message.lookup];
    case "Delete":
      return [TAGS.Delete, message.blobId];
    case "Deleted":
      return [TAGS.Deleted, message.blobId, message.cursor];
    case "ListDevices":
      return [TAGS.ListDevices];
    case "Devices":
      return [TAGS.Devices, message.devices.map(encodeDevice)];
    case "RevokeDevice":
      return [TAGS.RevokeDevice, message.device, REVOKE_REASON_NUMBERS[message.reason]];
    case "DeviceRevoked": {
      const { device, by, reason, timestampMs } = message;
      return [TAGS.DeviceRevoked, device, by, REVOKE_REASON_NUMBERS[reason], timestampMs];
    }
    default:
      return unreachable(message);
  }
}

function encodeBlob(blob: PulledBlob): readonly unknown[] {
  return [blob.cursor, blob.blobId, blob.sender, blob.payload, blob.timestampMs];
}

function encodeDevice(known: KnownDevice): readonly unknown[] {
  return [known.device, known.acknowledged, known.lastSeenMs, known.isOnline, known.isRevoked];
}

function encodeGone(range: GoneRange): readonly unknown[] {
  return [range.from, range.to, GONE_WHY_NUMBERS[range.why], range.chain];
}
