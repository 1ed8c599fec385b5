/**
 * Cursors become visible in order: once a device has taken in everything through cursor k, nothing at or below k may
 * appear. Seen at the device: a delivery at or below the cursor of an earlier commit there (unless the blob was in
 * quarantine). Seen at the relay: a blob whose push was not even invoked when somebody's pull was answered through k,
 * and which then gets a cursor of k or less. Read-backs after a crash do not count as commits here: they may run ahead
 * of the deliveries that belong to them.
 */
import type { Checker } from "../checker.ts";
import type { DurableStateRecord, OperationRecord } from "../history.ts";
import { ByNumber } from "./by-number.ts";
import type { About } from "./about.ts";
import type { Placed, ReaderRow } from "./history-rows.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";

/** By the log's number: the answered pull that reached furthest. */
type Reached = (OperationRecord | undefined)[];

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
    const reached: Reached = [];
    /** What was reached when a push was invoked, by its number; pushes between which nothing changed share it. */
    const reachedBefore = new ByNumber<Readonly<Reached>>();
    let latest: Readonly<Reached> = [];
    let isLatest = true;
    /** By the reader's number. */
    const readers: Reader[] = [];

    function readerOf({ number }: ReaderRow): Reader {
      return (readers[number] ??= { life: 0, state: undefined, aside: new Set() });
    }

    function noteReached(_record: OperationRecord, { push }: About): void {
      if (!isLatest) latest = reached.slice();
      isLatest = true;
      reachedBefore.set(push!.number, latest);
    }

    function notePull(record: OperationRecord, { log }: About): void {
      if (record.outcome !== "ok" || log === undefined) return;
      if (record.through === undefined || record.through <= (reached[log.number]?.through ?? -1)) return;
      reached[log.number] = record;
      isLatest = false;
    }

    function commit(record: Placed, { log, blob, isNewPlace }: About): void {
      if (!isNewPlace || blob.push === undefined || !index.isKept(log!)) return;
      const pull = reachedBefore.get(blob.push.number)?.[log!.number];
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
        push: noteReached,
        "pull-end": notePull,
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
      forget(_blob, push) {
        if (push !== undefined) reachedBefore.delete(push.number);
      },
    };
  },
};
