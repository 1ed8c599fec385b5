/**
 * The rows of all logs in SQLite: statements made once, and rows as `core/log` knows them, with what rotted in them found
 * (`core/log/read-rows.ts`). It decides nothing.
 */
import type Sqlite from "better-sqlite3";
import { EMPTY } from "../../core/bytes.ts";
import type { BlobId, Chain } from "../../core/ids.ts";
import { GENESIS } from "../../core/ids.ts";
import type { KnownBlob } from "../../core/log/append.ts";
import type { ChainHasher } from "../../core/log/chain.ts";
import { readKnown, readRows } from "../../core/log/read-rows.ts";
import type { LogHead, LogRow } from "../../core/log/row.ts";
import type { SweepRow } from "../../core/log/sweep.ts";
import type { GoneWhy } from "../../core/wire/messages.ts";
import type { Database } from "./database.ts";
import { plainBytes } from "./database.ts";

/** Rows that one page may go through: a page that would pass more of what is gone ends there, and says that more follows. */
export const PAGE_ROWS_MAX = 20_000;

/** Where a row stands: its group's number, and its cursor. */
export interface RowPlace {
  readonly groupKey: number;
  readonly cursor: number;
}

type SweepRecord = Omit<SweepRow, "payload"> & { readonly gone: GoneWhy | null };

const SWEEP_COLUMNS =
  "cursor, chain, timestamp_ms AS timestampMs, expires_at_ms AS expiresAtMs, size_bytes AS sizeBytes, gone";

export class RelayLog {
  readonly #hasher: ChainHasher;
  readonly #insert: Sqlite.Statement<unknown[]>;
  readonly #known: Sqlite.Statement<[number, Uint8Array], Pick<LogRow, "cursor" | "chain" | "blobId" | "payloadHash">>;
  readonly #pushed: Sqlite.Statement<[number, Uint8Array], Pick<LogRow, "cursor" | "sender" | "sizeBytes" | "gone">>;
  readonly #chain: Sqlite.Statement<[number, number], Uint8Array>;
  readonly #blob: Sqlite.Statement<[number, number], Pick<LogRow, "cursor" | "blobId" | "payloadHash">>;
  readonly #after: Sqlite.Statement<[number, number], LogRow>;
  readonly #goneAbove: Sqlite.Statement<[number, number], number>;
  readonly #firstHeld: Sqlite.Statement<[number, number], number>;
  readonly #expired: Sqlite.Statement<[number, number], RowPlace>;
  readonly #one: Sqlite.Statement<[number, number], SweepRecord>;
  readonly #heldWithin: Sqlite.Statement<[number, number, number, number], SweepRecord>;
  readonly #prefix: Sqlite.Statement<[number, number, number], SweepRecord>;
  readonly #drop: Sqlite.Statement<[GoneWhy, number, number]>;
  readonly #trim: Sqlite.Statement<[number, number]>;
  readonly #expiry: Sqlite.Statement<[number, number], number>;

