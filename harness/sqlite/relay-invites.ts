/** Invites that wait at a relay, in SQLite. */
import type Sqlite from "better-sqlite3";
import type { GroupId } from "../../core/ids.ts";
import type { InviteCounts, StoredInvite } from "../../core/log/invites.ts";
import type { Database } from "./database.ts";
import { plainBytes } from "./database.ts";

interface Row {
  readonly group_id: Uint8Array;
  readonly device: Uint8Array;
  readonly sealed: Uint8Array;
  readonly expires_at_ms: number;
}

export class RelayInvites {
  readonly #find: Sqlite.Statement<[Uint8Array], Row>;
  readonly #others: Sqlite.Statement<[Uint8Array, number, Uint8Array], InviteCounts>;
  readonly #put: Sqlite.Statement<[Uint8Array, Uint8Array, Uint8Array, Uint8Array, number]>;
  readonly #remove: Sqlite.Statement<[Uint8Array]>;
  readonly #removeOver: Sqlite.Statement<[number]>;

  constructor(database: Database) {
    this.#find = database.prepare("SELECT * FROM invites WHERE lookup = ?");
    this.#others = database.prepare(
      `SELECT count(*) AS total, coalesce(sum(group_id = ?), 0) AS ofGroup FROM invites
       WHERE expires_at_ms > ? AND lookup <> ?`,
    );
    this.#put = database.prepare("INSERT OR REPLACE INTO invites VALUES (?, ?, ?, ?, ?)");
    this.#remove = database.prepare("DELETE FROM invites WHERE lookup = ?");
    this.#removeOver = database.prepare("DELETE FROM invites WHERE expires_at_ms <= ?");
  }

  find(lookup: Uint8Array): StoredInvite | undefined {
    const row = this.#find.get(lookup);
    if (row === undefined) return undefined;
    return {
      group: plainBytes(row.group_id),
      device: plainBytes(row.device),
      sealed: plainBytes(row.sealed),
      expiresAtMs: row.expires_at_ms,
    };
  }

  /** Invites that are not over, but for the one under this look-up. */
  others(lookup: Uint8Array, group: GroupId, wallMs: number): InviteCounts {
    return this.#others.get(group, wallMs, lookup)!;
  }

  put(lookup: Uint8Array, { group, device, sealed, expiresAtMs }: StoredInvite): void {
    this.#put.run(lookup, group, device, sealed, expiresAtMs);
  }

  remove(lookup: Uint8Array): void {
    this.#remove.run(lookup);
  }

  removeOver(wallMs: number): void {
    this.#removeOver.run(wallMs);
  }
}
