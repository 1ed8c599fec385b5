/**
 * A device's inbox in SQLite, with its quarantine and what is lost. Rows are numbered from 1 without a hole, in the
 * order in which they were taken in, and stay: the application reads what is above the number that it has reached.
 */
import type Sqlite from "better-sqlite3";
import { encodeHex } from "../../core/bytes.ts";
import type { Epoch } from "../../core/ids.ts";
import type { InboxItem, LostRange } from "../../core/inbox/take.ts";
import { decideTake } from "../../core/inbox/take.ts";
import type { Database } from "./database.ts";
import { plainBytes } from "./database.ts";

/** Where something came from: the relay's id, its epoch and a blob's id are in hex. */
interface Origin {
  /** From 1. */
  readonly index: number;
  readonly relay: string;
  readonly epoch: string;
}

export interface InboxRow extends Origin {
  readonly cursor: number;
  readonly blob: string;
  readonly sender: Uint8Array;
  /** The sender's. */
  readonly sequence: number;
  /** The relay's wall clock at acceptance, milliseconds. */
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

export interface QuarantineRow extends Origin {
  readonly cursor: number;
  readonly blob: string;
  readonly payload: Uint8Array;
  readonly why: string;
}

/** A range told lost. */
export interface LostRow extends Origin, LostRange {}

export interface Taken {
  readonly inbox: number;
  readonly added: number;
  readonly quarantined: number;
}

type Stored<Row, Bytes extends keyof Row> = Omit<Row, Bytes> & { readonly [field in Bytes]: Uint8Array };
type Reader<Row> = Sqlite.Statement<[number, number], Row>;

export class DeviceInbox {
  readonly #count: Sqlite.Statement<[], number>;
  readonly #isDelivered: Sqlite.Statement<[Uint8Array], number>;
  readonly #isQuarantined: Sqlite.Statement<[Uint8Array], number>;
  readonly #deliver: Sqlite.Statement<unknown[]>;
  readonly #quarantine: Sqlite.Statement<unknown[]>;
  readonly #lose: Sqlite.Statement<unknown[]>;
  readonly #readInbox: Reader<Stored<InboxRow, "epoch" | "blob">>;
  readonly #readQuarantine: Reader<Stored<QuarantineRow, "epoch" | "blob">>;
  readonly #readLost: Reader<Stored<LostRow, "epoch">>;

  constructor(database: Database) {
    this.#count = database.prepare<[], number>("SELECT coalesce(max(place), 0) FROM inbox");
    this.#count.pluck();
    this.#isDelivered = database.prepare<[Uint8Array], number>("SELECT 1 FROM inbox WHERE blob_id = ?");
    this.#isQuarantined = database.prepare<[Uint8Array], number>("SELECT 1 FROM quarantine WHERE blob_id = ?");
    this.#deliver = database.prepare("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    this.#quarantine = database.prepare("INSERT INTO quarantine VALUES (NULL, ?, ?, ?, ?, ?, ?)");
    this.#lose = database.prepare("INSERT INTO lost VALUES (NULL, ?, ?, ?, ?, ?)");
    const above = "WHERE place > ? ORDER BY place LIMIT ?";
    this.#readInbox = database.prepare(
      `SELECT place AS "index", relay, epoch, cursor, blob_id AS blob, sender, sequence, timestamp_ms AS timestampMs,
       body FROM inbox ${above}`,
    );
    this.#readQuarantine = database.prepare(
      `SELECT place AS "index", relay, epoch, cursor, blob_id AS blob, payload, why FROM quarantine ${above}`,
    );
    this.#readLost = database.prepare(
      `SELECT place AS "index", relay, epoch, from_cursor AS "from", to_cursor AS "to", why FROM lost ${above}`,
    );
  }

  take(relay: string, epoch: Epoch, items: readonly InboxItem[], lost: readonly LostRange[]): Taken {
    const { deliver, quarantine } = decideTake(
      items,
      (blob) => this.#isDelivered.get(blob) !== undefined,
      (blob) => this.#isQuarantined.get(blob) !== undefined,
    );
    let inbox = this.count();
    for (const { cursor, blobId, timestampMs, content } of deliver) {
      const { sender, sequence, body } = content!;
      this.#deliver.run((inbox += 1), relay, epoch, cursor, blobId, sender, sequence, timestampMs, body);
    }
    for (const { cursor, blobId, payload, why } of quarantine) {
      this.#quarantine.run(relay, epoch, cursor, blobId, payload, why);
    }
    for (const { from, to, why } of lost) this.#lose.run(relay, epoch, from, to, why);
    return { inbox, added: deliver.length, quarantined: quarantine.length };
  }

  /** Rows in the inbox, which is the index of the last one. */
  count(): number {
    return this.#count.get()!;
  }

  // At most `limit` rows above an index, ascending.

  rows(after: number, limit: number): InboxRow[] {
    return this.#readInbox.all(after, limit).map((row) => ({
      ...row,
      epoch: encodeHex(row.epoch),
      blob: encodeHex(row.blob),
      sender: plainBytes(row.sender),
      body: plainBytes(row.body),
    }));
  }

  quarantined(after: number, limit: number): QuarantineRow[] {
    return this.#readQuarantine.all(after, limit).map((row) => ({
      ...row,
      epoch: encodeHex(row.epoch),
      blob: encodeHex(row.blob),
      payload: plainBytes(row.payload),
    }));
  }

  lost(after: number, limit: number): LostRow[] {
    return this.#readLost.all(after, limit).map((row) => ({ ...row, epoch: encodeHex(row.epoch) }));
  }
}
