/**
 * The messages about who is in a group and what is taken back: invites, devices, revocation, deletion. A part of
 * `parse-message.ts`, with its rules.
 */
import { BLOB_ID_BYTES, DEVICE_ID_BYTES } from "../ids.ts";
import { CURSOR_MAX, GROUP_DEVICES_MAX, INVITE_BYTES_MAX, INVITE_LOOKUP_BYTES, INVITE_TTL_S_MAX } from "../limits.ts";
import { ok } from "../result.ts";
import { bad, isBytes, isWithin, type Fields, type Layout, type Parsed } from "./fields.ts";
import type { KnownDevice, MessageType, RevokeReason } from "./messages.ts";
import { revokeReasonOf } from "./tags.ts";

const DEVICE_ELEMENTS = 5;

export const MEMBERSHIP_LAYOUTS = {
  InvitePut: { elements: 4, parse: parseInvitePut },
  InviteKept: { elements: 3, parse: parseInviteKept },
  InviteClaim: { elements: 2, parse: (fields) => parseLookup("InviteClaim", fields) },
  InviteGiven: { elements: 3, parse: parseInviteGiven },
  InviteCancel: { elements: 2, parse: (fields) => parseLookup("InviteCancel", fields) },
  InviteCancelled: { elements: 2, parse: (fields) => parseLookup("InviteCancelled", fields) },
  Delete: { elements: 2, parse: parseDelete },
  Deleted: { elements: 3, parse: parseDeleted },
  ListDevices: { elements: 1, parse: () => ok({ type: "ListDevices" }) },
  Devices: { elements: 2, parse: parseDevices },
  RevokeDevice: { elements: 3, parse: parseRevokeDevice },
  DeviceRevoked: { elements: 5, parse: parseDeviceRevoked },
} as const satisfies { readonly [Type in MessageType]?: Layout };

function parseInvitePut(fields: Fields): Parsed {
  const [, lookup, sealed, ttlS] = fields;
  if (!isBytes(lookup, INVITE_LOOKUP_BYTES)) return bad("InvitePut", "lookup");
  if (!isSealed(sealed)) return bad("InvitePut", "sealed");
  if (!isWithin(ttlS, 1, INVITE_TTL_S_MAX)) return bad("InvitePut", "ttlS");
  return ok({ type: "InvitePut", lookup, sealed, ttlS });
}

function parseInviteKept(fields: Fields): Parsed {
  const [, lookup, ttlS] = fields;
  if (!isBytes(lookup, INVITE_LOOKUP_BYTES)) return bad("InviteKept", "lookup");
  if (!isWithin(ttlS, 1, INVITE_TTL_S_MAX)) return bad("InviteKept", "ttlS");
  return ok({ type: "InviteKept", lookup, ttlS });
}

function parseInviteGiven(fields: Fields): Parsed {
  const [, lookup, sealed] = fields;
  if (!isBytes(lookup, INVITE_LOOKUP_BYTES)) return bad("InviteGiven", "lookup");
  if (!isSealed(sealed)) return bad("InviteGiven", "sealed");
  return ok({ type: "InviteGiven", lookup, sealed });
}

function parseLookup(type: "InviteClaim" | "InviteCancel" | "InviteCancelled", fields: Fields): Parsed {
  const lookup = fields[1];
  return isBytes(lookup, INVITE_LOOKUP_BYTES) ? ok({ type, lookup }) : bad(type, "lookup");
}

function parseDelete(fields: Fields): Parsed {
  const blobId = fields[1];
  return isBytes(blobId, BLOB_ID_BYTES) ? ok({ type: "Delete", blobId }) : bad("Delete", "blobId");
}

function parseDeleted(fields: Fields): Parsed {
  const [, blobId, cursor] = fields;
  if (!isBytes(blobId, BLOB_ID_BYTES)) return bad("Deleted", "blobId");
  if (!isWithin(cursor, 1, CURSOR_MAX)) return bad("Deleted", "cursor");
  return ok({ type: "Deleted", blobId, cursor });
}

function parseDevices(fields: Fields): Parsed {
  const rows = fields[1];
  if (!Array.isArray(rows) || rows.length > GROUP_DEVICES_MAX) return bad("Devices", "devices");
  const devices: KnownDevice[] = [];
  for (let i = 0; i < rows.length; i++) {
    const known = parseDevice(rows[i]);
    if (known === undefined) return bad("Devices", "devices");
    devices.push(known);
  }
  return ok({ type: "Devices", devices });
}

function parseDevice(row: unknown): KnownDevice | undefined {
  if (!Array.isArray(row) || row.length < DEVICE_ELEMENTS) return undefined;
  const [device, acknowledged, lastSeenMs, isOnline, isRevoked] = row as Fields;
  if (!isBytes(device, DEVICE_ID_BYTES)) return undefined;
  if (!isWithin(acknowledged, 0, CURSOR_MAX) || !isWithin(lastSeenMs, 0, CURSOR_MAX)) return undefined;
  if (typeof isOnline !== "boolean" || typeof isRevoked !== "boolean") return undefined;
  return { device, acknowledged, lastSeenMs, isOnline, isRevoked };
}

function parseRevokeDevice(fields: Fields): Parsed {
  const device = fields[1];
  const reason = parseReason(fields[2]);
  if (!isBytes(device, DEVICE_ID_BYTES)) return bad("RevokeDevice", "device");
  if (reason === undefined) return bad("RevokeDevice", "reason");
  return ok({ type: "RevokeDevice", device, reason });
}

function parseDeviceRevoked(fields: Fields): Parsed {
  const [, device, by, reasonNumber, timestampMs] = fields;
  const reason = parseReason(reasonNumber);
  if (!isBytes(device, DEVICE_ID_BYTES)) return bad("DeviceRevoked", "device");
  if (!isBytes(by, DEVICE_ID_BYTES)) return bad("DeviceRevoked", "by");
  if (reason === undefined) return bad("DeviceRevoked", "reason");
  if (!isWithin(timestampMs, 0, CURSOR_MAX)) return bad("DeviceRevoked", "timestampMs");
  return ok({ type: "DeviceRevoked", device, by, reason, timestampMs });
}

function parseReason(number: unknown): RevokeReason | undefined {
  return typeof number === "number" ? revokeReasonOf(number) : undefined;
}

function isSealed(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length > 0 && value.length <= INVITE_BYTES_MAX;
}
