/**
 * Ids on the wire and in print. They are plain byte arrays of a fixed length (a brand would be lost in every store and
 * on every wire); maps are keyed by `encodeHex` of them.
 */
import { encodeHex, parseHex } from "./bytes.ts";

/** A device's Noise static public key. */
export type DeviceId = Uint8Array;
/** A relay's Noise static public key. */
export type RelayId = Uint8Array;
/** Hash of the group's public signing key. */
export type GroupId = Uint8Array;
/** Random, made by the device that pushes. */
export type BlobId = Uint8Array;
/** Names one life of a group's log at one relay: changes when the relay lost or rolled back data. */
export type Epoch = Uint8Array;
/** Hash over everything in a log up to a cursor. */
export type Chain = Uint8Array;

export const DEVICE_ID_BYTES = 32;
export const GROUP_ID_BYTES = 32;
export const BLOB_ID_BYTES = 16;
export const EPOCH_BYTES = 16;
export const CHAIN_BYTES = 32;

/** The chain before the first cursor. */
export const GENESIS: Chain = new Uint8Array(CHAIN_BYTES);

/** A place in a log: a cursor and the chain up to it. Cursor 0 with `GENESIS` is "nothing yet". */
export interface Position {
  readonly cursor: number;
  readonly chain: Chain;
}

export const START: Position = { cursor: 0, chain: GENESIS };

/** A relay's address, `0k://<relay id in hex>@host:port`. */
export interface RelayAddress {
  readonly id: RelayId;
  /** `host:port`, as the transport dials it. */
  readonly endpoint: string;
}

export function encodeRelayAddress(address: RelayAddress): string {
  return `0k://${encodeHex(address.id)}@${address.endpoint}`;
}

/** `undefined` when the text is not an address of this form. */
export function parseRelayAddress(text: string): RelayAddress | undefined {
  const match = /^0k:\/\/([0-9a-fA-F]{64})@(\S+)$/.exec(text);
  const id = match === null ? undefined : parseHex(match[1]!);
  return id === undefined ? undefined : { id, endpoint: match![2]! };
}
