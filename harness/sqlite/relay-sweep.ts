/**
 * Retention in SQLite: what `decideSweep` says, asked only for rows that can change, found by index and without their
 * payloads, and a bounded number of them in one call, so that a sweep never holds the relay up for long. What is left
 * over goes with the next sweep: until then it is as if the sweep had come later.
 */
import type Sqlite from "better-sqlite3";
import { acknowledgedByAll } from "../../core/log/devices.ts";
import type { SweepRow } from "../../core/log/sweep.ts";
import { decideSweep } from "../../core/log/sweep.ts";
import type { RelayOperation } from "../../core/relay/store.ts";
import type { Database } from "./database.ts";
import type { RelayDevices } from "./relay-devices.ts";
import type { RelayGroups } from "./relay-groups.ts";
import type { RelayLog } from "./relay-log.ts";

/** Payloads that one sweep drops, and rows that it forgets: a fraction of a second. When it answers so many, more may wait. */
export const SWEEP_ROWS_MAX = 5000;

type Retention = Pick<Extract<RelayOperation, { type: "sweep" }>, "dedupeRetentionS" | "acknowledgedRetentionS">;

export class RelaySweep {
  readonly #groups: RelayGroups;
  readonly #log: RelayLog;
  readonly #devices: RelayDevices;
  /** Groups that have a row to forget. */
  readonly #forgettable: Sqlite.Statement<[number, number], number>;
  /** Groups of which everybody has acknowledged a payload that is held. */
  readonly #acknowledged: Sqlite.Statement<[], number>;
  /** Groups that may hold what everybody has acknowledged; undefined: nobody knows, and the table is asked. */
  #touched: Set<number> | undefined;

  constructor(database: Database, groups: RelayGroups, log: RelayLog, devices: RelayDevices) {
    this.#groups = groups;
    this.#log = log;
    this.#devices = devices;
    this.#forgettable = database.prepare("SELECT key FROM groups WHERE oldest_expires_at_ms <= ? LIMIT ?");
    this.#forgettable.pluck();
    this.#acknowledged = database.prepare(
      `SELECT key FROM groups WHERE floor <= max_cursor AND floor <=
       (SELECT min(acknowledged) FROM devices WHERE group_key = groups.key AND revoked_at_ms IS NULL)`,
    );
    this.#acknowledged.pluck();
  }

  /** Something happened that may let rows of this group go before their ttl. */
  touch(group: number): void {
    this.#touched?.add(group);
  }

  /** The transaction did not happen. */
  forget(): void {
    this.#touched = undefined;
  }

  /** Payloads dropped. */
  run(wallMs: number, retention: Retention): { readonly gone: number; readonly hasMore: boolean } {
    this.#groups.writeAll();
    const due = new Map<number, number[]>();
    for (const { groupKey, cursor } of this.#log.expired(wallMs, SWEEP_ROWS_MAX)) {
      const cursors = due.get(groupKey);
      if (cursors === undefined) due.set(groupKey, [cursor]);
      else cursors.push(cursor);
    }
    const touched = this.#touched ?? this.#acknowledged.all();
    const forgottenMs = wallMs - retention.dedupeRetentionS * 1000;
    for (const keys of [this.#forgettable.all(forgottenMs, SWEEP_ROWS_MAX), touched]) {
      for (const key of keys) if (!due.has(key)) due.set(key, []);
    }

    const left = new Set<number>();
    let gone = 0;
    let trimmed = 0;
    for (const [key, expired] of due) {
      const rowsMax = SWEEP_ROWS_MAX - Math.max(gone, trimmed);
      const done = rowsMax > 0 ? this.#sweepGroup(key, expired, rowsMax, wallMs, retention) : undefined;
      if (done?.isLeft !== false) left.add(key);
      gone += done?.gone ?? 0;
      trimmed += done?.trimmed ?? 0;
    }
    this.#touched = left;
    return { gone, hasMore: Math.max(gone, trimmed) >= SWEEP_ROWS_MAX };
  }

  #sweepGroup(
    key: number,
    expired: readonly number[],
    rowsMax: number,
    wallMs: number,
    { dedupeRetentionS, acknowledgedRetentionS }: Retention,
  ): { gone: number; trimmed: number; isLeft: boolean } {
    const { head, oldestExpiresAtMs } = this.#groups.at(key);
    const acknowledged = acknowledgedByAll(this.#devices.all(key));
    const rows = new Map<number, SweepRow>();
    if (acknowledged >= head.floor) {
      const settledMs = wallMs - acknowledgedRetentionS * 1000;
      for (const row of this.#log.settled(key, head.floor, acknowledged, settledMs, rowsMax)) rows.set(row.cursor, row);
    }
    for (const cursor of expired.slice(0, rowsMax)) rows.set(cursor, this.#log.row(key, cursor));
    const forgottenMs = wallMs - dedupeRetentionS * 1000;
    if (oldestExpiresAtMs !== null && oldestExpiresAtMs <= forgottenMs) {
      for (const row of this.#log.expiredPrefix(key, head, forgottenMs, rowsMax)) rows.set(row.cursor, row);
    }
    if (rows.size === 0) return { gone: 0, trimmed: 0, isLeft: acknowledged >= head.floor };

    const ascending = [...rows.values()].sort((a, b) => a.cursor - b.cursor);
    const request = { wallMs, dedupeRetentionS, acknowledgedByAll: acknowledged, acknowledgedRetentionS };
    const decision = decideSweep(head, ascending, (cursor) => this.#log.chainAt(key, head, cursor), request);
    for (const { cursor, why } of decision.gone) this.#log.drop(key, cursor, why);
    const { trimmed } = decision.head;
    const trimmedRows = trimmed.cursor - head.trimmed.cursor;
    if (trimmedRows > 0) this.#log.trim(key, trimmed.cursor);
    // It was shown only rows that go: the first one that stays is here.
    const floor = this.#log.firstHeld(key, head.floor) ?? head.max.cursor + 1;
    const oldest = trimmedRows > 0 ? this.#log.expiryOf(key, trimmed.cursor + 1) : oldestExpiresAtMs;
    this.#groups.change(key, { ...decision.head, floor }, oldest);
    // What everybody acknowledged and is too young to go, or too much for one sweep, is looked at again.
    return { gone: decision.gone.length, trimmed: trimmedRows, isLeft: acknowledged >= floor };
  }
}
