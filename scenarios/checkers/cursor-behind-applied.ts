/**
 * A device's durable cursor is never ahead of what it durably took in: at each read-back of its disk every cursor up
 * to the durable one was delivered, set aside in quarantine or told lost there. And synced is synced: after a commit
 * neither the inbox nor the cursor of that log is ever seen smaller, crashes included.
 *
 * A device that follows several logs drops a blob that it has already, without a record: there a cursor counts as
 * taken in when nothing tells which blob it names, or when that blob was delivered by another way. What a *crash*
 * shows may run ahead of the records of its commit, so it is held until the device's next commit, or the end. After
 * the plan took the device's own disk, what it had is no longer demanded; nor what it had of an epoch that it had left,
 * and that came back with a relay that was rolled back: it begins there again.
 */
import type { Checker } from "../checker.ts";
import type { DurableStateRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import type { About } from "./about.ts";
import { isDeliveredTo, type DeviceRow, type ReaderRow, type State } from "./history-rows.ts";
import { renderLog } from "./render-place.ts";

interface Intake {
  readonly reader: ReaderRow;
  readonly covered: CursorRanges;
  committed: State | undefined;
  committedLife: number;
}

interface Device {
  logs: number;
  /** Where it stood last, by relay. */
  readonly at: Map<string, ReaderRow>;
  rows: number;
  /** The state at which these rows were committed; `rowsLife` = -1: none yet. */
  rowsBy: State | undefined;
  rowsCommitted: number;
  rowsLife: number;
  /** Crash read-backs whose deliveries are still awaited, the latest of each log. */
  held: { readonly state: DurableStateRecord; readonly intake: Intake }[];
}

export const cursorBehindApplied: Checker = {
  name: "cursor-behind-applied",
  holdsWhen: "a durable cursor is never ahead of what is durably in the inbox, and neither shrinks",
  enforces: [3, 5],
  start(_plan, report, index) {
    const { disks } = index;
    /** By the reader's and by the device's number. */
    const intakes: Intake[] = [];
    const devices: Device[] = [];
    let isEnd = false;

    function deviceOf({ number }: DeviceRow): Device {
      let device = devices[number];
      if (device === undefined) {
        device = { logs: 0, at: new Map(), rows: 0, rowsBy: undefined, rowsCommitted: 0, rowsLife: -1, held: [] };
        devices[number] = device;
      }
      return device;
    }

    function intakeOf(device: Device, reader: ReaderRow): Intake {
      let intake = intakes[reader.number];
      if (intake === undefined) {
        intake = { reader, covered: new CursorRanges(), committed: undefined, committedLife: 0 };
        intakes[reader.number] = intake;
        device.logs++;
      }
      return intake;
    }

    /** An epoch that it had left is there again, with a relay that was rolled back. */
    function isBegunAgain(device: Device, reader: ReaderRow): boolean {
      const before = device.at.get(reader.log.relay);
      device.at.set(reader.log.relay, reader);
      return before !== undefined && before !== reader && !index.isKept(reader.log);
    }

    /** The first stretch up to `cursor` that cannot have been taken in; what is excused is remembered as covered. */
    function missing(device: Device, intake: Intake, record: State): { from: number; to: number } | undefined {
      let gap = intake.covered.firstMissing(1, record.cursor);
      if (device.logs === 1) return gap;
      const { log } = intake.reader;
      // What stood at a cursor before its relay was rolled back need not be what stands there now.
      const places = index.isKept(log) ? log.places : [];
      while (gap !== undefined) {
        const last = Math.min(gap.to, places.length - 1);
        for (let cursor = gap.from; cursor <= last; cursor++) {
          const blob = places[cursor]?.blob;
          if (blob !== undefined && !isDeliveredTo(blob, record.device)) return { from: cursor, to: cursor };
        }
        intake.covered.add(gap.from, gap.to);
        gap = intake.covered.firstMissing(1, record.cursor);
      }
      return undefined;
    }

    function checkCoverage(device: Device, intake: Intake, record: State): void {
      const gap = missing(device, intake, record);
      if (gap === undefined) return;
      const cursors = gap.from === gap.to ? `cursor ${gap.from}` : `cursors ${gap.from} to ${gap.to}`;
      report({
        kind: "cursor-ahead-of-inbox",
        message:
          `${record.device} stands durably at ${record.cursor} of ${renderLog(record)} without having taken in ` +
          cursors,
        witness: [record],
      });
    }

    function releaseHeld(device: Device): void {
      if (device.held.length === 0) return;
      const held = device.held;
      device.held = [];
      for (const { state, intake } of held) checkCoverage(device, intake, state);
    }

    function see(record: State, about: About): void {
      const device = deviceOf(about.device);
      const intake = intakeOf(device, about.reader!);
      if (isBegunAgain(device, about.reader!)) intake.committed = undefined;
      const life = disks.of(record.device);
      const { committed } = intake;
      if (committed !== undefined && intake.committedLife === life && record.cursor < committed.cursor) {
        report({
          kind: "cursor-fell",
          message:
            `${record.device} stands at ${record.cursor} of ${renderLog(record)} after it had committed ` +
            `${committed.cursor}`,
          witness: [committed, record],
        });
      }
      if (device.rowsBy !== undefined && device.rowsLife === life && record.inbox < device.rowsCommitted) {
        report({
          kind: "inbox-shrank",
          message:
            `${record.device} has ${record.inbox} rows in its inbox after ${device.rowsCommitted} had been ` +
            `delivered and committed`,
          witness: [device.rowsBy, record],
        });
      }
      if (record.type === "durable-state" && record.why === "crash") {
        device.held = device.held.filter((held) => held.intake !== intake);
        device.held.push({ state: record, intake });
        return;
      }
      releaseHeld(device);
      checkCoverage(device, intake, record);
      if (committed === undefined || intake.committedLife !== life || record.cursor > committed.cursor) {
        intake.committed = record;
        intake.committedLife = life;
      }
      if (device.rowsLife !== life || device.rowsBy === undefined) {
        // A disk that was replaced holds what it says it holds.
        device.rowsCommitted = device.rowsLife === -1 && life === 0 ? device.rows : record.inbox;
        device.rowsLife = life;
        device.rowsBy = record;
        device.rows = device.rowsCommitted;
      } else if (device.rows > device.rowsCommitted) {
        device.rowsCommitted = device.rows;
        device.rowsBy = record;
      }
    }

    return {
      on: {
        deliver(record, about) {
          const device = deviceOf(about.device);
          device.rows++;
          intakeOf(device, about.reader!).covered.add(record.cursor, record.cursor);
        },
        quarantine(record, about) {
          intakeOf(deviceOf(about.device), about.reader!).covered.add(record.cursor, record.cursor);
        },
        lost(record, about) {
          intakeOf(deviceOf(about.device), about.reader!).covered.add(record.from, record.to);
        },
        "durable-state": see,
        "final-state": see,
        phase(record) {
          isEnd ||= record.phase === "end";
        },
      },
      finish() {
        if (isEnd) for (const device of devices) if (device !== undefined) releaseHeld(device);
      },
    };
  },
};
