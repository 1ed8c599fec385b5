/**
 * The device's store on the simulated disk: sent log, inbox, quarantine and positions. It loads, calls `core/inbox`,
 * writes, commits, answers; nothing more. The application reads the committed inbox by index.
 */
import { encodeHex, isEqualBytes } from "../core/bytes.ts";
import type { DeviceAnswer, DeviceOperation, DeviceStoreError, EpochPosition, SentRow } from "../core/client/store.ts";
import type { Context } from "../core/context.ts";
import { START } from "../core/ids.ts";
import type { LostRange } from "../core/inbox/take.ts";
import { decideTake } from "../core/inbox/take.ts";
import { unreachable } from "../core/invariant.ts";
import type { Now } from "../core/machine.ts";
import { DEVICE_ENTRIES, type DeviceEntry, type TakenEntry } from "./device-entries.ts";
import { Journal } from "./journal.ts";
import type { InboxRow, QuarantineRow as ReadQuarantineRow } from "../scenarios/disk-reader.ts";
import type { Disk, DiskError } from "./kernel/disk.ts";
import type { StagedStore } from "./kernel/program.ts";
import type { HexNames } from "./hex-names.ts";
import type { RecordWriter } from "./record-writer.ts";

const FILE = "device.journal";

/** Never written to: the first entry makes a list of one, where one that is pushed to from empty has room for seventeen. */
const NO_ENTRIES: never[] = [];

/** As the application reads it, and what could not be opened. */
export interface QuarantineRow extends ReadQuarantineRow {
  readonly payload: Uint8Array;
}

/** A range told lost. */
export interface LostRow extends LostRange {
  readonly relay: string;
  readonly epoch: string;
}

interface Sent {
  readonly row: SentRow;
  /** Epochs, in hex with the relay's id before, in which it was acknowledged. */
  readonly ackedIn: Set<string>;
}

interface Tables {
  identity: Uint8Array | undefined;
  nextSequence: number;
  previous: Uint8Array;
  givenUp: number[];
  readonly sent: Map<number, Sent>;
  readonly positions: Map<string, EpochPosition>;
  readonly inbox: InboxRow[];
  readonly quarantine: QuarantineRow[];
  readonly lost: LostRow[];
  readonly delivered: Set<string>;
  readonly quarantined: Set<string>;
}

function createTables(): Tables {
  return {
    identity: undefined,
    nextSequence: 1,
    previous: new Uint8Array(32),
    givenUp: [],
    sent: new Map(),
    positions: new Map(),
    inbox: [],
    quarantine: [],
    lost: [],
    delivered: new Set(),
    quarantined: new Set(),
  };
}

export class DeviceStore implements StagedStore<DeviceOperation, DeviceAnswer> {
  readonly #journal: Journal<DeviceEntry>;
  readonly #mark: Context["mark"] | undefined;
  readonly #names: HexNames;
  readonly #epochKeys = new EpochKeys();
  #tables: Tables = createTables();
  #entries: DeviceEntry[] = NO_ENTRIES;
  #answers: DeviceAnswer[] = [];
  #nowWallMs = 0;

  constructor(disk: Disk, writer: RecordWriter, names: HexNames, mark?: Context["mark"]) {
    this.#mark = mark;
    this.#names = names;
    this.#journal = new Journal(disk, FILE, writer, DEVICE_ENTRIES, mark);
    this.#reload();
  }

