/** The device's SQLite store as the history's disk reader wants it. */
import { randomBytes } from "node:crypto";
import { KEY_BYTES } from "../../core/crypto/suite.ts";
import { assertInvariant } from "../../core/invariant.ts";
import type { DeviceDisk } from "../../scenarios/disk-reader.ts";
import type { DeviceStore } from "../sqlite/device-store.ts";

const ALL = Number.MAX_SAFE_INTEGER;

export function createSqliteDisk(store: DeviceStore): DeviceDisk {
  return {
    get inboxCount() {
      return store.inboxCount;
    },
    get quarantineCount() {
      return store.quarantine(0, ALL).length;
    },
    get lostCount() {
      return store.lost(0, ALL).length;
    },
    inbox: (after, limit) => store.inbox(after, limit),
    quarantine: (after, limit) => store.quarantine(after, limit),
    lost: (after, limit) => store.lost(after, limit),
    positionAt: (relay) => store.positions.find((position) => position.relay === relay),
    outbox(relay) {
      // What the machine would be told when it starts; on a disk that has an identity this changes nothing.
      const fresh = Uint8Array.from(randomBytes(KEY_BYTES));
      const [answer] = store.run([{ id: 0, type: "load", fresh, relay }], Date.now());
      assertInvariant(answer !== undefined, "a store answers every operation");
      return answer.type === "loaded" ? answer.outbox.map(({ blobId }) => blobId) : [];
    },
  };
}
