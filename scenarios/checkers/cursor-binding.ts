/**
 * One cursor, one blob: within an epoch of a relay's log a cursor names the same blob to every device, in every
 * acknowledgement, delivery and quarantine, over restarts and for ever. And no holes: at `end`, every cursor up to the
 * highest that any device durably reached was seen by someone, as a blob or inside a gone or lost range.
 *
 * Holes are judged in the first epoch of a log only: in later ones, and with several relays, devices drop duplicates
 * without a record. So with several relays they are judged only when the run converged (by then each pusher has its
 * acknowledgement from every relay, if the ttl was long enough), and a page whose blobs and gone ranges add up to what
 * it answers for has no hole either.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, DeliverRecord, DurableStateRecord, FinalStateRecord, QuarantineRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

type Binding = AckRecord | DeliverRecord | QuarantineRecord;
type State = DurableStateRecord | FinalStateRecord;

interface Log {
  life: number;
  isFirstEpoch: boolean;
  readonly blobs: Map<number, Binding>;
  readonly seen: CursorRanges;
  highest: State | undefined;
}

export const cursorBinding: Checker = {
  name: "cursor-binding",
  holdsWhen: "a cursor names one blob for all devices and all time of an epoch, and none is left out",
  enforces: [3],
  start(plan, report) {
    const logs = new ThreeKeyMap<Log>(() => ({
      life: -1,
      isFirstEpoch: false,
      blobs: new Map(),
      seen: new CursorRanges(),
      highest: undefined,
    }));
    const epochs = new Map<string, Set<string>>();
    const disks = trackDiskLives(plan);
    const hasSpareRelays = plan.topology.devices.some((device) => device.relays.length > 1);
    let isConverged = false;
    let isEnd = false;

    function logOf(relay: string, group: string, epoch: string): Log {
      const log = logs.at(relay, group, epoch);
      if (log.life === -1) {
        log.life = disks.of(relay);
        let groups = epochs.get(relay);
        if (groups === undefined) epochs.set(relay, (groups = new Set()));
        log.isFirstEpoch = !groups.has(group);
        groups.add(group);
      }
      return log;
    }

    function bind(record: Binding): void {
      const log = logOf(record.relay, record.group, record.epoch);
      if (log.life !== disks.of(record.relay)) return;
      const first = log.blobs.get(record.cursor);
      if (first === undefined) {
        log.blobs.set(record.cursor, record);
        log.seen.add(record.cursor, record.cursor);
      } else if (first.blob !== record.blob) {
        report({
          kind: "cursor-reused",
          message:
            `${renderPlace(record)} is blob ${shortId(first.blob)} by the ${first.type} of ${first.device} and blob ` +
            `${shortId(record.blob)} by the ${record.type} of ${record.device}`,
          witness: [first, record],
        });
      }
    }

    function reach(record: State): void {
      const log = logOf(record.relay, record.group, record.epoch);
      if (log.highest === undefined || record.cursor > log.highest.cursor) log.highest = record;
    }

    return {
      on: {
        op(record) {
          if (record.outcome !== "ok" || record.relay === undefined || record.epoch === undefined) return;
          const log = logOf(record.relay, record.group, record.epoch);
          let held = record.blobs ?? 0;
          for (const range of record.gone ?? []) {
            log.seen.add(range.from, range.to);
            held += range.to - range.from + 1;
          }
          const { after = 0, through = 0 } = record;
          if (hasSpareRelays && through > after && held === through - after) log.seen.add(after + 1, through);
        },
        ack: bind,
        deliver: bind,
        quarantine: bind,
        lost(record) {
          logOf(record.relay, record.group, record.epoch).seen.add(record.from, record.to);
        },
        "durable-state": reach,
        "final-state": reach,
        fault: (record) => disks.note(record),
        phase(record) {
          isConverged ||= record.phase === "converged";
          isEnd ||= record.phase === "end";
        },
      },
      finish() {
        if (!isEnd || (hasSpareRelays && !isConverged)) return;
        logs.forEach((log) => {
          if (!log.isFirstEpoch || log.highest === undefined || log.life !== disks.of(log.highest.relay)) return;
          const hole = log.seen.firstMissing(1, log.highest.cursor);
          if (hole === undefined) return;
          const cursors = hole.from === hole.to ? `cursor ${hole.from}` : `cursors ${hole.from} to ${hole.to}`;
          report({
            kind: "cursor-hole",
            message:
              `${cursors} of ${renderLog(log.highest)} never named a blob and were never called gone, although ` +
              `${log.highest.device} reached ${log.highest.cursor}`,
            witness: [log.highest],
          });
        });
      },
    };
  },
};
