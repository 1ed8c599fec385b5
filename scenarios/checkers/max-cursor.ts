/**
 * The highest cursor that a relay tells (in Welcome and in each page) is honest: to one device it never falls within
 * an epoch, and it is at least every cursor that had been acknowledged to anybody when the question was asked.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, OperationRecord } from "../history.ts";
import type { About } from "./about.ts";
import type { LogRow } from "./history-rows.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";

interface Log {
  /** Acknowledgements above all before them, and their places in the order of records; old ones go. */
  acks: AckRecord[];
  ordinals: number[];
  /** The highest told so far, by the reader's number. */
  readonly told: (OperationRecord | undefined)[];
}

/** Nobody waits so long for an answer that more acknowledgements than these come meanwhile. */
const ACKS_KEPT = 8192;

export const maxCursor: Checker = {
  name: "max-cursor",
  holdsWhen: "the max cursor told never falls and covers every earlier acknowledgement",
  enforces: [3, 14],
  start(_plan, report, index) {
    /** By the log's number. */
    const logs: Log[] = [];

    function logOf({ number }: LogRow): Log {
      return (logs[number] ??= { acks: [], ordinals: [], told: [] });
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

    function judgeTold(record: OperationRecord, { reader, invoked }: About): void {
      const { relay, max } = record;
      if (record.outcome !== "ok" || max === undefined || reader === undefined) return;
      if (!index.isKept(reader.log)) return;
      const log = logOf(reader.log);
      const earlier = log.told[reader.number];
      if (earlier !== undefined && earlier.max! > max) {
        report({
          kind: "max-fell",
          message:
            `${relay} told ${record.device} ${max} as the highest cursor of ${renderLog(reader.log)}, ` +
            `after it had told ${earlier.max}`,
          witness: [earlier, record],
        });
      } else {
        log.told[reader.number] = record;
      }
      const ack = invoked === undefined ? undefined : highestAck(log, invoked.ordinal);
      if (ack === undefined || ack.cursor <= max) return;
      report({
        kind: "max-below-ack",
        message:
          `${relay} told ${record.device} ${max} as the highest cursor, although blob ${shortId(ack.blob)} had ` +
          `been acknowledged to ${ack.device} as ${renderPlace(ack)} before it asked`,
        witness: [ack, record],
      });
    }

    return {
      on: {
        "pull-end": judgeTold,
        "connect-end": judgeTold,
        ack(record, { log: row, ordinal }) {
          const log = logOf(row!);
          const highest = log.acks[log.acks.length - 1];
          if ((highest !== undefined && highest.cursor >= record.cursor) || !index.isKept(row!)) return;
          log.acks.push(record);
          log.ordinals.push(ordinal);
          if (log.acks.length < 2 * ACKS_KEPT) return;
          log.acks = log.acks.slice(-ACKS_KEPT);
          log.ordinals = log.ordinals.slice(-ACKS_KEPT);
        },
      },
    };
  },
};
