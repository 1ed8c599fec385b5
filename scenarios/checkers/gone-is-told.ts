/**
 * What a relay no longer holds is told: every cursor that an answered pull called gone inside its range, and that the
 * device's durable cursor then passed, is told lost to its application by the end (it cannot have been delivered there:
 * the device had not come that far). And nothing else is told lost: every `lost` range was called gone to that device,
 * unless a pull of it ended without a known answer.
 */
import type { Checker } from "../checker.ts";
import type { LostRecord, OperationRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import { renderLog } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

interface Reader {
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
  start(_plan, report) {
    const readers = new ThreeKeyMap<Reader>(() => ({
      gone: new CursorRanges(),
      answers: [],
      told: new CursorRanges(),
      taken: new CursorRanges(),
      lost: [],
      durable: 0,
      isUnsettled: false,
    }));
    /** Undefined once completed: a map that is emptied again and again is made anew each time. */
    const pulls = new Map<number, OperationRecord | undefined>();
    let isEnd = false;

    function reach(record: { device: string; relay: string; epoch: string; cursor: number }): void {
      const reader = readers.at(record.device, record.relay, record.epoch);
      if (record.cursor > reader.durable) reader.durable = record.cursor;
    }

    function complete(record: OperationRecord): void {
      const invoked = pulls.get(record.process);
      pulls.set(record.process, undefined);
      const relay = record.relay ?? invoked?.relay;
      const epoch = record.epoch ?? invoked?.epoch;
      if (relay === undefined || epoch === undefined) return;
      const reader = readers.at(record.device, relay, epoch);
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
        op(record) {
          if (record.f !== "pull") return;
          if (record.outcome === "invoke") pulls.set(record.process, record);
          else complete(record);
        },
        deliver(record) {
          readers.at(record.device, record.relay, record.epoch).taken.add(record.cursor, record.cursor);
        },
        lost(record) {
          const reader = readers.at(record.device, record.relay, record.epoch);
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
        for (const pull of pulls.values()) {
          if (pull?.relay !== undefined && pull.epoch !== undefined) {
            readers.at(pull.device, pull.relay, pull.epoch).isUnsettled = true;
          }
        }
        readers.forEach((reader, device, relay, epoch) => {
          const log = renderLog({ relay, epoch });
          for (const lost of reader.lost) {
            const extra = reader.isUnsettled ? undefined : reader.gone.firstMissing(lost.from, lost.to);
            if (extra === undefined) continue;
            report({
              kind: "lost-but-not-gone",
              message: `${device} was told that ${extra.from} to ${extra.to} of ${log} are lost, but no pull said so`,
              witness: [lost],
            });
          }
          if (!isEnd) return;
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
        });
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
