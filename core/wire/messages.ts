/**
 * The messages of wire version 2 as plain data. `codec.ts` turns them into bytes and back; `protocol.md` §"Messages of
 * v2" says what each is for. Byte fields are views into the frame that they came in: copy before keeping.
 */
import type { BlobId, Chain, DeviceId, Epoch, Position } from "../ids.ts";

/** The one version that this code speaks. */
export const WIRE_VERSION = 2;

export interface Hello {
  readonly type: "Hello";
  /** Offered versions, best first. */
  readonly versions: readonly number[];
  /** The group's Ed25519 public key; the GroupId is its hash. */
  readonly groupKey: Uint8Array;
  /** Over `"0k-sync/2 hello"` ‖ handshake hash ‖ this message's other fields. */
  readonly signature: Uint8Array;
  /** The epoch that the two positions belong to; null when this device has none for this relay. */
  readonly epoch: Epoch | null;
  /** Everything up to here is durably taken in. */
  readonly contiguous: Position;
  /** The highest position ever acknowledged or pulled. */
  readonly highest: Position;
}

export interface Welcome {
  readonly type: "Welcome";
  readonly version: number;
  readonly epoch: Epoch;
  readonly max: Position;
  /** The oldest cursor still held; max + 1 when nothing is. */
  readonly floor: number;
  /** Blobs above the Hello's contiguous cursor. */
  readonly pending: number;
  readonly frameBytesMax: number;
  readonly payloadBytesMax: number;
  readonly quotaLeftBytes: number;
}

export interface Push {
  readonly type: "Push";
  readonly blobId: BlobId;
  readonly payload: Uint8Array;
  /** Seconds; 0 = the relay's default. */
  readonly ttlS: number;
}

export interface PushAck {
  readonly type: "PushAck";
  readonly blobId: BlobId;
  readonly cursor: number;
  readonly chain: Chain;
  readonly epoch: Epoch;
}

export interface Pull {
  readonly type: "Pull";
  readonly after: number;
  readonly limit: number;
  /** Payload bytes that the page may carry; the first blob always comes. */
  readonly bytesMax: number;
}

export interface PulledBlob {
  readonly cursor: number;
  readonly blobId: BlobId;
  /** A hint only: members of a group can impersonate one another. */
  readonly sender: DeviceId;
  readonly payload: Uint8Array;
  /** The relay's wall clock at acceptance, milliseconds. */
  readonly timestampMs: number;
}

/** Why a cursor is no longer held; `rotted`: the relay's store holds other bytes than were pushed. */
export type GoneWhy = "expired" | "acknowledged" | "deleted" | "rotted";

/** Cursors `from` to `to`, both included, that are no longer held; `chain` is the chain at `to`. */
export interface GoneRange {
  readonly from: number;
  readonly to: number;
  readonly why: GoneWhy;
  readonly chain: Chain;
}

export interface PullResponse {
  readonly type: "PullResponse";
  readonly after: number;
  /** This page answers for every cursor in (after, through]. */
  readonly through: number;
  readonly blobs: readonly PulledBlob[];
  readonly gone: readonly GoneRange[];
  /** The chain at `through`. */
  readonly chain: Chain;
  readonly hasMore: boolean;
  readonly max: number;
}

export interface Ack {
  readonly type: "Ack";
  readonly cursor: number;
}

export interface Notify {
  readonly type: "Notify";
  readonly latest: number;
}

/** What an Error answers: the message's type, and the blob where it is about one. */
export interface ErrorSubject {
  readonly message: MessageType | null;
  readonly blobId: BlobId | null;
}

export interface ErrorMessage {
  readonly type: "Error";
  readonly code: number;
  readonly retryable: boolean;
  readonly retryAfterMs: number;
  readonly subject: ErrorSubject;
}

export interface Ping {
  readonly type: "Ping";
  readonly token: number;
}

export interface Pong {
  readonly type: "Pong";
  readonly token: number;
}

export interface Bye {
  readonly type: "Bye";
  readonly reason: string;
}

/** An encrypted invite that waits for whoever knows its short code. Answered by InviteKept. */
export interface InvitePut {
  readonly type: "InvitePut";
  /** Derived from the half of the code that looks up; tells nothing of the other half. */
  readonly lookup: Uint8Array;
  readonly sealed: Uint8Array;
  readonly ttlS: number;
}

export interface InviteKept {
  readonly type: "InviteKept";
  readonly lookup: Uint8Array;
  readonly ttlS: number;
}

/** Asks for an invite, once; allowed before Hello. Answered by InviteGiven or an Error. */
export interface InviteClaim {
  readonly type: "InviteClaim";
  readonly lookup: Uint8Array;
}

export interface InviteGiven {
  readonly type: "InviteGiven";
  readonly lookup: Uint8Array;
  readonly sealed: Uint8Array;
}

/** By the device that put it. Answered by InviteCancelled, also when it is gone already. */
export interface InviteCancel {
  readonly type: "InviteCancel";
  readonly lookup: Uint8Array;
}

export interface InviteCancelled {
  readonly type: "InviteCancelled";
  readonly lookup: Uint8Array;
}

/** Drops the payload of a blob that this device pushed; its cursor is answered as gone. Answered by Deleted. */
export interface Delete {
  readonly type: "Delete";
  readonly blobId: BlobId;
}

export interface Deleted {
  readonly type: "Deleted";
  readonly blobId: BlobId;
  readonly cursor: number;
}

/** Which devices the relay knows in this group. Answered by Devices. */
export interface ListDevices {
  readonly type: "ListDevices";
}

export interface KnownDevice {
  readonly device: DeviceId;
  /** What it has acknowledged up to. */
  readonly acknowledged: number;
  /** The relay's wall clock at its last Hello, milliseconds. */
  readonly lastSeenMs: number;
  readonly isOnline: boolean;
  readonly isRevoked: boolean;
}

export interface Devices {
  readonly type: "Devices";
  readonly devices: readonly KnownDevice[];
}

export type RevokeReason = "lost" | "decommissioned" | "compromised";

/** The device is let in no more, and its acknowledgements are waited for no more. Stops honest software only. */
export interface RevokeDevice {
  readonly type: "RevokeDevice";
  readonly device: DeviceId;
  readonly reason: RevokeReason;
}

/** To every live session of the group, whoever asked included. */
export interface DeviceRevoked {
  readonly type: "DeviceRevoked";
  readonly device: DeviceId;
  readonly by: DeviceId;
  readonly reason: RevokeReason;
  readonly timestampMs: number;
}

export type Message =
  | Hello
  | Welcome
  | Push
  | PushAck
  | Pull
  | PullResponse
  | Ack
  | Notify
  | ErrorMessage
  | Ping
  | Pong
  | Bye
  | InvitePut
  | InviteKept
  | InviteClaim
  | InviteGiven
  | InviteCancel
  | InviteCancelled
  | Delete
  | Deleted
  | ListDevices
  | Devices
  | RevokeDevice
  | DeviceRevoked;

export type MessageType = Message["type"];