  constructor(database: Database, hasher: ChainHasher) {
    this.#hasher = hasher;
    this.#insert = database.prepare(
      `INSERT INTO rows (group_key, cursor, chain, blob_id, payload_hash, sender, timestamp_ms, expires_at_ms, size_bytes,
       payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#known = database.prepare(
      `SELECT cursor, chain, blob_id AS blobId, payload_hash AS payloadHash
       FROM rows WHERE group_key = ? AND blob_id = ?`,
    );
    this.#pushed = database.prepare(
      "SELECT cursor, sender, size_bytes AS sizeBytes, gone FROM rows WHERE group_key = ? AND blob_id = ?",
    );
    this.#chain = database.prepare<[number, number], Uint8Array>(
      "SELECT chain FROM rows WHERE group_key = ? AND cursor = ?",
    );
    this.#chain.pluck();
    this.#blob = database.prepare(
      "SELECT cursor, blob_id AS blobId, payload_hash AS payloadHash FROM rows WHERE group_key = ? AND cursor = ?",
    );
    this.#after = database.prepare(
      `SELECT cursor, chain, blob_id AS blobId, payload_hash AS payloadHash, sender, timestamp_ms AS timestampMs,
       expires_at_ms AS expiresAtMs, size_bytes AS sizeBytes, payload, gone
       FROM rows WHERE group_key = ? AND cursor > ? ORDER BY cursor LIMIT ${PAGE_ROWS_MAX}`,
    );
    this.#goneAbove = database.prepare(
      "SELECT count(*) FROM rows WHERE group_key = ? AND cursor > ? AND gone IS NOT NULL",
    );
    this.#goneAbove.pluck();
    this.#firstHeld = database.prepare(
      `SELECT cursor FROM rows INDEXED BY rows_by_cursor
       WHERE group_key = ? AND cursor >= ? AND gone IS NULL ORDER BY cursor LIMIT 1`,
    );
    this.#firstHeld.pluck();
    this.#expired = database.prepare(
      `SELECT group_key AS groupKey, cursor FROM rows
       WHERE expires_at_ms <= ? AND gone IS NULL ORDER BY expires_at_ms LIMIT ?`,
    );
    this.#one = database.prepare(`SELECT ${SWEEP_COLUMNS} FROM rows WHERE group_key = ? AND cursor = ?`);
    this.#heldWithin = database.prepare(
      `SELECT ${SWEEP_COLUMNS} FROM rows INDEXED BY rows_by_cursor
       WHERE group_key = ? AND cursor BETWEEN ? AND ? AND gone IS NULL ORDER BY cursor LIMIT ?`,
    );
    this.#prefix = database.prepare(
      `SELECT ${SWEEP_COLUMNS} FROM rows WHERE group_key = ? AND cursor > ? ORDER BY cursor LIMIT ?`,
    );
    this.#drop = database.prepare("UPDATE rows SET payload = NULL, gone = ? WHERE group_key = ? AND cursor = ?");
    this.#trim = database.prepare("DELETE FROM rows WHERE group_key = ? AND cursor <= ?");
    this.#expiry = database.prepare("SELECT expires_at_ms FROM rows WHERE group_key = ? AND cursor = ?");
    this.#expiry.pluck();
  }

  insert(group: number, row: LogRow): void {
    const { cursor, chain, blobId, payloadHash, sender, timestampMs, expiresAtMs, sizeBytes, payload } = row;
    this.#insert.run(group, cursor, chain, blobId, payloadHash, sender, timestampMs, expiresAtMs, sizeBytes, payload);
  }

  known(group: number, head: LogHead, blobId: BlobId): KnownBlob | undefined {
    const row = this.#known.get(group, blobId);
    if (row === undefined) return undefined;
    const { chain, payloadHash } = row;
    const plain = { ...row, chain: plainBytes(chain), payloadHash: plainBytes(payloadHash) };
    return readKnown(this.#hasher, plain, (cursor) => this.chainAt(group, head, cursor));
  }

  /** What a delete asks of a blob. */
  pushed(group: number, blobId: BlobId): Pick<LogRow, "cursor" | "sender" | "sizeBytes" | "gone"> | undefined {
    return this.#pushed.get(group, blobId);
  }

  /** Of a cursor that is kept, also where the chain in its row rotted. */
  chainAt(group: number, head: LogHead, cursor: number): Chain | undefined {
    if (cursor <= head.trimmed.cursor || cursor >= head.max.cursor) return this.#keptChain(group, head, cursor);
    for (const { chain } of this.after(group, head, cursor - 1)) return chain;
    return undefined;
  }

  #keptChain(group: number, head: LogHead, cursor: number): Chain | undefined {
    if (cursor === head.trimmed.cursor) return head.trimmed.chain;
    if (cursor === head.max.cursor) return head.max.chain;
    if (cursor === 0) return GENESIS;
    const chain = this.#chain.get(group, cursor);
    return chain && plainBytes(chain);
  }

  /** The same, from the chain before and what the row says of its blob. */
  #chainAnew(group: number, head: LogHead, cursor: number): Chain | undefined {
    const before = this.#keptChain(group, head, cursor - 1);
    const row = this.#blob.get(group, cursor);
    return before && row && this.#hasher.ofRow(before, row);
  }

  /** Ascending, read one by one as they are asked for. */
  after(group: number, head: LogHead, cursor: number): Generator<LogRow> {
    const from = Math.max(cursor, head.trimmed.cursor);
    return readRows(this.#hasher, head, this.#keptAfter(group, from), {
      chain: this.#keptChain(group, head, from) ?? head.max.chain,
      chainAnew: () => this.#chainAnew(group, head, from),
    });
  }

  *#keptAfter(group: number, cursor: number): Generator<LogRow> {
    for (const row of this.#after.iterate(group, cursor)) {
      yield {
        cursor: row.cursor,
        chain: plainBytes(row.chain),
        blobId: plainBytes(row.blobId),
        payloadHash: plainBytes(row.payloadHash),
        sender: plainBytes(row.sender),
        timestampMs: row.timestampMs,
        expiresAtMs: row.expiresAtMs,
        sizeBytes: row.sizeBytes,
        payload: row.payload === null ? null : plainBytes(row.payload),
        gone: row.gone,
      };
    }
  }

  /** Blobs above a cursor whose payload is held. What lies below the floor is gone: nobody counts it. */
  heldAbove(group: number, head: LogHead, cursor: number): number {
    const from = Math.max(cursor, head.floor - 1);
    if (from >= head.max.cursor) return 0;
    return head.max.cursor - from - this.#goneAbove.get(group, from)!;
  }

  /** The lowest cursor from `from` on whose payload is held. */
  firstHeld(group: number, from: number): number | undefined {
    return this.#firstHeld.get(group, from);
  }

  // For a sweep: rows without their payload.

  expired(wallMs: number, limit: number): RowPlace[] {
    return this.#expired.all(wallMs, limit);
  }

  row(group: number, cursor: number): SweepRow {
    return toSweepRow(this.#one.get(group, cursor)!);
  }

  /**
   * Rows from `from` to `to` whose payload is held, ascending, up to the first one that was accepted after `settledMs`:
   * a clock that was set back may hide rows behind it for a while.
   */
  settled(group: number, from: number, to: number, settledMs: number, limit: number): SweepRow[] {
    const rows: SweepRow[] = [];
    for (const row of this.#heldWithin.iterate(group, from, to, limit)) {
      if (row.timestampMs > settledMs) break;
      rows.push(toSweepRow(row));
    }
    return rows;
  }

  /** The oldest rows that are kept and expired at this time, without a hole. */
  expiredPrefix(group: number, head: LogHead, wallMs: number, limit: number): SweepRow[] {
    const rows: SweepRow[] = [];
    for (const row of this.#prefix.iterate(group, head.trimmed.cursor, limit)) {
      if (row.expiresAtMs > wallMs) break;
      rows.push(toSweepRow(row));
    }
    return rows;
  }

  drop(group: number, cursor: number, why: GoneWhy): void {
    this.#drop.run(why, group, cursor);
  }

  /** Forgets the rows up to this cursor. */
  trim(group: number, cursor: number): void {
    this.#trim.run(group, cursor);
  }

  expiryOf(group: number, cursor: number): number | null {
    return this.#expiry.get(group, cursor) ?? null;
  }
}

function toSweepRow({ gone, ...row }: SweepRecord): SweepRow {
  return { ...row, chain: plainBytes(row.chain), payload: gone === null ? EMPTY : null };
}
