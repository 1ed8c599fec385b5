/**
 * What a relay no longer holds is told: every cursor that an answered pull called gone inside its range, and that the
 * device's durable cursor then passed, is told lost to its application by the end (it cannot have been delivered there:
 * the device had not come that far). And nothing else is told lost: every `lost` range was called gone to that device,
 * unless a pull of it ended without a known answer.
 */
import type { Checker } from "../checker.ts";
import type { LostRecord, OperationRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import type { About } from "./about.ts";
import type { ReaderRow } from "./history-rows.ts";
import { renderLog } from "./render-place.ts";

interface Reader {
  readonly row: ReaderRow;
  readonly gone: CursorRanges;
  /** Ranges called gone, with the pull that said so. */
  readonly answers: { readonly from: number; readonly to: number; readonly pull: OperationRecord }[];
  readonly told: CursorRanges;
  readonly taken: CursorRanges;
  readonly lost: LostRecord[];
  durable: number;
  isUnsettled: boolean;
}

export const goneIsTold: Checker = {
  name: "gone-is-told",
  holdsWhen: "what was answered as gone and not delivered is told lost, and nothing else is",
  enforces: [7, 14],
  start(_plan, report, { open }) {
    /** By the reader's number. */
    const readers: Reader[] = [];
    let isEnd = false;

    function readerOf(row: ReaderRow): Reader {
      let reader = readers[row.number];
      if (reader === undefined) {
        reader = {
          row,
          gone: new CursorRanges(),
          answers: [],
          told: new CursorRanges(),
          taken: new CursorRanges(),
          lost: [],
          durable: 0,
          isUnsettled: false,
        };
        readers[row.number] = reader;
      }
      return reader;
    }

    function reach(record: { readonly cursor: number }, about: About): void {
      const reader = readerOf(about.reader!);
      if (record.cursor > reader.durable) reader.durable = record.cursor;
    }

    function complete(record: OperationRecord, about: About): void {
      const invoked = about.invoked?.record;
      if (about.reader === undefined) return;
      const reader = readerOf(about.reader);
      if (record.outcome === "info") reader.isUnsettled = true;
      if (record.outcome !== "ok" || record.gone === undefined || record.gone.length === 0) return;
      const after = record.after ?? invoked?.after ?? 0;
      const through = record.through ?? after;
      for (const range of record.gone) {
        const from = Math.max(range.from, after + 1);
        const to = Math.min(range.to, through);
        if (from > to) continue;
        reader.gone.add(from, to);
        reader.answers.push({ from, to, pull: record });
      }
    }

    return {
      on: {
        "pull-end": complete,
        deliver(record, about) {
          readerOf(about.reader!).taken.add(record.cursor, record.cursor);
        },
        lost(record, about) {
          const reader = readerOf(about.reader!);
          reader.told.add(record.from, record.to);
          reader.lost.push(record);
        },
        "durable-state": reach,
        "final-state": reach,
        phase(record) {
          isEnd ||= record.phase === "end";
        },
      },
      finish() {
        for (const { reader } of open.values()) if (reader !== undefined) readerOf(reader).isUnsettled = true;
        for (const reader of readers) {
          if (reader === undefined) continue;
          const device = reader.row.device.name;
          const log = renderLog(reader.row.log);
          for (const lost of reader.lost) {
            const extra = reader.isUnsettled ? undefined : reader.gone.firstMissing(lost.from, lost.to);
            if (extra === undefined) continue;
            report({
              kind: "lost-but-not-gone",
              message: `${device} was told that ${extra.from} to ${extra.to} of ${log} are lost, but no pull said so`,
              witness: [lost],
            });
          }
          if (!isEnd) continue;
          for (const { from, to, pull } of reader.answers) {
            const untold = firstUntold(reader, from, Math.min(to, reader.durable));
            if (untold === undefined) continue;
            report({
              kind: "gone-untold",
              message:
                `cursors ${untold.from} to ${untold.to} of ${log} were called gone to ${device}, which went past ` +
                `them to ${reader.durable} without a word to its application`,
              witness: [pull],
            });
          }
        }
      },
    };

    function firstUntold(reader: Reader, from: number, to: number): { from: number; to: number } | undefined {
      let low = from;
      while (low <= to) {
        const untold = reader.told.firstMissing(low, to);
        if (untold === undefined) return undefined;
        const missing = reader.taken.firstMissing(untold.from, untold.to);
        if (missing !== undefined) return missing;
        low = untold.to + 1;
      }
      return undefined;
    }
  },
};
