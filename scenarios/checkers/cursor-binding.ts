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
import { CursorRanges } from "./cursor-ranges.ts";
import type { About } from "./about.ts";
import type { Binding, LogRow, State } from "./history-rows.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";

interface Log {
  readonly row: LogRow;
  /** Without those that named a blob: these are places of the row. */
  readonly gone: CursorRanges;
  highest: State | undefined;
}

export const cursorBinding: Checker = {
  name: "cursor-binding",
  holdsWhen: "a cursor names one blob for all devices and all time of an epoch, and none is left out",
  enforces: [3],
  start(plan, report, index) {
    const logs: Log[] = [];
    const hasSpareRelays = plan.topology.devices.some((device) => device.relays.length > 1);
    let isConverged = false;
    let isEnd = false;

    function logOf(row: LogRow): Log {
      let log = logs[row.number];
      if (log === undefined) logs[row.number] = log = { row, gone: new CursorRanges(), highest: undefined };
      return log;
    }

    function bind(record: Binding, { place, log }: About): void {
      const first = place!.first!;
      if (first === record || first.blob === record.blob || !index.isKept(log!)) return;
      report({
        kind: "cursor-reused",
        message:
          `${renderPlace(record)} is blob ${shortId(first.blob)} by the ${first.type} of ${first.device} and blob ` +
          `${shortId(record.blob)} by the ${record.type} of ${record.device}`,
        witness: [first, record],
      });
    }

    function reach(record: State, about: About): void {
      const log = logOf(about.log!);
      if (log.highest === undefined || record.cursor > log.highest.cursor) log.highest = record;
    }

    /** The first stretch up to `last` that was neither named nor called gone. */
    function holeOf({ row, gone }: Log, last: number): { readonly from: number; readonly to: number } | undefined {
      const { places, settled } = row;
      for (let from = 1; ; from++) {
        const missing = gone.firstMissing(from, last);
        if (missing === undefined) return undefined;
        from = missing.from;
        if (places[from]?.first !== undefined || settled.has(from)) continue;
        const end = Math.min(missing.to, places.length - 1);
        let to = from;
        while (to < end && places[to + 1]?.first === undefined && !settled.has(to + 1)) to++;
        return { from, to: to < end ? to : end === places.length - 1 ? missing.to : to };
      }
    }

    return {
      on: {
        "pull-end"(record, { log }) {
          if (record.outcome !== "ok" || log === undefined) return;
          const { after = 0, through = 0, gone = [] } = record;
          let held = record.blobs ?? 0;
          for (const range of gone) {
            logOf(log).gone.add(range.from, range.to);
            held += range.to - range.from + 1;
          }
          if (hasSpareRelays && through > after && held === through - after) logOf(log).gone.add(after + 1, through);
        },
        ack: bind,
        deliver: bind,
        quarantine: bind,
        lost(record, { log }) {
          logOf(log!).gone.add(record.from, record.to);
        },
        "durable-state": reach,
        "final-state": reach,
        phase(record) {
          isConverged ||= record.phase === "converged";
          isEnd ||= record.phase === "end";
        },
      },
      finish() {
        if (!isEnd || (hasSpareRelays && !isConverged)) return;
        for (const log of logs) {
          if (log?.highest === undefined || !log.row.isFirstEpoch || !index.isKept(log.row)) continue;
          const hole = holeOf(log, log.highest.cursor);
          if (hole === undefined) continue;
          const cursors = hole.from === hole.to ? `cursor ${hole.from}` : `cursors ${hole.from} to ${hole.to}`;
          report({
            kind: "cursor-hole",
            message:
              `${cursors} of ${renderLog(log.highest)} never named a blob and were never called gone, although ` +
              `${log.highest.device} reached ${log.highest.cursor}`,
            witness: [log.highest],
          });
        }
      },
    };
  },
};
