/**
 * What was acknowledged before a pull began is in that pull's range: within an epoch, a page that says it is the last
 * one reaches every cursor that had been acknowledged to anybody when the pull was asked. (That a page which promises
 * more keeps the promise is `paging`; that the highest cursor told covers the acknowledgement is `max-cursor`.)
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, OperationRecord } from "../history.ts";
import type { LogRow } from "./history-rows.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";

export const realTime: Checker = {
  name: "real-time",
  holdsWhen: "what was acknowledged before a pull began is in its range",
  enforces: [1, 3],
  start(_plan, report, index) {
    /** The highest acknowledgement of each log, and the one when a reader's open pull began; by their numbers. */
    const highest: (AckRecord | undefined)[] = [];
    const began: (AckRecord | undefined)[] = [];

    function judgePage(record: OperationRecord, invoke: OperationRecord, log: LogRow, ack: AckRecord): void {
      if (record.hasMore !== false || record.through === undefined || record.through >= ack.cursor) return;
      if (!index.isKept(log)) return;
      report({
        kind: "acknowledged-not-in-range",
        message:
          `${record.device} was answered through ${record.through} of ${renderLog(log)} and that nothing more remains, ` +
          `although blob ${shortId(ack.blob)} had been acknowledged to ${ack.device} as ${renderPlace(ack)} before it asked`,
        witness: [ack, invoke, record],
      });
    }

    return {
      on: {
        pull(_record, { reader }) {
          if (reader !== undefined) began[reader.number] = highest[reader.log.number];
        },
        "pull-end"(record, { reader, invoked }) {
          if (reader === undefined) return;
          const ack = began[reader.number];
          began[reader.number] = undefined;
          if (record.outcome === "ok" && ack !== undefined && invoked !== undefined) {
            judgePage(record, invoked.record, reader.log, ack);
          }
        },
        ack(record, { log }) {
          const { number } = log!;
          const before = highest[number];
          if (before === undefined || record.cursor > before.cursor) highest[number] = record;
        },
      },
    };
  },
};
