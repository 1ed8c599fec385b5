/**
 * Looks up what a record is about, once for all checkers: names become rows (`history-rows.ts`), and what was said of
 * the same thing before is at hand. It hears of each record, in order, before any checker does; a checker
 * reads `about` while it handles that record. Memory: a row for each of the latest blobs and those that some device lacks,
 * and a few numbers for each of the others (`settled-blobs.ts`).
 */
import type { Handlers } from "../audience.ts";
import type {
  AckRecord,
  DeliverRecord,
  LostRecord,
  OperationRecord,
  QuarantineRecord,
  QueuedRecord,
  RefusedRecord,
} from "../history.ts";
import type { Plan } from "../plan.ts";
import { sealedBytesMin } from "../sealed-size.ts";
import { About, type Invoked } from "./about.ts";
import { BlobExpiry } from "./blob-expiry.ts";
import { BlobTable } from "./blob-table.ts";
import { trackDiskLives, type DiskLives } from "./disk-lives.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import type { BlobRow, DeviceRow, LogRow, PlaceRow, Placed, PushRow, ReaderRow, State } from "./history-rows.ts";
import { OpenOperations } from "../open-operations.ts";
import { PlanFaults } from "./plan-faults.ts";
import { ThreeKeyMap } from "./three-key-map.ts";
import { ToldLosses } from "./told-losses.ts";

/** What a record about a device at a log says of them. */
interface Reading {
  readonly device: string;
  readonly group: string;
  readonly relay: string;
  readonly epoch: string;
}

export class HistoryIndex {
  readonly about = new About();
  readonly faults: PlanFaults;
  readonly disks: DiskLives;
  readonly told = new ToldLosses();
  readonly devices: DeviceRow[] = [];
  readonly logs: LogRow[] = [];
  readonly readers: ReaderRow[] = [];
  readonly blobs: BlobTable;
  /** Pulls and connects under way. */
  readonly open = new OpenOperations<Invoked>();
  readonly #devicesByName = new Map<string, DeviceRow>();
  readonly #logsByName = new ThreeKeyMap((relay, group, epoch) => this.#createLog(relay, group, epoch));
  readonly #pushesByOp = new Map<string, PushRow>();
  /** Pushes that are not queued yet. */
  readonly #early = new OpenOperations<PushRow>();
  #pushes = 0;
  readonly #expiry: BlobExpiry;

  /** `forget` hears of each blob that is settled, before its records go. */
  constructor(plan: Plan, forget: (blob: BlobRow, push: PushRow | undefined) => void = () => {}) {
    this.faults = new PlanFaults(plan);
    this.disks = trackDiskLives(plan, this.faults);
    this.blobs = new BlobTable(plan, (blob, push) => {
      forget(blob, push);
      if (push !== undefined) this.#forgetPush(push);
    });
    this.#expiry = new BlobExpiry(plan, this.faults);
  }

  /** They turn `about` to their record; so they come before those of any checker. */
  handlers(): Handlers {
    return {
      push: (record) => this.#pushed(record),
      "push-end": (record) => this.#settled(record),
      pull: (record) => this.#invoked(record),
      "pull-end": (record) => this.#completed(record),
      connect: (record) => this.#invoked(record),
      "connect-end": (record) => this.#completed(record),
      queued: (record) => this.#queued(record),
      ack: (record) => this.#acked(record),
      refused: (record) => this.#refused(record),
      deliver: (record) => this.#delivered(record),
      quarantine: (record) => this.#quarantined(record),
      lost: (record) => this.#lost(record),
      "durable-state": (record) => this.#stands(record),
      "final-state": (record) => this.#stands(record),
      notified: (record) => this.#reads(record),
      accused: (record) => this.#reads(record),
      fault: (record) => this.disks.note(record),
    };
  }

  /** Without making it. */
  findDevice(name: string): DeviceRow | undefined {
    return this.#devicesByName.get(name);
  }

  /** What was true of this log when it was first seen may still be demanded: its relay kept its disk since. */
  isKept(log: LogRow): boolean {
    return log.life === this.disks.of(log.relay);
  }

