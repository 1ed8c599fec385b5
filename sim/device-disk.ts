/** The simulated device's store as the history's disk reader wants it. */
import type { DeviceDisk } from "../scenarios/disk-reader.ts";
import type { DeviceStore } from "./device-store.ts";

const NOTHING: readonly never[] = [];

export function createDeviceDisk(store: DeviceStore): DeviceDisk {
  return {
    get inboxCount() {
      return store.inbox.length;
    },
    get quarantineCount() {
      return store.quarantine.length;
    },
    get lostCount() {
      return store.lost.length;
    },
    inbox: (after, limit) => rowsAbove(store.inbox, after, limit),
    quarantine: (after, limit) => rowsAbove(store.quarantine, after, limit),
    lost: (after, limit) => rowsAbove(store.lost, after, limit),
    positionAt: (relay) => store.positionAt(relay),
    outbox: (relay) => store.outbox(relay).map(({ blobId }) => blobId),
  };
}

/** Mostly there are none: this is asked after every commit. */
function rowsAbove<Row>(rows: readonly Row[], after: number, limit: number): readonly Row[] {
  return after >= rows.length ? NOTHING : rows.slice(after, after + limit);
}
