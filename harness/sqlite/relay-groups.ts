/**
 * The groups of a relay: the head of each log, read once, changed in memory and written once per transaction. When a
 * transaction fails, `forget` drops all of it, and what is asked for next is read from the file again.
 *
 * A head that only grew is not written with each push, which would cost a fifth of the commit: the rows say it, too. What
 * the table has of such a group is as of some cursor, and the rows above that cursor are all held and complete the head
 * when it is read. Every other change writes the whole head.
 */
import type Sqlite from "better-sqlite3";
import { encodeHex } from "../../core/bytes.ts";
import type { GroupId } from "../../core/ids.ts";
import { assertInvariant } from "../../core/invariant.ts";
import type { LogHead } from "../../core/log/row.ts";
import type { Database } from "./database.ts";
import { plainBytes } from "./database.ts";

export interface Group {
  /** The number that other tables have for it. */
  readonly key: number;
  readonly head: LogHead;
  /** When the oldest row that is kept expires; null when none is. */
  readonly oldestExpiresAtMs: number | null;
}

interface GroupRecord {
  readonly key: number;
  readonly id: Uint8Array;
  readonly epoch: Uint8Array;
  readonly max_cursor: number;
  readonly max_chain: Uint8Array;
  readonly trimmed_cursor: number;
  readonly trimmed_chain: Uint8Array;
  readonly floor: number;
  readonly held_bytes: number;
  readonly oldest_expires_at_ms: number | null;
}

/** A row that the table's head does not know yet. */
interface NewerRow {
  readonly cursor: number;
  readonly chain: Uint8Array;
  readonly size_bytes: number;
}

interface Totals {
  count: number;
  heldBytes: number;
}

/** About half a kilobyte each. */
const CACHED_MAX = 20_000;
/** Rows that a head may be behind: what is read again, at most, when a group is asked for after a crash. */
const BEHIND_ROWS_MAX = 256;

export class RelayGroups {
  readonly #byId: Sqlite.Statement<[Uint8Array], GroupRecord>;
  readonly #byKey: Sqlite.Statement<[number], GroupRecord>;
  readonly #sums: Sqlite.Statement<[], Totals>;
  readonly #insert: Sqlite.Statement<unknown[]>;
  readonly #update: Sqlite.Statement<unknown[]>;
  readonly #newer: Sqlite.Statement<[number, number], NewerRow>;
  /** Keys by the group's id in hex, and groups by their key. */
  readonly #keys = new Map<string, number>();
  readonly #groups = new Map<number, Group>();
  readonly #changed = new Set<number>();
  /** Groups that only grew since they were written, and from which cursor on. */
  readonly #behind = new Map<number, number>();
  #totals: Totals | undefined;

