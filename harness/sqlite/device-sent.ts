/** A device's sent log in SQLite: what it pushed, where that was acknowledged, and what it gave up. */
import type Sqlite from "better-sqlite3";
import type { SentRow } from "../../core/client/store.ts";
import type { Epoch } from "../../core/ids.ts";
import type { Database } from "./database.ts";
import { plainBytes } from "./database.ts";

/**
 * An acknowledged row is forgotten this long after its ttl: no relay wants it any more, and a wall clock that is set
 * back by less changes nothing. What nobody acknowledged stays until the machine gives it up.
 */
export const SENT_KEPT_MS = 24 * 3600 * 1000;
/** Forgotten at most with each row that comes: more than come, so that the file does not grow. */
const FORGOTTEN_MAX = 8;

const COLUMNS =
  "sequence, blob_id AS blobId, payload, payload_hash AS payloadHash, ttl_s AS ttlS, expires_at_ms AS expiresAtMs";
/** Rows that are not acknowledged in this epoch of this relay. */
const OWED = "NOT EXISTS (SELECT 1 FROM acks WHERE acks.sequence = sent.sequence AND relay = ? AND epoch = ?)";
const ACKED_ANYWHERE = "EXISTS (SELECT 1 FROM acks WHERE acks.sequence = sent.sequence)";
/** No epoch has this name: nothing is acknowledged there. */
const NO_EPOCH = new Uint8Array(0);

interface State {
  readonly identity: Uint8Array | null;
  readonly next_sequence: number;
  readonly previous: Uint8Array;
}

export class DeviceSent {
  readonly #state: Sqlite.Statement<[], State>;
  readonly #setIdentity: Sqlite.Statement<[Uint8Array]>;
  readonly #setNext: Sqlite.Statement<[number]>;
  readonly #setPrevious: Sqlite.Statement<[Uint8Array]>;
  readonly #insert: Sqlite.Statement<unknown[]>;
  readonly #remove: Sqlite.Statement<[number]>;
  readonly #forget: Sqlite.Statement<[number]>;
  readonly #has: Sqlite.Statement<[number], number>;
  readonly #acked: Sqlite.Statement<[number, string, Uint8Array]>;
  readonly #unacked: Sqlite.Statement<[string, Uint8Array]>;
  readonly #unexpired: Sqlite.Statement<[string, Uint8Array, number], SentRow>;
  readonly #owed: Sqlite.Statement<[string, Uint8Array], number>;
  readonly #giveUp: Sqlite.Statement<[number]>;
  readonly #announced: Sqlite.Statement<[number]>;
  readonly #givenUp: Sqlite.Statement<[], number>;

  constructor(database: Database) {
    this.#state = database.prepare("SELECT identity, next_sequence, previous FROM device");
    this.#setIdentity = database.prepare("UPDATE device SET identity = ?");
    this.#setNext = database.prepare("UPDATE device SET next_sequence = max(next_sequence, ?)");
    this.#setPrevious = database.prepare("UPDATE device SET previous = ?");
    this.#insert = database.prepare("INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?)");
    this.#remove = database.prepare("DELETE FROM sent WHERE sequence = ?");
    this.#forget = database.prepare(
      `DELETE FROM sent WHERE sequence IN
       (SELECT sequence FROM sent WHERE expires_at_ms <= ? AND ${ACKED_ANYWHERE} LIMIT ${FORGOTTEN_MAX})`,
    );
    this.#has = database.prepare<[number], number>("SELECT 1 FROM sent WHERE sequence = ?");
    this.#acked = database.prepare("INSERT OR IGNORE INTO acks VALUES (?, ?, ?)");
    this.#unacked = database.prepare("DELETE FROM acks WHERE relay = ? AND epoch = ?");
    this.#unexpired = database.prepare(
      `SELECT ${COLUMNS} FROM sent WHERE ${OWED} AND (expires_at_ms > ? OR NOT ${ACKED_ANYWHERE}) ORDER BY sequence`,
    );
    this.#owed = database.prepare(`SELECT count(*) FROM sent WHERE ${OWED}`);
    this.#owed.pluck();
    this.#giveUp = database.prepare("INSERT INTO given_up (sequence) VALUES (?)");
    this.#announced = database.prepare(
      "DELETE FROM given_up WHERE place IN (SELECT place FROM given_up ORDER BY place LIMIT ?)",
    );
    this.#givenUp = database.prepare<[], number>("SELECT sequence FROM given_up ORDER BY place");
    this.#givenUp.pluck();
  }

  /** The device's private key; `fresh` becomes it when there is none yet. */
  identity(fresh: Uint8Array): Uint8Array {
    const { identity } = this.#state.get()!;
    if (identity !== null) return plainBytes(identity);
    this.#setIdentity.run(fresh);
    return fresh;
  }

  /** The number and the hash that the next row goes on from. */
  next(): { nextSequence: number; previous: Uint8Array } {
    const { next_sequence, previous } = this.#state.get()!;
    return { nextSequence: next_sequence, previous: plainBytes(previous) };
  }

  /** `announced` given-up numbers, the first ones, are done with. */
  add(row: SentRow, announced: number, wallMs: number): void {
    const { sequence, blobId, payload, payloadHash, ttlS, expiresAtMs } = row;
    this.#insert.run(sequence, blobId, payload, payloadHash, ttlS, expiresAtMs);
    this.#setNext.run(sequence + 1);
    this.#setPrevious.run(payloadHash);
    if (announced > 0) this.#announced.run(announced);
    this.#forget.run(wallMs - SENT_KEPT_MS);
  }

  acknowledge(sequence: number, relay: string, epoch: Epoch): void {
    if (this.#has.get(sequence) !== undefined) this.#acked.run(sequence, relay, epoch);
  }

  /** A relay that was rolled back twice may be in an epoch that is known: what was acknowledged there is no more. */
  unacknowledge(relay: string, epoch: Epoch): void {
    this.#unacked.run(relay, epoch);
  }

  giveUp(sequence: number): void {
    this.#remove.run(sequence);
    this.#giveUp.run(sequence);
    // A number that was given up is never used again, even if no row ever had it.
    this.#setNext.run(sequence + 1);
  }

  givenUp(): readonly number[] {
    return this.#givenUp.all();
  }

  /** What to send there: not acknowledged in this epoch, and before its ttl or acknowledged nowhere. Ascending. */
  outbox(relay: string, epoch: Epoch | undefined, wallMs: number): readonly SentRow[] {
    return this.#unexpired.all(relay, epoch ?? NO_EPOCH, wallMs).map((row) => ({
      ...row,
      blobId: plainBytes(row.blobId),
      payload: plainBytes(row.payload),
      payloadHash: plainBytes(row.payloadHash),
    }));
  }

  /** How many wait for a definite answer there. */
  owed(relay: string, epoch: Epoch | undefined): number {
    return this.#owed.get(relay, epoch ?? NO_EPOCH)!;
  }
}
