/**
 * The rows of all blobs, by id and by number. An old blob that all devices of its group have is settled: its records go,
 * and what is still asked about it is kept in some tens of bytes (`settled-blobs.ts`). Owned by `HistoryIndex`, which
 * alone makes rows; checkers look them up.
 */
import type { DeliverRecord } from "../history.ts";
import type { Plan } from "../plan.ts";
import { ByNumber } from "./by-number.ts";
import { createBlob, NONE, type BlobRow, type LogRow, type PushRow } from "./history-rows.ts";
import { SettledBlobs } from "./settled-blobs.ts";

/** Blobs that are never settled yet: more than the runs of most scenarios have. */
const YOUNG_BLOBS = 4096;

export class BlobTable {
  /** Without those that are settled, unless something came of them since. */
  readonly #rows = new ByNumber<BlobRow>();
  readonly #byId = new Map<string, BlobRow>();
  /** From the first blob on that is settled: in most runs none is. */
  #settled: SettledBlobs | undefined;
  /** Devices of each group. */
  readonly #members = new Map<string, number>();
  readonly #forget: (blob: BlobRow, push: PushRow | undefined) => void;
  #count = 0;
  /** The number of the one that is looked at next when it is old. */
  #oldest = 0;
  /** Devices that have a settled blob: few different lists, each kept once. */
  readonly #holders: (readonly string[])[] = [];

  /** `forget` hears of each blob that is settled, before its records go. */
  constructor(plan: Plan, forget: (blob: BlobRow, push: PushRow | undefined) => void) {
    this.#forget = forget;
    for (const { group } of plan.topology.devices) this.#members.set(group, (this.#members.get(group) ?? 0) + 1);
  }

  find(id: string): BlobRow | undefined {
    return this.#byId.get(id) ?? this.#settled?.find(id);
  }

  /** Of a number that a blob has. */
  numbered(number: number): BlobRow {
    return (this.#rows.get(number) ?? this.#settled?.findNumber(number))!;
  }

  forEachId(visit: (id: string) => void): void {
    for (const id of this.#byId.keys()) visit(id);
    this.#settled?.forEachId(visit);
  }

  /** Those that are not settled, or came again since. */
  rows(): readonly BlobRow[] {
    return this.#rows.values();
  }

  /** Makes a row for a blob that is new or was settled. */
  of(id: string): BlobRow {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const settled = this.#settled?.find(id);
    const blob = settled ?? createBlob(this.#count++, id);
    this.#rows.set(blob.number, blob);
    this.#byId.set(id, blob);
    if (settled === undefined && this.#count - this.#oldest > YOUNG_BLOBS) this.#settleOldest();
    return blob;
  }

  /** One blob becomes old for each new one; what some device lacks is kept. */
  #settleOldest(): void {
    const blob = this.#rows.get(this.#oldest++)!;
    const { id, number, deliveries, push, queued, placeLogs, cursors } = blob;
    const isEverywhere = queued !== undefined && deliveries.length === this.#members.get(queued.group);
    if (!isEverywhere || blob.lives !== undefined || placeLogs.length === 0) return;
    this.#forget(blob, push);
    blob.isSettled = true;
    blob.holders = this.#holdersOf(deliveries);
    blob.deliveries = NONE;
    blob.places = NONE;
    blob.queued = undefined;
    blob.push = undefined;
    for (let i = 0; i < placeLogs.length; i++) settlePlace(placeLogs[i]!, cursors[i]!, blob);
    (this.#settled ??= new SettledBlobs()).add(blob);
    this.#byId.delete(id);
    this.#rows.delete(number);
  }

  #holdersOf(deliveries: readonly DeliverRecord[]): readonly string[] {
    for (const holders of this.#holders) {
      if (holders.length !== deliveries.length) continue;
      let count = 0;
      while (count < deliveries.length && holders.includes(deliveries[count]!.device)) count++;
      if (count === deliveries.length) return holders;
    }
    const holders = deliveries.map(({ device }) => device);
    this.#holders.push(holders);
    return holders;
  }
}

function settlePlace({ places, settled }: LogRow, cursor: number, blob: BlobRow): void {
  if (places[cursor]?.blob !== blob) return;
  places[cursor] = undefined;
  settled.add(cursor, cursor);
}
