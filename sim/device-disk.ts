/** The simulated device's store as the history's disk reader wants it. */
import type { EpochPosition } from "../core/client/store.ts";
import type { BlobId } from "../core/ids.ts";
import type { DeviceDisk, InboxRow, LostRow, QuarantineRow } from "../scenarios/disk-reader.ts";
import type { DeviceStore } from "./device-store.ts";

const NOTHING: readonly never[] = [];

/** A class: getters of a literal live with the old objects (see nemesis.ts). */
export class SimDeviceDisk implements DeviceDisk {
  readonly #store: DeviceStore;

  constructor(store: DeviceStore) {
    this.#store = store;
  }

  get inboxCount(): number {
    return this.#store.inbox.length;
  }

  get quarantineCount(): number {
    return this.#store.quarantine.length;
  }

  get lostCount(): number {
    return this.#store.lost.length;
  }

  inbox(after: number, limit: number): readonly InboxRow[] {
    return rowsAbove(this.#store.inbox, after, limit);
  }

  quarantine(after: number, limit: number): readonly QuarantineRow[] {
    return rowsAbove(this.#store.quarantine, after, limit);
  }

  lost(after: number, limit: number): readonly LostRow[] {
    return rowsAbove(this.#store.lost, after, limit);
  }

  positionAt(relay: string): EpochPosition | undefined {
    return this.#store.positionAt(relay);
  }

  outbox(relay: string): readonly BlobId[] {
    return this.#store.outbox(relay).map(({ blobId }) => blobId);
  }
}

/** Mostly there are none: this is asked after every commit. */
function rowsAbove<Row>(rows: readonly Row[], after: number, limit: number): readonly Row[] {
  return after >= rows.length ? NOTHING : rows.slice(after, after + limit);
}
