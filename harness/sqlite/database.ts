/**
 * One SQLite file of ours: opened for this process alone, checked to be what it should be, durable at every commit.
 *
 * - WAL with `synchronous=FULL`: a commit that was answered survives power loss. What a killed process left in the WAL
 *   is checkpointed, and so synced, before anything is read: nobody builds on what a power loss could still take back.
 * - `locking_mode=EXCLUSIVE`: SQLite holds the file until it is closed or the process dies, so a second process is
 *   refused; no `-shm` file exists.
 * - Mode 0600, given before a byte is in it; SQLite makes the WAL like its database.
 *
 * Exceptions of the library end here: opening gives a `Result`, a transaction one too.
 */
import { chmodSync, closeSync, openSync } from "node:fs";
import Sqlite from "better-sqlite3";
import type { Result } from "../../core/result.ts";
import { fail, ok } from "../../core/result.ts";

/** What a file must be. `versions[i]` is the SQL that takes the tables from version i to i + 1. */
export interface Schema {
  /** What is in the file, for a person: "data of a relay". */
  readonly what: string;
  /** SQLite's `application_id`: a file of another kind is refused. */
  readonly applicationId: number;
  readonly versions: readonly string[];
}

export interface OpenOptions {
  /** How long to wait for a process that is just leaving. */
  readonly lockTimeoutMs?: number;
  /** Only in a run that tests what happens then. */
  readonly faults?: CommitFaults | undefined;
}

/** What commits meet when a controller spoils the disk (`harness/driver/fault-file.ts`). */
export interface CommitFaults {
  /** Takes as long as the disk does; what it gives is how the commit fails, after which nothing of it happened. */
  beforeCommit(): "full" | "failed" | undefined;
  readonly isSyncLost: boolean;
}

/** Why a file could not be opened; `sentence` says to a person what is wrong, where, and what to do. */
export interface OpenError {
  readonly type: "InUse" | "TooNew" | "Foreign" | "Corrupt" | "NoAccess" | "StorageFull";
  readonly sentence: string;
}

/** Why a transaction did not happen. */
export type StorageError = { readonly type: "StorageFull" } | { readonly type: "StorageFailed" };

const LOCK_TIMEOUT_MS = 1000;
/** Pages of 4 KiB. A checkpoint syncs twice: many small ones cost a third of the throughput. */
const CHECKPOINT_PAGES = 4000;
const CACHE_KIB = 32 * 1024;

export class Database {
  /** SQLite's code of the last transaction that did not happen, for a log. */
  lastErrorCode: string | undefined;
  readonly #sqlite: Sqlite.Database;
  readonly #begin: Sqlite.Statement;
  readonly #commit: Sqlite.Statement;
  readonly #rollback: Sqlite.Statement;
  readonly #faults: CommitFaults | undefined;
  #isSyncLost = false;

  constructor(sqlite: Sqlite.Database, faults?: CommitFaults) {
    this.#sqlite = sqlite;
    this.#faults = faults;
    this.#begin = sqlite.prepare("BEGIN");
    this.#commit = sqlite.prepare("COMMIT");
    this.#rollback = sqlite.prepare("ROLLBACK");
  }

  prepare<Parameters extends unknown[], Row = unknown>(sql: string): Sqlite.Statement<Parameters, Row> {
    return this.#sqlite.prepare<Parameters, Row>(sql);
  }

