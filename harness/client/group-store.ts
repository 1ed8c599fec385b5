/** `device.json` and `group.json` of a folder: read, checked, written whole. Every fault is a `StorageError` that names the file. */
import { encodeBase64url } from "../../core/base64url.ts";
import type { DeviceId } from "../../core/ids.ts";
import { deriveGroupKeys } from "../../core/keys.ts";
import { type DeviceFile, parseDeviceFile, renderDeviceFile } from "../../core/pairing/device-file.ts";
import { type GroupFile, parseGroupFile, renderGroupFile } from "../../core/pairing/group-file.ts";
import { renderFileError } from "../../core/pairing/json-file.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import { type DataFolder, describeFileError, readFileIfThere } from "./data-folder.ts";
import { createPrivateFile, writePrivateFile } from "./private-file.ts";
import { StorageError } from "./sync-error.ts";

/** Undefined before `zerok init`. */
export function readDevice(folder: DataFolder): DeviceFile | undefined {
  const text = readFileIfThere(folder.device);
  if (text === undefined) return undefined;
  const parsed = parseDeviceFile(text);
  if (!parsed.ok) throw new StorageError(renderFileError(folder.device, parsed.error));
  return parsed.value;
}

/** False when there is one already: nothing is written then. */
export function createDevice(folder: DataFolder, deviceId: DeviceId, deviceName: string): boolean {
  const createdAt = new Date().toISOString();
  const text = renderDeviceFile({ deviceId, deviceName, createdAt, key: null }).expose();
  return !isThere(folder.device, () => createPrivateFile(folder.device, text));
}

/** Undefined before `zerok pair`. */
export function readGroup(folder: DataFolder): GroupFile | undefined {
  const text = readFileIfThere(folder.group);
  if (text === undefined) return undefined;
  const parsed = parseGroupFile(text);
  if (!parsed.ok) throw new StorageError(renderFileError(folder.group, parsed.error));
  return parsed.value;
}

/** False when there is one already: nothing is written then. */
export function createGroupFile(folder: DataFolder, group: GroupFile): boolean {
  const text = renderGroupFile(group).expose();
  return !isThere(folder.group, () => createPrivateFile(folder.group, text));
}

export function replaceGroupFile(folder: DataFolder, group: GroupFile): void {
  const text = renderGroupFile(group).expose();
  isThere(folder.group, () => writePrivateFile(folder.group, text));
}

function isThere(path: string, write: () => void): boolean {
  try {
    write();
    return false;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return true;
    throw new StorageError(`${path} cannot be written: ${describeFileError(error)}.`);
  }
}

/** The group's id in print: base64url, 43 characters. */
export function groupIdText(group: Pick<GroupFile, "secret">): string {
  return encodeBase64url(deriveGroupKeys(createFastSuite(), group.secret).groupId);
}