  /** The push behind a blob: its device may have died before it could say under which id it queued it. */
  pushOf({ push, deliveries }: BlobRow): PushRow | undefined {
    const op = deliveries[0]?.op ?? null;
    return push ?? (op === null ? undefined : this.#pushesByOp.get(op));
  }

  /** When the ttl of a blob at this place can be over at the earliest (`blob-expiry.ts`). */
  expiresMs(blob: BlobRow, place: Placed): number {
    return this.#expiry.atMs(place, this.pushOf(blob));
  }

  #invoked(record: OperationRecord): void {
    const { about } = this;
    this.#operates(record);
    this.open.add(record.process, { record, ordinal: about.ordinal, reader: about.reader });
    about.invoked = undefined;
  }

  #completed(record: OperationRecord): void {
    this.#operates(record);
    this.about.invoked = this.open.take(record.process);
  }

  /** A pull or connect. */
  #operates(record: OperationRecord): void {
    const { about } = this;
    const { device, group, relay, epoch } = record;
    about.device = this.#deviceOf(device);
    if (relay === undefined || epoch === undefined || epoch === "") {
      about.log = undefined;
      about.reader = undefined;
    } else {
      this.#readsAt(group, relay, epoch);
    }
  }

  #pushed(record: OperationRecord): void {
    const { about } = this;
    const { op, sizeBytes } = record;
    about.device = this.#deviceOf(record.device);
    const push: PushRow = {
      number: this.#pushes++,
      invoke: record,
      ordinal: about.ordinal,
      sealedBytes: sizeBytes === undefined ? undefined : sealedBytesMin(sizeBytes),
      blob: undefined,
      queued: undefined,
      delivered: undefined,
    };
    this.#early.add(record.process, push);
    about.isNewOp = op !== undefined && !this.#pushesByOp.has(op);
    if (op !== undefined) this.#pushesByOp.set(op, push);
    about.push = push;
    about.pushed = undefined;
  }

  #forgetPush(push: PushRow): void {
    const { op } = push.invoke;
    if (op !== undefined && this.#pushesByOp.get(op) === push) this.#pushesByOp.delete(op);
  }

  #settled(record: OperationRecord): void {
    const { about } = this;
    about.device = this.#deviceOf(record.device);
    if (record.blob !== undefined) {
      const blob = this.blobs.of(record.blob);
      about.pushed = blob;
      about.push = blob.push ?? (record.op === undefined ? undefined : this.#pushesByOp.get(record.op));
      return;
    }
    // It never got so far; or its device died, and what became of it will be heard.
    const early = record.outcome === "fail" ? this.#early.take(record.process) : this.#early.get(record.process);
    about.push = early ?? (record.op === undefined ? undefined : this.#pushesByOp.get(record.op));
    about.pushed = about.push?.blob;
  }

  #queued(record: QueuedRecord): void {
    const { about } = this;
    about.device = this.#deviceOf(record.device);
    const blob = this.blobs.of(record.blob);
    const push = this.#early.take(record.process) ?? this.#pushesByOp.get(record.op);
    about.blob = blob;
    about.push = push;
    if (blob.isSettled) return;
    blob.queued ??= record;
    if (push === undefined) return;
    blob.push ??= push;
    push.blob = blob;
    push.queued ??= record;
  }

  #acked(record: AckRecord): void {
    const { about } = this;
    this.#reads(record);
    const log = about.log!;
    const blob = this.blobs.of(record.blob);
    const place = placeAt(log, record.cursor);
    about.blob = blob;
    about.place = place;
    this.#place(blob, log, record);
    place.first ??= record;
    place.blob = blob;
    place.chained ??= record;
    const life = this.disks.of(log.relay);
    if (place.ackLife === life) return;
    place.ackLife = life;
    place.ack = record;
  }

  #delivered(record: DeliverRecord): void {
    const { about } = this;
    this.#reads(record);
    const log = about.log!;
    const blob = this.blobs.of(record.blob);
    const place = placeAt(log, record.cursor);
    about.blob = blob;
    about.place = place;
    this.#place(blob, log, record);
    place.first ??= record;
    place.blob = blob;
    const { push } = blob;
    const { op } = record;
    about.push =
      push !== undefined && push.invoke.op === op ? push : op === null ? undefined : this.#pushesByOp.get(op);
    if (about.push !== undefined) about.push.delivered ??= record;
    this.#deliver(blob, record);
  }

  #quarantined(record: QuarantineRecord): void {
    const { about } = this;
    this.told.quarantined(record);
    this.#reads(record);
    const blob = this.blobs.of(record.blob);
    const place = placeAt(about.log!, record.cursor);
    about.blob = blob;
    about.place = place;
    place.first ??= record;
    place.blob = blob;
  }

  #deliver(blob: BlobRow, record: DeliverRecord): void {
    const { about } = this;
    const life = this.disks.of(record.device);
    about.earlier = undefined;
    if (blob.isSettled) {
      about.isRepeated = life === 0 && blob.holders.includes(record.device);
      return;
    }
    const deliveries = blob.deliveries as DeliverRecord[];
    for (let i = 0; i < deliveries.length; i++) {
      if (deliveries[i]!.device !== record.device || (blob.lives?.[i] ?? 0) !== life) continue;
      about.isRepeated = true;
      about.earlier = deliveries[i];
      return;
    }
    if (life !== 0 || blob.lives !== undefined) {
      blob.lives ??= deliveries.map(() => 0);
      blob.lives.push(life);
    }
    deliveries.push(record);
    about.isRepeated = false;
  }

  #place(blob: BlobRow, log: LogRow, record: Placed): void {
    const { about } = this;
    const { placeLogs, cursors } = blob;
    for (let i = 0; i < placeLogs.length; i++) {
      if (placeLogs[i] !== log) continue;
      about.isNewPlace = false;
      about.firstCursor = cursors[i]!;
      about.firstPlace = blob.places[i];
      return;
    }
    about.isNewPlace = true;
    about.firstCursor = record.cursor;
    about.firstPlace = record;
    // Most blobs are in one log, and an array that grows takes room for many.
    const isFirst = placeLogs.length === 0;
    blob.placeLogs = isFirst ? [log] : placeLogs.concat(log);
    blob.cursors = isFirst ? [record.cursor] : cursors.concat(record.cursor);
    if (!blob.isSettled) blob.places = isFirst ? [record] : blob.places.concat(record);
  }

  #refused(record: RefusedRecord): void {
    const { about } = this;
    about.device = this.#deviceOf(record.device);
    about.blob = this.blobs.of(record.blob);
  }

  #lost(record: LostRecord): void {
    this.told.lost(record);
    this.#reads(record);
  }

  #stands(record: State): void {
    const { about } = this;
    this.#reads(record);
    const place = record.cursor === 0 ? undefined : placeAt(about.log!, record.cursor);
    about.place = place;
    if (place !== undefined) place.chained ??= record;
  }

  #reads({ device, group, relay, epoch }: Reading): void {
    this.about.device = this.#deviceOf(device);
    this.#readsAt(group, relay, epoch);
  }

  /** The device is known. */
  #readsAt(group: string, relay: string, epoch: string): void {
    const { about } = this;
    const { device } = about;
    const log = this.#logOf(relay, group, epoch);
    about.log = log;
    const { readers } = device;
    for (let i = 0; i < readers.length; i++) {
      if (readers[i]!.log !== log) continue;
      about.reader = readers[i];
      return;
    }
    const reader: ReaderRow = { number: this.readers.length, device, log };
    this.readers.push(reader);
    readers.push(reader);
    about.reader = reader;
  }

  #deviceOf(name: string): DeviceRow {
    // Consecutive records mostly concern the same device.
    const last = this.about.device as DeviceRow | undefined;
    if (last?.name === name) return last;
    let device = this.#devicesByName.get(name);
    if (device === undefined) {
      device = { number: this.devices.length, name, readers: [] };
      this.devices.push(device);
      this.#devicesByName.set(name, device);
    }
    return device;
  }

  #logOf(relay: string, group: string, epoch: string): LogRow {
    const { about } = this;
    // Consecutive records mostly concern the same log.
    const last = about.log;
    if (last !== undefined && last.epoch === epoch && last.relay === relay && last.group === group) return last;
    return this.#logsByName.at(relay, group, epoch);
  }

  #createLog(relay: string, group: string, epoch: string): LogRow {
    const isFirstEpoch = !this.logs.some((log) => log.relay === relay && log.group === group);
    const life = this.disks.of(relay);
    const number = this.logs.length;
    const log: LogRow = { number, relay, group, epoch, life, isFirstEpoch, places: [], settled: new CursorRanges() };
    this.logs.push(log);
    return log;
  }
}

function placeAt(log: LogRow, cursor: number): PlaceRow {
  let place = log.places[cursor];
  if (place === undefined) {
    place = { log, cursor, first: undefined, blob: undefined, ack: undefined, ackLife: -1, chained: undefined };
    log.places[cursor] = place;
  }
  return place;
}
