/**
 * The device's store on SQLite: identity, sent log, positions, inbox. It loads, calls `core/inbox`, writes, commits,
 * answers; nothing more. All operations of one call are one transaction, durable before it returns.
 *
 * The application reads beside it: rows by index, between transactions, as they are committed. It may keep marks here
 * ("read up to"), so that each row is shown once.
 */
import type { DeviceAnswer, DeviceOperation } from "../../core/client/store.ts";
import { unreachable } from "../../core/invariant.ts";
import type { Result } from "../../core/result.ts";
import { ok } from "../../core/result.ts";
import type { TransactionStore } from "../driver/transaction-store.ts";
import type Sqlite from "better-sqlite3";
import type { Database, OpenError, OpenOptions, StorageError } from "./database.ts";
import { openDatabase } from "./database.ts";
import type { InboxRow, LostRow, QuarantineRow } from "./device-inbox.ts";
import { DeviceInbox } from "./device-inbox.ts";
import type { RelayPosition } from "./device-positions.ts";
import { DevicePositions } from "./device-positions.ts";
import { DEVICE_SCHEMA } from "./device-schema.ts";
import { DeviceSent } from "./device-sent.ts";

/** The file is made when there is none, in a folder that exists. Refused while another process has it open. */
export function openDeviceStore(path: string, options: OpenOptions = {}): Result<DeviceStore, OpenError> {
  const database = openDatabase(path, DEVICE_SCHEMA, options);
  return database.ok ? ok(new DeviceStore(database.value)) : database;
}

export class DeviceStore implements TransactionStore<DeviceOperation, DeviceAnswer> {
  readonly #database: Database;
  readonly #sent: DeviceSent;
  readonly #positions: DevicePositions;
  readonly #inbox: DeviceInbox;
  readonly #mark: Sqlite.Statement<[string], number>;
  readonly #setMark: Sqlite.Statement<[string, number]>;

  constructor(database: Database) {
    this.#database = database;
    this.#sent = new DeviceSent(database);
    this.#positions = new DevicePositions(database);
    this.#inbox = new DeviceInbox(database);
    this.#mark = database.prepare<[string], number>("SELECT value FROM marks WHERE name = ?");
    this.#mark.pluck();
    this.#setMark = database.prepare("INSERT OR REPLACE INTO marks VALUES (?, ?)");
  }

  run(operations: readonly DeviceOperation[], wallMs: number): readonly DeviceAnswer[] {
    const done = this.#database.transaction(() => operations.map((operation) => this.#run(operation, wallMs)));
    if (done.ok) return done.value;
    return operations.map(({ id }) => ({ id, type: "failed", error: done.error }));
  }

  close(): void {
    this.#database.close();
  }

  // What an application reads: at most `limit` rows above an index (0: from the first), ascending.

  inbox(after: number, limit: number): readonly InboxRow[] {
    return this.#inbox.rows(after, limit);
  }

  quarantine(after: number, limit: number): readonly QuarantineRow[] {
    return this.#inbox.quarantined(after, limit);
  }

  lost(after: number, limit: number): readonly LostRow[] {
    return this.#inbox.lost(after, limit);
  }

  /** Rows in the inbox, which is the index of the last one. */
  get inboxCount(): number {
    return this.#inbox.count();
  }

  /** Where the device stands at every relay that it ever reached. */
  get positions(): readonly RelayPosition[] {
    return this.#positions.all();
  }

  /** Rows that wait for a definite answer of this relay (its id in hex), in its present epoch. */
  outboxCount(relay: string): number {
    return this.#sent.owed(relay, this.#positions.at(relay)?.epoch);
  }

  /** What was set last under this name; 0 before. */
  mark(name: string): number {
    return this.#mark.get(name) ?? 0;
  }

  /** Durable when it returns undefined. */
  setMark(name: string, value: number): StorageError | undefined {
    const done = this.#database.transaction(() => this.#setMark.run(name, value));
    return done.ok ? undefined : done.error;
  }

  #run(operation: DeviceOperation, wallMs: number): DeviceAnswer {
    const { id } = operation;
    switch (operation.type) {
      case "load": {
        const identity = this.#sent.identity(operation.fresh);
        const position = this.#positions.at(operation.relay) ?? null;
        const outbox = this.#sent.outbox(operation.relay, position?.epoch, wallMs);
        return { id, type: "loaded", identity, ...this.#sent.next(), givenUp: this.#sent.givenUp(), position, outbox };
      }
      case "stage":
        this.#sent.add(operation.row, operation.announced, wallMs);
        return { id, type: "staged" };
      case "acked": {
        const { relay, epoch, sequence, position } = operation;
        this.#sent.acknowledge(sequence, relay, epoch);
        this.#positions.raise(relay, epoch, position);
        return { id, type: "done" };
      }
      case "give-up":
        this.#sent.giveUp(operation.sequence);
        return { id, type: "done" };
      case "rebase": {
        const { relay, epoch } = operation;
        this.#sent.unacknowledge(relay, epoch);
        this.#positions.startOver(relay, epoch);
        return { id, type: "rebased", outbox: this.#sent.outbox(relay, epoch, wallMs) };
      }
      case "take": {
        const { relay, epoch, items, lost, through } = operation;
        const taken = this.#inbox.take(relay, epoch, items, lost);
        this.#positions.move(relay, epoch, through);
        return { id, type: "taken", ...taken };
      }
      default:
        return unreachable(operation);
    }
  }
}
