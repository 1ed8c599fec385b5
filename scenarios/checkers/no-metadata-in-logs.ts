/**
 * Logs tell nobody who talks to whom: no line of a daemon's log has a field that is not on the list of what may be
 * logged, or an id, an address, or anything that looks like one (`scenarios/loggable.ts`); nor any operation id, blob id
 * or epoch of the run cut short. In the simulator a relay's events are logged as its daemon would.
 */
import type { Checker } from "../checker.ts";
import type { LogRecord } from "../history.ts";
import { findLogFlaw } from "../loggable.ts";

/** Of a random id eight digits are enough to find it in a history, and do not occur by chance. */
const TELLING_DIGITS = 8;
const DIGITS = /[0-9a-f]{8,}/g;

export const noMetadataInLogs: Checker = {
  name: "no-metadata-in-logs",
  holdsWhen: "no id, address or size is in a log, but for what the list allows",
  enforces: [15],
  start(_plan, report, index) {
    /** Lines that hold hex digits, until the run has told all of its ids; and no more of them than these. */
    const doubtful: LogRecord[] = [];
    const doubtfulMax = 1000;

    return {
      on: {
        log(record) {
          const flaw = findLogFlaw(record.line);
          if (flaw !== undefined) {
            const message = `a line of the log of ${record.host} at ${record.at} ms tells too much: ${flaw.what}`;
            report({ kind: flaw.kind, message, witness: [record] });
          } else if (record.line.search(DIGITS) >= 0 && doubtful.length < doubtfulMax) {
            doubtful.push(record);
          }
        },
      },
      finish() {
        if (doubtful.length === 0) return;
        const ids = new Set<string>();
        const add = (id: string): void => void ids.add(id.slice(0, TELLING_DIGITS));
        index.blobs.forEachId(add);
        for (const { push } of index.blobs.rows()) if (push?.invoke.op !== undefined) add(push.invoke.op);
        for (const { epoch } of index.logs) add(epoch);
        for (const record of doubtful) {
          const found = record.line.match(DIGITS)?.find((digits) => ids.has(digits.slice(0, TELLING_DIGITS)));
          if (found === undefined) continue;
          const message = `a line of the log of ${record.host} at ${record.at} ms has the beginning of an id: ${found}`;
          report({ kind: "short-id-in-log", message, witness: [record] });
        }
      },
    };
  },
};
