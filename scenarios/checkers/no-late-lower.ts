/**
 * Cursors become visible in order: once a device has taken in everything through cursor k, nothing at or below k may
 * appear. Seen at the device: a delivery at or below the cursor of an earlier commit there (unless the blob was in
 * quarantine). Seen at the relay: a blob whose push was not even invoked when somebody's pull was answered through k,
 * and which then gets a cursor of k or less. Read-backs after a crash do not count as commits here: they may run ahead
 * of the deliveries that belong to them.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, DeliverRecord, DurableStateRecord, OperationRecord } from "../history.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

interface Log {
  life: number;
  readonly known: Set<string>;
  /** Answered pulls that reached further than all before them, and their places in the order of records. */
  readonly pulls: OperationRecord[];
  readonly ordinals: number[];
}

interface Reader {
  life: number;
  state: DurableStateRecord | undefined;
  readonly aside: Set<string>;
}

export const noLateLower: Checker = {
  name: "no-late-lower",
  holdsWhen: "once cursor k was visible, nothing at or below k appears",
  enforces: [3],
  start(plan, report) {
    const logs = new ThreeKeyMap<Log>(() => ({ life: -1, known: new Set(), pulls: [], ordinals: [] }));
    const readers = new ThreeKeyMap<Reader>(() => ({ life: 0, state: undefined, aside: new Set() }));
    const invokedAt = new Map<number, number>();
    const pushedAt = new Map<string, number>();
    const disks = trackDiskLives(plan);
    let ordinal = 0;

    function logOf(relay: string, group: string, epoch: string): Log {
      const log = logs.at(relay, group, epoch);
      if (log.life === -1) log.life = disks.of(relay);
      return log;
    }

    /** The furthest pull that was answered before the place `before`. */
    function furthestPull(log: Log, before: number): OperationRecord | undefined {
      let low = 0;
      let high = log.ordinals.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (log.ordinals[middle]! < before) low = middle + 1;
        else high = middle;
      }
      return low === 0 ? undefined : log.pulls[low - 1];
    }

    function commit(record: AckRecord | DeliverRecord): void {
      const log = logOf(record.relay, record.group, record.epoch);
      if (log.life !== disks.of(record.relay) || log.known.has(record.blob)) return;
      log.known.add(record.blob);
      const pushed = pushedAt.get(record.blob);
      const pull = pushed === undefined ? undefined : furthestPull(log, pushed);
      if (pull === undefined || pull.through! < record.cursor) return;
      report({
        kind: "late-lower-commit",
        message:
          `blob ${shortId(record.blob)} became ${renderPlace(record)}, although ${pull.device} had been answered ` +
          `through ${pull.through} before it was pushed`,
        witness: [pull, record],
      });
    }

    return {
      on: {
        op(record) {
          ordinal++;
          if (record.f === "push" && record.outcome === "invoke") invokedAt.set(record.process, ordinal);
          if (record.f !== "pull" || record.outcome !== "ok" || record.through === undefined) return;
          if (record.relay === undefined || record.epoch === undefined) return;
          const log = logOf(record.relay, record.group, record.epoch);
          const furthest = log.pulls[log.pulls.length - 1];
          if (furthest !== undefined && furthest.through! >= record.through) return;
          log.pulls.push(record);
          log.ordinals.push(ordinal);
        },
        queued(record) {
          const invoked = invokedAt.get(record.process);
          if (invoked === undefined) return;
          pushedAt.set(record.blob, invoked);
        },
        ack: commit,
        deliver(record) {
          commit(record);
          const reader = readers.at(record.device, record.relay, record.epoch);
          if (reader.state === undefined || reader.life !== disks.of(record.device)) return;
          if (record.cursor > reader.state.cursor || reader.aside.has(record.blob)) return;
          report({
            kind: "late-lower-delivery",
            message:
              `${record.device} took in blob ${shortId(record.blob)} as cursor ${record.cursor} after it had ` +
              `committed everything through ${reader.state.cursor} of ${renderLog(record)}`,
            witness: [reader.state, record],
          });
        },
        quarantine(record) {
          readers.at(record.device, record.relay, record.epoch).aside.add(record.blob);
        },
        "durable-state"(record) {
          if (record.why !== "commit") return;
          const reader = readers.at(record.device, record.relay, record.epoch);
          reader.state = record;
          reader.life = disks.of(record.device);
        },
        fault: (record) => disks.note(record),
      },
    };
  },
};
