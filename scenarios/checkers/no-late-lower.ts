/**
 * Cursors become visible in order: once a device has taken in everything through cursor k, nothing at or below k may
 * appear. Seen at the device: a delivery at or below the cursor of an earlier commit there (unless the blob was in
 * quarantine). Seen at the relay: a blob whose push was not even invoked when somebody's pull was answered through k,
 * and which then gets a cursor of k or less. Read-backs after a crash do not count as commits here: they may run ahead
 * of the deliveries that belong to them.
 */
import type { Checker } from "../checker.ts";
import type { DurableStateRecord, OperationRecord } from "../history.ts";
import type { About } from "./history-index.ts";
import type { LogRow, Placed, ReaderRow } from "./history-rows.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";

interface Log {
  /** Answered pulls that reached further than all before them, and their places in the order of records. */
  readonly pulls: OperationRecord[];
  readonly ordinals: number[];
}

interface Reader {
  life: number;
  state: DurableStateRecord | undefined;
  /** Blobs in quarantine, by number. */
  readonly aside: Set<number>;
}

export const noLateLower: Checker = {
  name: "no-late-lower",
  holdsWhen: "once cursor k was visible, nothing at or below k appears",
  enforces: [3],
  start(_plan, report, index) {
    /** By the log's and by the reader's number. */
    const logs: Log[] = [];
    const readers: Reader[] = [];

    function logOf({ number }: LogRow): Log {
      return (logs[number] ??= { pulls: [], ordinals: [] });
    }

    function readerOf({ number }: ReaderRow): Reader {
      return (readers[number] ??= { life: 0, state: undefined, aside: new Set() });
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

    function commit(record: Placed, { log, blob, isNewPlace }: About): void {
      if (!isNewPlace || blob.push === undefined || !index.isKept(log!)) return;
      const pull = furthestPull(logOf(log!), blob.push.ordinal);
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
        op(record, { log: row, ordinal }) {
          if (record.f !== "pull" || record.outcome !== "ok" || record.through === undefined) return;
          if (row === undefined) return;
          const log = logOf(row);
          const furthest = log.pulls[log.pulls.length - 1];
          if (furthest !== undefined && furthest.through! >= record.through) return;
          log.pulls.push(record);
          log.ordinals.push(ordinal);
        },
        ack: commit,
        deliver(record, about) {
          commit(record, about);
          const reader = readerOf(about.reader!);
          if (reader.state === undefined || record.cursor > reader.state.cursor) return;
          if (reader.life !== index.disks.of(record.device) || reader.aside.has(about.blob.number)) return;
          report({
            kind: "late-lower-delivery",
            message:
              `${record.device} took in blob ${shortId(record.blob)} as cursor ${record.cursor} after it had ` +
              `committed everything through ${reader.state.cursor} of ${renderLog(record)}`,
            witness: [reader.state, record],
          });
        },
        quarantine(_record, { reader, blob }) {
          readerOf(reader!).aside.add(blob.number);
        },
        "durable-state"(record, about) {
          if (record.why !== "commit") return;
          const reader = readerOf(about.reader!);
          reader.state = record;
          reader.life = index.disks.of(record.device);
        },
      },
    };
  },
};
