/**
 * What is durable on one device, as the history has it: the application reads the committed inbox by index, and after
 * each commit that moved a cursor, after each crash and at the end the disk is read back. The simulated device and the
 * real one both hand in their store; where the records go is the sink's business.
 */
import { encodeHex, isEqualBytes } from "../core/bytes.ts";
import type { EpochPosition } from "../core/client/store.ts";
import type { BlobId } from "../core/ids.ts";
import type { LostRange } from "../core/inbox/take.ts";
import { assertInvariant, InvariantViolation } from "../core/invariant.ts";
import type { HistorySink } from "./history-sink.ts";
import { digestBytes, OP_BYTES } from "./payload.ts";
import { SetDigest } from "./set-digest.ts";

/** `relay` is the relay's id and `epoch` the epoch, both in hex. */
export interface InboxRow {
  readonly relay: string;
  readonly epoch: string;
  readonly cursor: number;
  readonly blob: string;
  readonly sender: Uint8Array;
  readonly sequence: number;
  readonly body: Uint8Array;
}

export interface QuarantineRow {
  readonly relay: string;
  readonly epoch: string;
  readonly cursor: number;
  readonly blob: string;
  readonly why: string;
}

/** A range told lost. */
export interface LostRow extends LostRange {
  readonly relay: string;
  readonly epoch: string;
}

/** What is committed. Rows stay where they are; pages are what lies above so many rows, at most `limit` of it. */
export interface DeviceDisk {
  readonly inboxCount: number;
  readonly quarantineCount: number;
  readonly lostCount: number;
  inbox(after: number, limit: number): readonly InboxRow[];
  quarantine(after: number, limit: number): readonly QuarantineRow[];
  lost(after: number, limit: number): readonly LostRow[];
  /** `relay` is a relay's id in hex. */
  positionAt(relay: string): EpochPosition | undefined;
  /** What waits for a definite answer in the present epoch of this relay. */
  outbox(relay: string): readonly BlobId[];
}

/** Rows that are read at once. */
const PAGE_ROWS = 500;

/** How far the application has read before. */
export interface ReadCounts {
  readonly inbox: number;
  readonly quarantine: number;
  readonly lost: number;
}

/** One of the device's relays, and what of its log was recorded last. */
interface ReadRelay {
  readonly name: string;
  readonly hex: string;
  cursor: number;
  epoch: Uint8Array | undefined;
  epochHex: string;
}

export class DiskReader {
  readonly #sink: HistorySink;
  readonly #device: string;
  readonly #group: string;
  readonly #relays: readonly ReadRelay[];
  #disk: DeviceDisk | undefined;
  /** How far the application has read. */
  #inbox: number;
  #quarantine: number;
  #lost: number;

  /** `relays`: the id in hex of each, by name, in order of preference. */
  constructor(
    sink: HistorySink,
    device: string,
    group: string,
    relays: ReadonlyMap<string, string>,
    read: ReadCounts = { inbox: 0, quarantine: 0, lost: 0 },
  ) {
    this.#inbox = read.inbox;
    this.#quarantine = read.quarantine;
    this.#lost = read.lost;
    this.#sink = sink;
    this.#device = device;
    this.#group = group;
    this.#relays = Array.from(relays, ([name, hex]) => ({ name, hex, cursor: -1, epoch: undefined, epochHex: "" }));
  }

