/**
 * A private key in a file of its own, 64 hex digits, mode 0600, written once and whole or not at all. It lies beside
 * the database, so that losing, wiping or restoring the data does not cost the relay its address.
 */
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { encodeHex, parseHex } from "../../core/bytes.ts";
import { KEY_BYTES } from "../../core/crypto/suite.ts";
import type { Result } from "../../core/result.ts";
import { fail, ok } from "../../core/result.ts";
import type { OpenError } from "./database.ts";
import { errorCode } from "./database.ts";

const OWNER_ONLY = 0o600;

export class IdentityFile {
  /** Others than its owner could read it until it was opened: whoever put it there gave it that mode. */
  readonly wasExposed: boolean;
  readonly #path: string;
  #key: Uint8Array | undefined;

  constructor(path: string, key: Uint8Array | undefined, wasExposed = false) {
    this.#path = path;
    this.#key = key;
    this.wasExposed = wasExposed;
  }

  /** The key; `fresh` is made durable first when there is none yet. Throws the file system's error when it cannot be. */
  load(fresh: Uint8Array): Uint8Array {
    if (this.#key === undefined) {
      const beside = `${this.#path}.new`;
      writeDurably(beside, `${encodeHex(fresh)}\n`);
      renameSync(beside, this.#path);
      syncFolder(dirname(this.#path));
      this.#key = fresh.slice();
    }
    return this.#key;
  }
}

/**
 * Only one process may have it open: whoever holds the database beside it. A file that others may read is closed to
 * them; refused when that cannot be.
 */
export function openIdentityFile(path: string): Result<IdentityFile, OpenError> {
  let text: string;
  let wasExposed: boolean;
  try {
    text = readFileSync(path, "utf8");
    // Windows has no such modes, and says so of every file.
    wasExposed = process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;
    if (wasExposed) chmodSync(path, OWNER_ONLY);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return ok(new IdentityFile(path, undefined));
    if (code === undefined) throw error;
    if (code === "EPERM") {
      const remedy = "let its owner close it (chmod 600), or move it away to get a new identity";
      return fail({ type: "NoAccess", sentence: `${path} can be read by others than its owner: ${remedy}.` });
    }
    return fail({ type: "NoAccess", sentence: `${path} cannot be read (${code}): check that this user may read it.` });
  }
  const key = parseHex(text.trim());
  if (key?.length === KEY_BYTES) return ok(new IdentityFile(path, key, wasExposed));
  const remedy = "restore it from a backup, or move it away to get a new identity";
  return fail({ type: "Corrupt", sentence: `${path} does not hold a key of ${2 * KEY_BYTES} hex digits: ${remedy}.` });
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "w", OWNER_ONLY);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
