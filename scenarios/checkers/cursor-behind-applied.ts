/**
 * A device's durable cursor is never ahead of what it durably took in: at each read-back of its disk every cursor up
 * to the durable one was delivered, set aside in quarantine or told lost there. And synced is synced: after a commit
 * neither the inbox nor the cursor of that log is ever seen smaller, crashes included.
 *
 * A device that follows several logs drops a blob that it has already, without a record: there a cursor counts as
 * taken in when nothing tells which blob it names, or when that blob was delivered by another way. What a *crash*
 * shows may run ahead of the records of its commit, so it is held until the device's next commit, or the end. After
 * the plan took the device's own disk, what it had is no longer demanded.
 */
import type { Checker } from "../checker.ts";
import type { DeliverRecord, DurableStateRecord, FinalStateRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderLog } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

type State = DurableStateRecord | FinalStateRecord;

interface Intake {
  isKnown: boolean;
  readonly covered: CursorRanges;
  committed: State | undefined;
  committedLife: number;
}

interface Device {
  logs: number;
  readonly delivered: Set<string>;
  rows: number;
  /** The state at which these rows were committed; `rowsLife` = -1: none yet. */
  rowsBy: State | undefined;
  rowsCommitted: number;
  rowsLife: number;
  /** Crash read-backs whose deliveries are still awaited, the latest of each log. */
  held: DurableStateRecord[];
}

export const cursorBehindApplied: Checker = {
  name: "cursor-behind-applied",
  holdsWhen: "a durable cursor is never ahead of what is durably in the inbox, and neither shrinks",
  enforces: [3, 5],
  start(plan, report) {
    const intakes = new ThreeKeyMap<Intake>(() => ({
      isKnown: false,
      covered: new CursorRanges(),
      committed: undefined,
      committedLife: 0,
    }));
    const bindings = new ThreeKeyMap<Map<number, string>>(() => new Map());
    const devices = new Map<string, Device>();
    const disks = trackDiskLives(plan);
    let isEnd = false;

    function deviceOf(name: string): Device {
      let device = devices.get(name);
      if (device === undefined) {
        device = {
          logs: 0,
          delivered: new Set(),
          rows: 0,
          rowsBy: undefined,
          rowsCommitted: 0,
          rowsLife: -1,
          held: [],
        };
        devices.set(name, device);
      }
      return device;
    }

    function intakeOf(device: Device, record: { device: string; relay: string; epoch: string }): Intake {
      const intake = intakes.at(record.device, record.relay, record.epoch);
      if (!intake.isKnown) {
        intake.isKnown = true;
        device.logs++;
      }
      return intake;
    }

    /** The first stretch up to `cursor` that cannot have been taken in; what is excused is remembered as covered. */
    function missing(device: Device, intake: Intake, record: State): { from: number; to: number } | undefined {
      let gap = intake.covered.firstMissing(1, record.cursor);
      if (device.logs === 1) return gap;
      const blobs = bindings.get(record.relay, record.group, record.epoch);
      while (gap !== undefined) {
        if (blobs !== undefined) {
          if (gap.to - gap.from < blobs.size) {
            for (let cursor = gap.from; cursor <= gap.to; cursor++) {
              const blob = blobs.get(cursor);
              if (blob !== undefined && !device.delivered.has(blob)) return { from: cursor, to: cursor };
            }
          } else {
            for (const [cursor, blob] of blobs) {
              const isInside = cursor >= gap.from && cursor <= gap.to;
              if (isInside && !device.delivered.has(blob)) return { from: cursor, to: cursor };
            }
          }
        }
        intake.covered.add(gap.from, gap.to);
        gap = intake.covered.firstMissing(1, record.cursor);
      }
      return undefined;
    }

    function checkCoverage(device: Device, record: State): void {
      const gap = missing(device, intakeOf(device, record), record);
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
      for (const state of held) checkCoverage(device, state);
    }

    function see(record: State): void {
      const device = deviceOf(record.device);
      const intake = intakeOf(device, record);
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
        device.held = device.held.filter((state) => state.relay !== record.relay || state.epoch !== record.epoch);
        device.held.push(record);
        return;
      }
      releaseHeld(device);
      checkCoverage(device, record);
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

    function bind(record: { relay: string; group: string; epoch: string; cursor: number; blob: string }): void {
      bindings.at(record.relay, record.group, record.epoch).set(record.cursor, record.blob);
    }

    return {
      on: {
        deliver(record: DeliverRecord) {
          bind(record);
          const device = deviceOf(record.device);
          device.delivered.add(record.blob);
          device.rows++;
          intakeOf(device, record).covered.add(record.cursor, record.cursor);
        },
        ack: bind,
        quarantine(record) {
          intakeOf(deviceOf(record.device), record).covered.add(record.cursor, record.cursor);
        },
        lost(record) {
          intakeOf(deviceOf(record.device), record).covered.add(record.from, record.to);
        },
        "durable-state": see,
        "final-state": see,
        fault: (record) => disks.note(record),
        phase(record) {
          isEnd ||= record.phase === "end";
        },
      },
      finish() {
        if (isEnd) for (const device of devices.values()) releaseHeld(device);
      },
    };
  },
};
