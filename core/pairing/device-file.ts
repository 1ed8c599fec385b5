/**
 * `device.json`: who this device is. Upstream's keys; upstream's device id is random and proves nothing, ours is the
 * public key whose private one is in the file too (`device_key_hex`), so it is written with mode 0600. A file without a
 * private key is upstream's: it names a device that cannot speak to our relays.
 */
import { encodeHex } from "../bytes.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import type { DeviceId } from "../ids.ts";
import { Redacted } from "../redacted.ts";
import { ok, type Result } from "../result.ts";
import { encodeIdText, parseIdText } from "../wire/v1/ids.ts";
import {
  bad,
  isMoment,
  isShortText,
  missing,
  parseHexOf,
  parseJsonObject,
  valueOf,
  type FileError,
  type Moment,
} from "./json-file.ts";

export interface DeviceFile {
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly createdAt: Moment;
  /** The private key of `deviceId`, 32 bytes; that they belong together is the reader's to check. */
  readonly key: Redacted<Uint8Array> | null;
}

export function parseDeviceFile(text: string): Result<DeviceFile, FileError> {
  const parsed = parseJsonObject(text);
  if (!parsed.ok) return parsed;
  const json = parsed.value;
  const idText = valueOf(json, "device_id");
  if (idText === undefined) return missing("device_id");
  const deviceId = typeof idText === "string" ? parseIdText(idText) : undefined;
  if (deviceId === undefined) return bad("device_id", "the base64url text of 32 bytes, 43 characters");
  const deviceName = valueOf(json, "device_name");
  if (deviceName === undefined) return missing("device_name");
  if (!isShortText(deviceName)) return bad("device_name", "a text of 1 to 256 characters");
  const createdAt = valueOf(json, "created_at");
  if (createdAt === undefined) return missing("created_at");
  if (!isMoment(createdAt)) return bad("created_at", "a time as a text or in whole seconds");
  const keyText = valueOf(json, "device_key_hex");
  const key = keyText === undefined ? null : parseHexOf(keyText, KEY_BYTES, KEY_BYTES);
  if (key === undefined) return bad("device_key_hex", "64 hex digits");
  return ok({ deviceId, deviceName, createdAt, key: key === null ? null : new Redacted(key) });
}

/** Ends with a line feed. As secret as the device. */
export function renderDeviceFile(file: DeviceFile): Redacted<string> {
  const json = {
    device_id: encodeIdText(file.deviceId),
    device_name: file.deviceName,
    created_at: file.createdAt,
    ...(file.key !== null && { device_key_hex: encodeHex(file.key.expose()) }),
  };
  return new Redacted(`${JSON.stringify(json, undefined, 2)}\n`);
}
