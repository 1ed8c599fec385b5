/**
 * Limits and byte budgets cut the stream into pages and change nothing of it. Each page accounts for its whole range:
 * as many blobs and gone cursors as lie in (after, through]. It says that more remains exactly when its range ends
 * before the highest cursor that it tells, and it never promises more without getting on. And the stream is one: what a
 * page called gone is not served by a page that was asked for later.
 */
import type { Checker } from "../checker.ts";
import type { DeliverRecord, OperationRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import type { About, Invoked } from "./about.ts";
import { renderLog, renderPlace } from "./render-place.ts";

interface Gone {
  readonly ranges: CursorRanges;
  /** The latest answers that named something new, with their places in the order of records. */
  readonly answers: {
    readonly from: number;
    readonly to: number;
    readonly ordinal: number;
    readonly pull: OperationRecord;
  }[];
}

/** Of older answers it is only known that they are gone, not who said so. */
const ANSWERS_KEPT = 256;

/** Written only for a finding: pages are many. */
function pageOf(record: OperationRecord): string {
  return `a page of ${renderLog({ relay: record.relay!, epoch: record.epoch! })} for ${record.device}`;
}

export const paging: Checker = {
  name: "paging",
  holdsWhen: "pages account for their whole range, say truly whether more remains, and agree with one another",
  enforces: [11],
  start(_plan, report, index) {
    /** By the log's and by the reader's number. */
    const gones: Gone[] = [];
    const asked: (Invoked | undefined)[] = [];

    function judgePage(record: OperationRecord): void {
      const { after = 0, through, max, blobs, hasMore, gone = [] } = record;
      if (through === undefined || max === undefined || blobs === undefined || hasMore === undefined) return;
      let accounted = blobs;
      for (const { from, to } of gone) accounted += Math.min(to, through) - Math.max(from, after + 1) + 1;
      if (accounted !== through - after) {
        const message = `${pageOf(record)} goes from ${after} to ${through} with ${accounted} blobs and gone cursors`;
        report({ kind: "page-unaccounted", message, witness: [record] });
      }
      if (hasMore !== through < max) {
        const said = hasMore ? "that more remains" : "that nothing more remains";
        const message = `${pageOf(record)} ends at ${through}, tells of ${max} and says ${said}`;
        report({ kind: "has-more-untrue", message, witness: [record] });
      }
      if (hasMore && through === after) {
        const message = `${pageOf(record)} says that more remains and stays at ${after}`;
        report({ kind: "page-stands-still", message, witness: [record] });
      }
    }

    function noteGone(record: OperationRecord, about: About): void {
      const gone = (gones[about.log!.number] ??= { ranges: new CursorRanges(), answers: [] });
      for (const { from, to, why } of record.gone ?? []) {
        // A row that rotted may be read again with luck.
        if (why === "rotted" || gone.ranges.firstMissing(from, to) === undefined) continue;
        gone.ranges.add(from, to);
        if (gone.answers.push({ from, to, ordinal: about.ordinal, pull: record }) > ANSWERS_KEPT) gone.answers.shift();
      }
    }

    function judgeServed(record: DeliverRecord, { log, reader }: About): void {
      const gone = gones[log!.number];
      const pull = asked[reader!.number];
      if (gone === undefined || pull === undefined || !gone.ranges.has(record.cursor) || !index.isKept(log!)) return;
      const said = gone.answers.find(({ from, to }) => from <= record.cursor && record.cursor <= to);
      if (said === undefined || said.ordinal > pull.ordinal) return;
      report({
        kind: "gone-came-back",
        message:
          `${renderPlace(record)} was answered as gone to ${said.pull.device}, and served to ${record.device}, which ` +
          `asked later`,
        witness: [said.pull, pull.record, record],
      });
    }

    return {
      on: {
        "pull-end"(record, about) {
          if (record.outcome !== "ok" || about.reader === undefined) return;
          asked[about.reader.number] = about.invoked;
          judgePage(record);
          if (record.gone !== undefined && record.gone.length > 0) noteGone(record, about);
        },
        deliver(record, about) {
          if (gones.length > 0) judgeServed(record, about);
        },
      },
    };
  },
};
