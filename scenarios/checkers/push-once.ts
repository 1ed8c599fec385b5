/**
 * A push is idempotent: within an epoch of a relay's log a blob has one cursor, however often it was sent, whoever
 * tells of it. Acknowledgements and deliveries are compared. (The other direction, one cursor one blob, is
 * `cursor-binding`.)
 */
import type { Checker } from "../checker.ts";
import type { About } from "./about.ts";
import type { Placed } from "./history-rows.ts";
import { renderLog, shortId } from "./render-place.ts";

export const pushOnce: Checker = {
  name: "push-once",
  holdsWhen: "a blob has one cursor per relay and epoch, however often it was sent",
  enforces: [2],
  start(_plan, report, index) {
    function see(record: Placed, { firstCursor, firstPlace: first, log }: About): void {
      if (firstCursor === record.cursor || !index.isKept(log!)) return;
      report({
        kind: "second-cursor",
        message:
          `blob ${shortId(record.blob)} has two cursors at ${renderLog(record)}: ${firstCursor}` +
          `${first === undefined ? "" : ` by the ${first.type} of ${first.device}`}, ${record.cursor} by the ${record.type} of ${record.device}`,
        witness: first === undefined ? [record] : [first, record],
      });
    }

    return { on: { ack: see, deliver: see } };
  },
};
