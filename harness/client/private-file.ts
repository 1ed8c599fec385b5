/**
 * Files that only their owner may read, written so that a reader finds the old text or the new one and nothing in
 * between, also after a power cut: a temporary file beside it, flushed, renamed over it, and the folder flushed.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";

/** What only the owner may do: read and write a file, enter a folder. */
export const PRIVATE_FILE_MODE = 0o600;
export const PRIVATE_FOLDER_MODE = 0o700;

/** Throws what the file system throws; what was there before is then untouched. */
export function writePrivateFile(path: string, text: string): void {
  withTemporary(path, text, (temporary) => renameSync(temporary, path));
}

/** As `writePrivateFile`, but throws `EEXIST` when there is a file already, whoever made it a moment ago. */
export function createPrivateFile(path: string, text: string): void {
  withTemporary(path, text, (temporary) => linkSync(temporary, path));
}

function withTemporary(path: string, text: string, publish: (temporary: string) => void): void {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = openSync(temporary, "wx", PRIVATE_FILE_MODE);
    try {
      // The mode above is cut by the process's umask, and never widened by it: say it again.
      chmodSync(temporary, PRIVATE_FILE_MODE);
      const bytes = Buffer.from(text, "utf8");
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    publish(temporary);
    flushFolder(dirname(path));
  } finally {
    rmSync(temporary, { force: true });
  }
}

function flushFolder(folder: string): void {
  // Windows opens no folders.
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