  stage(operations: readonly DeviceOperation[], now: Now): boolean {
    this.#entries = NO_ENTRIES;
    this.#nowWallMs = now.wallMs;
    this.#answers = [this.#run(operations[0]!)];
    for (let i = 1; i < operations.length; i++) this.#answers.push(this.#run(operations[i]!));
    if (this.#entries.length === 0) return this.#journal.isUnsure;
    const error = this.#journal.append(this.#entries);
    if (error === undefined) return true;
    this.#fail(error);
    return false;
  }

  commit(): readonly DeviceAnswer[] {
    if (this.#entries.length > 0 || this.#journal.isUnsure) {
      const error = this.#journal.commit();
      if (error !== undefined) this.#fail(error);
      this.#entries = NO_ENTRIES;
    }
    return this.#answers;
  }

  // What an application and an observer may read, between commits only.

  get inbox(): readonly InboxRow[] {
    return this.#tables.inbox;
  }

  get quarantine(): readonly QuarantineRow[] {
    return this.#tables.quarantine;
  }

  get lost(): readonly LostRow[] {
    return this.#tables.lost;
  }

  positionAt(relay: string): EpochPosition | undefined {
    return this.#tables.positions.get(relay);
  }

  /** Rows of the sent log that wait for a definite answer in the present epoch of this relay. */
  outbox(relay: string): readonly SentRow[] {
    const position = this.#tables.positions.get(relay);
    const where = position === undefined ? "" : this.#epochKeys.of(relay, position.epoch);
    const rows: SentRow[] = [];
    for (const { row, ackedIn } of this.#tables.sent.values()) if (!ackedIn.has(where)) rows.push(row);
    return rows;
  }

  #fail(cause: DiskError): void {
    const error: DeviceStoreError = { type: cause.type === "DiskFull" ? "StorageFull" : "StorageFailed" };
    this.#journal.rollback();
    this.#reload();
    this.#entries = NO_ENTRIES;
    this.#answers = this.#answers.map(({ id }) => ({ id, type: "failed", error }));
  }

  #reload(): void {
    this.#tables = createTables();
    this.#journal.load((entry) => this.#apply(entry));
  }

  #run(operation: DeviceOperation): DeviceAnswer {
    const { id } = operation;
    switch (operation.type) {
      case "load":
        return this.#load(id, operation.fresh, operation.relay);
      case "stage":
        this.#write(operation);
        return { id, type: "staged" };
      case "acked":
      case "give-up":
        this.#write(operation);
        return { id, type: "done" };
      case "rebase":
        this.#write(operation);
        return { id, type: "rebased", outbox: this.#unexpired(operation.relay) };
      case "take":
        return this.#take(operation);
      default:
        return unreachable(operation);
    }
  }

  #load(id: number, fresh: Uint8Array, relay: string): DeviceAnswer {
    if (this.#tables.identity === undefined) this.#write({ type: "identity", identity: fresh });
    const { identity, nextSequence, previous, givenUp, positions } = this.#tables;
    return {
      id,
      type: "loaded",
      identity: identity!,
      nextSequence,
      previous,
      givenUp: [...givenUp],
      position: positions.get(relay) ?? null,
      outbox: this.#unexpired(relay),
    };
  }

