/** The devices of a relay's groups in SQLite. */
import type Sqlite from "better-sqlite3";
import type { DeviceId } from "../../core/ids.ts";
import type { DeviceRecord } from "../../core/log/devices.ts";
import type { StoredDevice } from "../../core/relay/store.ts";
import type { RevokeReason } from "../../core/wire/messages.ts";
import type { Database } from "./database.ts";
import { plainBytes } from "./database.ts";

export interface Revocation {
  readonly timestampMs: number;
  readonly by: DeviceId;
  readonly reason: RevokeReason;
}

interface Row {
  readonly device: Uint8Array;
  readonly acknowledged: number;
  readonly last_seen_ms: number;
  readonly revoked_at_ms: number | null;
  readonly revoked_by: Uint8Array | null;
  readonly revoke_reason: RevokeReason | null;
}

export class RelayDevices {
  readonly #one: Sqlite.Statement<[number, Uint8Array], Row>;
  readonly #all: Sqlite.Statement<[number], Row>;
  readonly #count: Sqlite.Statement<[number], number>;
  readonly #put: Sqlite.Statement<[number, Uint8Array, number, number]>;
  readonly #acknowledge: Sqlite.Statement<[number, number, Uint8Array, number]>;
  readonly #renew: Sqlite.Statement<[number]>;
  readonly #revoke: Sqlite.Statement<[number, Uint8Array, RevokeReason, number, Uint8Array]>;

  constructor(database: Database) {
    this.#one = database.prepare("SELECT * FROM devices WHERE group_key = ? AND device = ?");
    this.#all = database.prepare("SELECT * FROM devices WHERE group_key = ? ORDER BY device");
    this.#count = database.prepare("SELECT count(*) FROM devices WHERE group_key = ?");
    this.#count.pluck();
    this.#put = database.prepare(
      `INSERT INTO devices (group_key, device, acknowledged, last_seen_ms) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET acknowledged = excluded.acknowledged, last_seen_ms = excluded.last_seen_ms`,
    );
    this.#acknowledge = database.prepare(
      "UPDATE devices SET acknowledged = ? WHERE group_key = ? AND device = ? AND acknowledged < ?",
    );
    this.#renew = database.prepare("UPDATE devices SET acknowledged = 0 WHERE group_key = ?");
    this.#revoke = database.prepare(
      `UPDATE devices SET revoked_at_ms = ?, revoked_by = ?, revoke_reason = ? WHERE group_key = ? AND device = ?`,
    );
  }

  find(group: number, device: DeviceId): StoredDevice | undefined {
    const row = this.#one.get(group, device);
    return row && toDevice(row);
  }

  /** In the order of their ids. */
  all(group: number): StoredDevice[] {
    return this.#all.all(group).map(toDevice);
  }

  count(group: number): number {
    return this.#count.get(group)!;
  }

  put(group: number, device: DeviceId, { acknowledged, lastSeenMs }: DeviceRecord): void {
    this.#put.run(group, device, acknowledged, lastSeenMs);
  }

  /** Never lowers what was acknowledged. False when nothing changed. */
  acknowledge(group: number, device: DeviceId, cursor: number): boolean {
    return this.#acknowledge.run(cursor, group, device, cursor).changes > 0;
  }

  /** What was acknowledged in the old epoch may be other blobs now. */
  renew(group: number): void {
    this.#renew.run(group);
  }

  revocation(group: number, device: DeviceId): Revocation | undefined {
    const row = this.#one.get(group, device);
    if (row === undefined || row.revoked_at_ms === null) return undefined;
    return { timestampMs: row.revoked_at_ms, by: plainBytes(row.revoked_by!), reason: row.revoke_reason! };
  }

  revoke(group: number, device: DeviceId, { timestampMs, by, reason }: Revocation): void {
    this.#revoke.run(timestampMs, by, reason, group, device);
  }
}

function toDevice(row: Row): StoredDevice {
  return {
    device: plainBytes(row.device),
    acknowledged: row.acknowledged,
    lastSeenMs: row.last_seen_ms,
    isRevoked: row.revoked_at_ms !== null,
  };
}