  /** The process has started: this is what its disk holds. */
  opened(disk: DeviceDisk, isFirst: boolean): void {
    this.#disk = disk;
    if (isFirst) return;
    // Less than was read before is the checkers' business; the application goes on from what is there.
    this.#inbox = Math.min(this.#inbox, disk.inboxCount);
    this.#quarantine = Math.min(this.#quarantine, disk.quarantineCount);
    this.#lost = Math.min(this.#lost, disk.lostCount);
    for (const relay of this.#followed()) this.#recordState(relay, "crash");
  }

  committed(): void {
    const disk = this.#disk!;
    if (this.#inbox < disk.inboxCount) this.#readInbox(disk);
    if (this.#quarantine < disk.quarantineCount) this.#readQuarantine(disk);
    if (this.#lost < disk.lostCount) this.#readLost(disk);
    for (let i = 0; i < this.#relays.length; i++) {
      const relay = this.#relays[i]!;
      const position = disk.positionAt(relay.hex);
      if (position === undefined) continue;
      const { contiguous, epoch } = position;
      if (contiguous.cursor !== relay.cursor || !isSame(epoch, relay.epoch)) this.#recordState(relay, "commit");
    }
  }

  /** Those where it has a position; before its first Welcome anywhere, the one that it prefers. */
  #followed(): readonly ReadRelay[] {
    const followed = this.#relays.filter(({ hex }) => this.#disk!.positionAt(hex) !== undefined);
    return followed.length === 0 ? this.#relays.slice(0, 1) : followed;
  }

  #nameOf(hex: string): string {
    for (let i = 0; i < this.#relays.length; i++) if (this.#relays[i]!.hex === hex) return this.#relays[i]!.name;
    throw new InvariantViolation(`the disk of ${this.#device} tells of a relay that its plan does not have`);
  }

  #readInbox(disk: DeviceDisk): void {
    while (this.#inbox < disk.inboxCount) {
      const rows = disk.inbox(this.#inbox, PAGE_ROWS);
      assertInvariant(rows.length > 0, `the inbox of ${this.#device} holds the rows that it counts`);
      for (let i = 0; i < rows.length; i++) this.#recordDelivery(rows[i]!);
    }
  }

  #recordDelivery({ relay, epoch, cursor, blob, body, sender, sequence }: InboxRow): void {
    const { at, names } = this.#sink;
    this.#sink.add({
      type: "deliver",
      at,
      device: this.#device,
      group: this.#group,
      index: this.#inbox,
      relay: this.#nameOf(relay),
      epoch,
      cursor,
      blob,
      op: body.length >= OP_BYTES ? encodeHex(body.subarray(0, OP_BYTES)) : null,
      digest: digestBytes(body),
      sizeBytes: body.length,
      sender: names.of(sender),
      sequence,
    });
    this.#inbox++;
  }

  #readQuarantine(disk: DeviceDisk): void {
    const { at } = this.#sink;
    const where = { at, device: this.#device, group: this.#group };
    for (const row of pages((after) => disk.quarantine(after, PAGE_ROWS), this.#quarantine)) {
      const { epoch, cursor, blob, why } = row;
      this.#sink.add({ type: "quarantine", ...where, relay: this.#nameOf(row.relay), epoch, cursor, blob, why });
      this.#quarantine++;
    }
  }

  #readLost(disk: DeviceDisk): void {
    const { at } = this.#sink;
    const where = { at, device: this.#device, group: this.#group };
    for (const row of pages((after) => disk.lost(after, PAGE_ROWS), this.#lost)) {
      const { epoch, from, to, why } = row;
      this.#sink.add({ type: "lost", ...where, relay: this.#nameOf(row.relay), epoch, from, to, why });
      this.#lost++;
    }
  }

  #recordState(read: ReadRelay, why: "commit" | "crash"): void {
    const { device, group, relay, epoch, cursor, chain, inbox } = this.#state(read);
    const { at } = this.#sink;
    const type = "durable-state";
    read.cursor = cursor;
    this.#sink.add(
      why === "commit"
        ? { type, at, why, device, group, relay, epoch, cursor, chain, inbox }
        : { type, at, why, device, group, relay, epoch, cursor, chain, inbox, outbox: this.#outbox(read) },
    );
  }

  recordFinal(): void {
    const disk = this.#disk!;
    const digest = new SetDigest();
    for (let after = 0; after < disk.inboxCount;) {
      const rows = disk.inbox(after, PAGE_ROWS);
      assertInvariant(rows.length > 0, `the inbox of ${this.#device} holds the rows that it counts`);
      for (let i = 0; i < rows.length; i++) digest.add(rows[i]!.blob);
      after += rows.length;
    }
    const delivered = digest.render();
    const { at } = this.#sink;
    for (const relay of this.#followed()) {
      this.#sink.add({
        type: "final-state",
        at,
        ...this.#state(relay),
        delivered,
        outbox: this.#outbox(relay),
      });
    }
  }

  #state(relay: ReadRelay) {
    const disk = this.#disk!;
    const position = disk.positionAt(relay.hex);
    if (position !== undefined && !isSame(position.epoch, relay.epoch)) {
      relay.epoch = position.epoch;
      relay.epochHex = encodeHex(position.epoch);
    }
    return {
      device: this.#device,
      group: this.#group,
      relay: relay.name,
      epoch: position === undefined ? "" : relay.epochHex,
      cursor: position?.contiguous.cursor ?? 0,
      chain: position === undefined ? "" : this.#sink.names.of(position.contiguous.chain),
      inbox: disk.inboxCount,
    };
  }

  #outbox(relay: ReadRelay): readonly string[] {
    return this.#disk!.outbox(relay.hex).map((blobId) => encodeHex(blobId));
  }
}

/** Every row from a place on. */
function* pages<Row>(read: (after: number) => readonly Row[], from: number): Generator<Row> {
  let after = from;
  for (let page = read(after); page.length > 0; page = read(after)) {
    yield* page;
    after += page.length;
  }
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return a === b || (b !== undefined && isEqualBytes(a, b));
}