  /** Rows stay until their ttl is over; those that were never acknowledged anywhere are the machine's to give up. */
  #unexpired(relay: string): readonly SentRow[] {
    const { sent } = this.#tables;
    return this.outbox(relay).filter(
      ({ sequence, expiresAtMs }) => expiresAtMs > this.#nowWallMs || sent.get(sequence)!.ackedIn.size === 0,
    );
  }

  #take(operation: Extract<DeviceOperation, { type: "take" }>): DeviceAnswer {
    const { id, relay, epoch, items, lost, through } = operation;
    const { delivered, quarantined } = this.#tables;
    const { deliver, quarantine } = decideTake(
      items,
      (blob) => delivered.has(this.#names.of(blob)),
      (blob) => quarantined.has(this.#names.of(blob)),
    );
    if (deliver.length + quarantine.length < items.length) this.#mark?.("inbox.duplicate");
    if (quarantined.size > 0 && deliver.some(({ blobId }) => quarantined.has(this.#names.of(blobId)))) {
      this.#mark?.("inbox.quarantine-healed");
    }
    this.#write({ type: "taken", relay, epoch, through, deliver, quarantine, lost });
    const inbox = this.#tables.inbox.length;
    return { id, type: "taken", inbox, added: deliver.length, quarantined: quarantine.length };
  }

  #write(entry: DeviceEntry): void {
    if (this.#entries === NO_ENTRIES) this.#entries = [entry];
    else this.#entries.push(entry);
    this.#apply(entry);
  }

  /** The one place where an entry changes a table, when it is made and when it is read again. */
  #apply(entry: DeviceEntry): void {
    const tables = this.#tables;
    switch (entry.type) {
      case "identity":
        tables.identity = entry.identity;
        return;
      case "stage":
        return this.#applySent(entry.row, entry.announced);
      case "acked": {
        const { relay, epoch, sequence, position: acked } = entry;
        tables.sent.get(sequence)?.ackedIn.add(this.#epochKeys.of(relay, epoch));
        const position = tables.positions.get(relay);
        const isSameEpoch = position !== undefined && isEqualBytes(position.epoch, epoch);
        if (isSameEpoch && acked.cursor > position.highest.cursor) {
          const { contiguous } = position;
          tables.positions.set(relay, { epoch: position.epoch, contiguous, highest: acked });
        }
        return;
      }
      case "give-up":
        tables.sent.delete(entry.sequence);
        tables.givenUp.push(entry.sequence);
        // A number that was given up is never used again, even if no row ever had it.
        tables.nextSequence = Math.max(tables.nextSequence, entry.sequence + 1);
        return;
      case "rebase": {
        const { relay, epoch } = entry;
        // A relay that was rolled back twice may be in an epoch that is known: what was acknowledged there is no more.
        for (const { ackedIn } of tables.sent.values()) ackedIn.delete(this.#epochKeys.of(relay, epoch));
        tables.positions.set(relay, { epoch, contiguous: START, highest: START });
        return;
      }
      case "taken":
        return this.#applyTaken(entry);
      default:
        unreachable(entry);
    }
  }

  #applySent(row: SentRow, announced: number): void {
    const tables = this.#tables;
    tables.sent.set(row.sequence, { row, ackedIn: new Set() });
    tables.nextSequence = Math.max(tables.nextSequence, row.sequence + 1);
    tables.previous = row.payloadHash;
    tables.givenUp.splice(0, announced);
  }

  #applyTaken({ relay, epoch: epochBytes, through, deliver, quarantine, lost }: TakenEntry): void {
    const tables = this.#tables;
    const epoch = this.#names.of(epochBytes);
    for (const { cursor, blobId, content } of deliver) {
      const blob = this.#names.of(blobId);
      const { sender, sequence, body } = content!;
      tables.inbox.push({ relay, epoch, cursor, blob, sender, sequence, body });
      tables.delivered.add(blob);
    }
    for (const { cursor, blobId, payload, why } of quarantine) {
      const blob = this.#names.of(blobId);
      tables.quarantine.push({ relay, epoch, cursor, blob, payload, why: why! });
      tables.quarantined.add(blob);
    }
    for (const { from, to, why } of lost) tables.lost.push({ relay, epoch, from, to, why });
    const position = tables.positions.get(relay);
    const isFurther = position === undefined || through.cursor > position.highest.cursor;
    tables.positions.set(relay, {
      epoch: epochBytes,
      contiguous: through,
      highest: isFurther ? through : position.highest,
    });
  }
}

/** Of the present epoch it is asked for with every acknowledgement, by the same array or an equal one. */
class EpochKeys {
  #relay = "";
  #epoch: Uint8Array | undefined;
  #key = "";

  of(relay: string, epoch: Uint8Array): string {
    const isLast = this.#epoch !== undefined && relay === this.#relay && isEqualBytes(epoch, this.#epoch);
    if (!isLast) {
      this.#relay = relay;
      this.#epoch = epoch.slice();
      this.#key = `${relay}/${encodeHex(epoch)}`;
    }
    return this.#key;
  }
}
