/**
 * Opens a device's folder for this process alone: makes it when it is not there, waits for a process that is just
 * leaving, and leaves a note of who is in it.
 */
import { existsSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openDeviceStore, type DeviceStore } from "../sqlite/device-store.ts";
import { dataFolder, type DataFolder, describeFileError, prepareDataFolder } from "./data-folder.ts";
import { readHolderNote, removeHolderNote, writeHolderNote } from "./holder-note.ts";
import { FolderInUseError, StorageError } from "./sync-error.ts";

export interface OpenedDevice {
  readonly folder: DataFolder;
  readonly store: DeviceStore;
  /** After the store is closed. */
  release(): void;
}

const RETRY_MS = 50;

/** Throws `FolderInUseError` when another process has it after `waitMs`, or `StorageError`. */
export async function openDevice(path: string, purpose: string, waitMs: number): Promise<OpenedDevice> {
  const folder = dataFolder(path);
  prepareDataFolder(folder);
  assertNotEmptied(folder);
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    const opened = openDeviceStore(folder.database, { lockTimeoutMs: 0 });
    if (opened.ok) {
      const store = opened.value;
      try {
        writeHolderNote(folder.holder, purpose);
      } catch (error) {
        store.close();
        throw new StorageError(`The data folder ${folder.path} cannot be written: ${describeFileError(error)}.`);
      }
      return { folder, store, release: () => removeHolderNote(folder.holder) };
    }
    const { type, sentence } = opened.error;
    if (type !== "InUse") throw new StorageError(sentence);
    if (performance.now() >= deadlineMs) throw new FolderInUseError(folder.path, readHolderNote(folder.holder));
    await delay(RETRY_MS);
  }
}

/** SQLite takes an empty file for a new database: the device would silently become another one, with another key. */
function assertNotEmptied({ path, database }: DataFolder): void {
  const isEmpty = statSync(database, { throwIfNoEntry: false })?.size === 0;
  if (!isEmpty || existsSync(`${database}-wal`)) return;
  throw new StorageError(
    `${database} is empty, and with it the key of the device in ${path} is lost: put it back from a copy, or make a new device in another folder.`,
  );
}