  /**
   * All of `work` is durable when this returns a value, and none of it happened when it returns an error. What is our
   * own mistake is thrown, after the rollback.
   */
  transaction<T>(work: () => T): Result<T, StorageError> {
    try {
      const fault = this.#faults === undefined ? undefined : this.#meet(this.#faults);
      this.#begin.run();
      const value = work();
      if (fault !== undefined) throw new Sqlite.SqliteError("a fault was injected", fault);
      this.#commit.run();
      return ok(value);
    } catch (error) {
      if (this.#sqlite.inTransaction) this.#rollback.run();
      const isClosed = !this.#sqlite.open;
      const code = errorCode(error);
      if (code === undefined && !isClosed) throw error;
      this.lastErrorCode = code;
      return fail({ type: code !== undefined && isFull(code) ? "StorageFull" : "StorageFailed" });
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  /** The code that SQLite would give; outside of a transaction, where `synchronous` can be set. */
  #meet(faults: CommitFaults): string | undefined {
    if (faults.isSyncLost !== this.#isSyncLost) {
      this.#isSyncLost = faults.isSyncLost;
      this.#sqlite.pragma(`synchronous = ${this.#isSyncLost ? "OFF" : "FULL"}`);
    }
    const fault = faults.beforeCommit();
    if (fault === undefined) return undefined;
    return fault === "full" ? "SQLITE_FULL" : "SQLITE_IOERR_WRITE";
  }
}

export function openDatabase(path: string, schema: Schema, options: OpenOptions = {}): Result<Database, OpenError> {
  const sqlite = openSqlite(path, schema, options);
  return sqlite.ok ? ok(new Database(sqlite.value, options.faults)) : sqlite;
}

/** The library's own handle, for whoever wants to do to the file what `Database` does not. */
export function openSqlite(
  path: string,
  schema: Schema,
  options: OpenOptions = {},
): Result<Sqlite.Database, OpenError> {
  let sqlite: Sqlite.Database | undefined;
  try {
    protect(path);
    sqlite = new Sqlite(path, { timeout: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS });
    sqlite.pragma("locking_mode = EXCLUSIVE");
    sqlite.pragma("journal_mode = WAL");
    sqlite.pragma("synchronous = FULL");
    sqlite.pragma("foreign_keys = ON");
    sqlite.pragma("temp_store = MEMORY");
    sqlite.pragma("trusted_schema = OFF");
    sqlite.pragma(`cache_size = -${CACHE_KIB}`);
    sqlite.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    // Takes the lock now, not with the first transaction.
    sqlite.exec("BEGIN EXCLUSIVE; COMMIT");
    sqlite.pragma("wal_checkpoint(TRUNCATE)");
    const refusal = upgrade(sqlite, path, schema);
    if (refusal === undefined) return ok(sqlite);
    sqlite.close();
    return fail(refusal);
  } catch (error) {
    sqlite?.close();
    const code = errorCode(error);
    if (code === undefined) throw error;
    return fail(explain(code, path, schema));
  }
}

/** Makes a file that is not there with its mode; a file that is there gets it. */
function protect(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    // By its name: closing a descriptor of it would let go of the locks that this process may hold.
    chmodSync(path, 0o600);
  }
}

/** Makes the tables of an empty file, or brings older ones up to date; a refusal when the file is not ours to touch. */
function upgrade(sqlite: Sqlite.Database, path: string, schema: Schema): OpenError | undefined {
  const applicationId = sqlite.pragma("application_id", { simple: true }) as number;
  const version = sqlite.pragma("user_version", { simple: true }) as number;
  const tables = sqlite.prepare<[], number>("SELECT count(*) FROM sqlite_schema").pluck().get()!;
  const { what, versions } = schema;
  if (applicationId !== schema.applicationId && (applicationId !== 0 || tables > 0)) {
    return {
      type: "Foreign",
      sentence: `${path} is a database, but not ${what}: name another file, or move this one away.`,
    };
  }
  if (version > versions.length) {
    const known = `version ${version}, and this program knows version ${versions.length}`;
    return { type: "TooNew", sentence: `${path} was written by a newer zerok (${known}): update zerok to use it.` };
  }
  if (version === versions.length) return undefined;
  const steps = versions.slice(version).join(";\n");
  const stamp = `PRAGMA application_id = ${schema.applicationId}; PRAGMA user_version = ${versions.length}`;
  sqlite.exec(`BEGIN; ${steps}; ${stamp}; COMMIT`);
  return undefined;
}

function explain(code: string, path: string, { what }: Schema): OpenError {
  if (isFull(code)) {
    return { type: "StorageFull", sentence: `${path} cannot be opened, because the disk is full: free some space.` };
  }
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return {
      type: "InUse",
      sentence: `${path} is in use by another process: stop that one first, or use another folder.`,
    };
  }
  if (code.startsWith("SQLITE_NOTADB") || code.startsWith("SQLITE_CORRUPT")) {
    const remedy = "restore a backup, or move the file away to begin anew";
    return { type: "Corrupt", sentence: `${path} is damaged or not ${what} (${code}): ${remedy}.` };
  }
  const remedy = "check that the folder exists, and that this user may write there";
  return { type: "NoAccess", sentence: `${path} cannot be opened (${code}): ${remedy}.` };
}

/** The code of an error of SQLite or of the file system; undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  if (error instanceof Sqlite.SqliteError) return error.code;
  if (error instanceof Error && "syscall" in error && "code" in error) return String(error.code);
  return undefined;
}

function isFull(code: string): boolean {
  return code.startsWith("SQLITE_FULL") || code === "ENOSPC" || code === "EDQUOT";
}

/** A plain array over the same bytes: `slice` of the library's `Buffer` would share them. */
export function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
