/**
 * The highest cursor that a relay tells (in Welcome and in each page) is honest: to one device it never falls within
 * an epoch, and it is at least every cursor that had been acknowledged to anybody when the question was asked.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, OperationRecord } from "../history.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

interface Log {
  life: number;
  /** Acknowledgements above all before them, and their places in the order of records. */
  readonly acks: AckRecord[];
  readonly ordinals: number[];
  /** The highest told so far, by device. */
  readonly told: Map<string, OperationRecord>;
}

export const maxCursor: Checker = {
  name: "max-cursor",
  holdsWhen: "the max cursor told never falls and covers every earlier acknowledgement",
  enforces: [3, 14],
  start(plan, report) {
    const logs = new ThreeKeyMap<Log>(() => ({ life: -1, acks: [], ordinals: [], told: new Map() }));
    const invokedAt = new Map<number, number>();
    const disks = trackDiskLives(plan);
    let ordinal = 0;

    function logOf(relay: string, group: string, epoch: string): Log {
      const log = logs.at(relay, group, epoch);
      if (log.life === -1) log.life = disks.of(relay);
      return log;
    }

    function highestAck(log: Log, before: number): AckRecord | undefined {
      let low = 0;
      let high = log.ordinals.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (log.ordinals[middle]! < before) low = middle + 1;
        else high = middle;
      }
      return low === 0 ? undefined : log.acks[low - 1];
    }

    return {
      on: {
        op(record) {
          ordinal++;
          if (record.f === "push") return;
          if (record.outcome === "invoke") {
            invokedAt.set(record.process, ordinal);
            return;
          }
          const invoked = invokedAt.get(record.process);
          const { relay, epoch, max } = record;
          if (record.outcome !== "ok" || max === undefined || relay === undefined || epoch === undefined) return;
          const log = logOf(relay, record.group, epoch);
          if (log.life !== disks.of(relay)) return;
          const earlier = log.told.get(record.device);
          if (earlier !== undefined && earlier.max! > max) {
            report({
              kind: "max-fell",
              message:
                `${relay} told ${record.device} ${max} as the highest cursor of ${renderLog({ relay, epoch })}, ` +
                `after it had told ${earlier.max}`,
              witness: [earlier, record],
            });
          } else {
            log.told.set(record.device, record);
          }
          const ack = invoked === undefined ? undefined : highestAck(log, invoked);
          if (ack === undefined || ack.cursor <= max) return;
          report({
            kind: "max-below-ack",
            message:
              `${relay} told ${record.device} ${max} as the highest cursor, although blob ${shortId(ack.blob)} had ` +
              `been acknowledged to ${ack.device} as ${renderPlace(ack)} before it asked`,
            witness: [ack, record],
          });
        },
        ack(record) {
          ordinal++;
          const log = logOf(record.relay, record.group, record.epoch);
          const highest = log.acks[log.acks.length - 1];
          if (log.life !== disks.of(record.relay) || (highest !== undefined && highest.cursor >= record.cursor)) return;
          log.acks.push(record);
          log.ordinals.push(ordinal);
        },
        fault: (record) => disks.note(record),
      },
    };
  },
};