  constructor(database: Database) {
    this.#byId = database.prepare("SELECT * FROM groups WHERE id = ?");
    this.#byKey = database.prepare("SELECT * FROM groups WHERE key = ?");
    this.#sums = database.prepare(
      `SELECT count(*) AS count, coalesce(sum(held_bytes), 0) + (
         SELECT coalesce(sum(size_bytes), 0) FROM groups JOIN rows ON group_key = groups.key AND cursor > max_cursor
       ) AS heldBytes FROM groups`,
    );
    this.#newer = database.prepare(
      "SELECT cursor, chain, size_bytes FROM rows WHERE group_key = ? AND cursor > ? ORDER BY cursor",
    );
    this.#insert = database.prepare(
      `INSERT INTO groups (id, epoch, max_cursor, max_chain, trimmed_cursor, trimmed_chain, floor, held_bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#update = database.prepare(
      `UPDATE groups SET epoch = ?, max_cursor = ?, max_chain = ?, trimmed_cursor = ?, trimmed_chain = ?, floor = ?,
       held_bytes = ?, oldest_expires_at_ms = ? WHERE key = ?`,
    );
  }

  get count(): number {
    return (this.#totals ??= this.#sums.get()!).count;
  }

  /** Payload bytes of all groups. */
  get heldBytes(): number {
    return (this.#totals ??= this.#sums.get()!).heldBytes;
  }

  find(id: GroupId): Group | undefined {
    const hex = encodeHex(id);
    const key = this.#keys.get(hex);
    if (key !== undefined) return this.#groups.get(key);
    const record = this.#byId.get(id);
    return record === undefined ? undefined : this.#keep(hex, record);
  }

  at(key: number): Group {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const record = this.#byKey.get(key);
    assertInvariant(record !== undefined, "a row belongs to a group");
    return this.#keep(encodeHex(record.id), record);
  }

  create(id: GroupId, head: LogHead): Group {
    const { epoch, max, trimmed, floor, heldBytes } = head;
    const totals = (this.#totals ??= this.#sums.get()!);
    const { lastInsertRowid } = this.#insert.run(
      id,
      epoch,
      max.cursor,
      max.chain,
      trimmed.cursor,
      trimmed.chain,
      floor,
      heldBytes,
    );
    totals.count += 1;
    const group: Group = { key: Number(lastInsertRowid), head, oldestExpiresAtMs: null };
    this.#keys.set(encodeHex(id), group.key);
    this.#groups.set(group.key, group);
    return group;
  }

  /** Rows were appended, which are in the file by the same transaction. */
  grow(key: number, head: LogHead, oldestExpiresAtMs: number): void {
    const { head: before, oldestExpiresAtMs: oldestBefore } = this.at(key);
    const from = this.#behind.get(key) ?? before.max.cursor;
    const isMore = this.#changed.has(key) || oldestBefore !== oldestExpiresAtMs;
    this.change(key, head, oldestExpiresAtMs);
    if (isMore || head.max.cursor - from > BEHIND_ROWS_MAX) return;
    this.#changed.delete(key);
    this.#behind.set(key, from);
  }

  change(key: number, head: LogHead, oldestExpiresAtMs: number | null): void {
    const totals = (this.#totals ??= this.#sums.get()!);
    totals.heldBytes += head.heldBytes - this.at(key).head.heldBytes;
    this.#groups.set(key, { key, head, oldestExpiresAtMs });
    this.#changed.add(key);
    this.#behind.delete(key);
  }

  /** Writes what grew, too: before a query that looks into the table, and before heads are let go of. */
  writeAll(): void {
    for (const key of this.#behind.keys()) this.#changed.add(key);
    this.#behind.clear();
    this.write();
  }

  /** Writes what changed, before the commit. */
  write(): void {
    if (this.#groups.size > CACHED_MAX && this.#behind.size > 0) return this.writeAll();
    for (const key of this.#changed) {
      const { head, oldestExpiresAtMs } = this.#groups.get(key)!;
      const { epoch, max, trimmed, floor, heldBytes } = head;
      this.#update.run(
        epoch,
        max.cursor,
        max.chain,
        trimmed.cursor,
        trimmed.chain,
        floor,
        heldBytes,
        oldestExpiresAtMs,
        key,
      );
    }
    this.#changed.clear();
  }

  /** After a commit: memory stays bounded however many groups there are. */
  bound(): void {
    if (this.#groups.size <= CACHED_MAX) return;
    this.#groups.clear();
    this.#keys.clear();
  }

  /** The transaction did not happen: neither did what is in memory. */
  forget(): void {
    this.#groups.clear();
    this.#keys.clear();
    this.#changed.clear();
    this.#behind.clear();
    this.#totals = undefined;
  }

  #keep(hex: string, record: GroupRecord): Group {
    const { key } = record;
    const newer = this.#newer.all(key, record.max_cursor);
    const last = newer.at(-1);
    const head: LogHead = {
      epoch: plainBytes(record.epoch),
      max: { cursor: last?.cursor ?? record.max_cursor, chain: plainBytes(last?.chain ?? record.max_chain) },
      trimmed: { cursor: record.trimmed_cursor, chain: plainBytes(record.trimmed_chain) },
      floor: record.floor,
      heldBytes: newer.reduce((bytes, row) => bytes + row.size_bytes, record.held_bytes),
    };
    const group: Group = { key, head, oldestExpiresAtMs: record.oldest_expires_at_ms };
    this.#keys.set(hex, key);
    this.#groups.set(key, group);
    return group;
  }
}
