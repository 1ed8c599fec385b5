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
import type { Entry, JournalCodec } from "./journal-codec.ts";
import { Journal } from "./journal.ts";
import type { InboxRow, QuarantineRow as ReadQuarantineRow } from "../scenarios/disk-reader.ts";
import type { Disk, DiskError } from "./kernel/disk.ts";
import type { StagedStore } from "./kernel/program.ts";

const FILE = "device.journal";
const ENTRY = { identity: 0, sent: 1, acked: 2, givenUp: 3, rebased: 4, taken: 5 } as const;

/** Never written to: the first entry makes a list of one, where one that is pushed to from empty has room for seventeen. */
const NO_ENTRIES: Entry[] = [];

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
  readonly #journal: Journal;
  readonly #mark: Context["mark"] | undefined;
  readonly #epochKeys = new EpochKeys();
  #tables: Tables = createTables();
  #entries: Entry[] = NO_ENTRIES;
  #answers: DeviceAnswer[] = [];
  #nowWallMs = 0;

  constructor(disk: Disk, codec: JournalCodec, mark?: Context["mark"]) {
    this.#mark = mark;
    this.#journal = new Journal(disk, FILE, codec, mark);
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
      case "stage": {
        const { sequence, blobId, payload, payloadHash, ttlS, expiresAtMs } = operation.row;
        this.#write([ENTRY.sent, sequence, blobId, payload, payloadHash, ttlS, expiresAtMs, operation.announced]);
        return { id, type: "staged" };
      }
      case "acked": {
        const { relay, epoch, sequence, position } = operation;
        this.#write([ENTRY.acked, relay, epoch, sequence, position.cursor, position.chain]);
        return { id, type: "done" };
      }
      case "give-up":
        this.#write([ENTRY.givenUp, operation.sequence]);
        return { id, type: "done" };
      case "rebase":
        this.#write([ENTRY.rebased, operation.relay, operation.epoch]);
        return { id, type: "rebased", outbox: this.#unexpired(operation.relay) };
      case "take":
        return this.#take(operation);
      default:
        return unreachable(operation);
    }
  }

  #load(id: number, fresh: Uint8Array, relay: string): DeviceAnswer {
    if (this.#tables.identity === undefined) this.#write([ENTRY.identity, fresh]);
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
      (blob) => delivered.has(blob),
      (blob) => quarantined.has(blob),
    );
    if (deliver.length + quarantine.length < items.length) this.#mark?.("inbox.duplicate");
    if (quarantined.size > 0 && deliver.some(({ blobId }) => quarantined.has(encodeHex(blobId)))) {
      this.#mark?.("inbox.quarantine-healed");
    }
    this.#write([
      ENTRY.taken,
      relay,
      epoch,
      through.cursor,
      through.chain,
      deliver.map(({ cursor, blobId, content }) => [cursor, blobId, content!.sender, content!.sequence, content!.body]),
      quarantine.map(({ cursor, blobId, payload, why }) => [cursor, blobId, payload, why]),
      lost.map(({ from, to, why }) => [from, to, why]),
    ]);
    const inbox = this.#tables.inbox.length;
    return { id, type: "taken", inbox, added: deliver.length, quarantined: quarantine.length };
  }

  #write(entry: Entry): void {
    if (this.#entries === NO_ENTRIES) this.#entries = [entry];
    else this.#entries.push(entry);
    this.#apply(entry);
  }

  /** The one place where an entry changes a table, when it is made and when it is read again. */
  #apply(entry: Entry): void {
    const tables = this.#tables;
    switch (entry[0]) {
      case ENTRY.identity:
        tables.identity = entry[1] as Uint8Array;
        return;
      case ENTRY.sent:
        return this.#applySent(entry);
      case ENTRY.acked: {
        const [, relay, epoch, sequence, cursor, chain] = entry as [
          number,
          string,
          Uint8Array,
          number,
          number,
          Uint8Array,
        ];
        tables.sent.get(sequence)?.ackedIn.add(this.#epochKeys.of(relay, epoch));
        const position = tables.positions.get(relay);
        const isSameEpoch = position !== undefined && isEqualBytes(position.epoch, epoch);
        if (isSameEpoch && cursor > position.highest.cursor) {
          const { contiguous } = position;
          tables.positions.set(relay, { epoch: position.epoch, contiguous, highest: { cursor, chain } });
        }
        return;
      }
      case ENTRY.givenUp:
        tables.sent.delete(entry[1] as number);
        tables.givenUp.push(entry[1] as number);
        // A number that was given up is never used again, even if no row ever had it.
        tables.nextSequence = Math.max(tables.nextSequence, (entry[1] as number) + 1);
        return;
      case ENTRY.rebased: {
        const relay = entry[1] as string;
        // A relay that was rolled back twice may be in an epoch that is known: what was acknowledged there is no more.
        for (const { ackedIn } of tables.sent.values())
          ackedIn.delete(this.#epochKeys.of(relay, entry[2] as Uint8Array));
        tables.positions.set(relay, { epoch: entry[2] as Uint8Array, contiguous: START, highest: START });
        return;
      }
      case ENTRY.taken:
        return this.#applyTaken(entry);
    }
  }

  #applySent(entry: Entry): void {
    const [, sequence, blobId, payload, payloadHash, ttlS, expiresAtMs, announced] = entry;
    const row = { sequence, blobId, payload, payloadHash, ttlS, expiresAtMs } as SentRow;
    const tables = this.#tables;
    tables.sent.set(row.sequence, { row, ackedIn: new Set() });
    tables.nextSequence = Math.max(tables.nextSequence, row.sequence + 1);
    tables.previous = row.payloadHash;
    tables.givenUp.splice(0, announced as number);
  }

  #applyTaken(entry: Entry): void {
    const tables = this.#tables;
    const [, relay, epochBytes, cursor, chain] = entry as [number, string, Uint8Array, number, Uint8Array];
    const epoch = encodeHex(epochBytes);
    for (const [at, blobId, sender, sequence, body] of entry[5] as [
      number,
      Uint8Array,
      Uint8Array,
      number,
      Uint8Array,
    ][]) {
      const blob = encodeHex(blobId);
      tables.inbox.push({ relay, epoch, cursor: at, blob, sender, sequence, body });
      tables.delivered.add(blob);
    }
    for (const [at, blobId, payload, why] of entry[6] as [number, Uint8Array, Uint8Array, string][]) {
      const blob = encodeHex(blobId);
      tables.quarantine.push({ relay, epoch, cursor: at, blob, payload, why });
      tables.quarantined.add(blob);
    }
    for (const [from, to, why] of entry[7] as [number, number, LostRange["why"]][]) {
      tables.lost.push({ relay, epoch, from, to, why });
    }
    const position = tables.positions.get(relay);
    const through = { cursor, chain };
    const highest = position === undefined || cursor > position.highest.cursor ? through : position.highest;
    tables.positions.set(relay, { epoch: epochBytes, contiguous: through, highest });
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
