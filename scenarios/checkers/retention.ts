/**
 * What a relay no longer holds, it was allowed to let go. A cursor is answered as gone because it *expired* only after
 * its ttl (the clock faults of the plan are allowed for); because everybody *acknowledged* it only when every device
 * that had come in before the push has durably taken it in; because it *rotted* only when something was done to that
 * relay's disk; because it was *deleted* never, as no operation of a plan deletes. Places that a relay gave before its
 * disk was rolled back are forgotten with the life of that disk.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, OperationRecord } from "../history.ts";
import type { LogRow, PlaceRow, PushRow } from "./history-rows.ts";
import { renderPlace, shortId } from "./render-place.ts";

interface Log {
  /** By the device's number: since when it is known there, and the highest cursor that its disk held. */
  readonly members: { readonly device: string; readonly number: number; readonly since: number }[];
  readonly durable: number[];
}

export const retention: Checker = {
  name: "retention",
  holdsWhen: "a payload goes after its ttl or once every known device has acknowledged it, and not before",
  enforces: [14],
  start(_plan, report, index) {
    const { disks } = index;
    /** By the log's number. */
    const logs: Log[] = [];

    function logOf({ number }: LogRow): Log {
      return (logs[number] ??= { members: [], durable: [] });
    }

    /** A device that was known before the push and does not have it. */
    function whoLacks({ members, durable }: Log, cursor: number, push: PushRow): string | undefined {
      return members.find(({ since, number }) => since < push.ordinal && (durable[number] ?? 0) < cursor)?.device;
    }

    function flawOf(place: PlaceRow, ack: AckRecord, why: string, at: number): string | undefined {
      const { blob } = place;
      const push = blob && index.pushOf(blob);
      switch (why) {
        case "expired": {
          if (blob === undefined) return undefined;
          const expiresMs = index.expiresMs(blob, ack);
          return at < expiresMs ? `its ttl is over at ${expiresMs} ms` : undefined;
        }
        case "acknowledged": {
          const lacking = push === undefined ? undefined : whoLacks(logOf(place.log), place.cursor, push);
          return lacking === undefined ? undefined : `${lacking} has not taken it in`;
        }
        case "rotted":
          return disks.damage(ack.relay) === "none" ? "nothing was done to the relay's disk" : undefined;
        default:
          return "nobody asked for that";
      }
    }

    function judgeGone(record: OperationRecord, { relay, places }: LogRow): void {
      for (const { from, to, why } of record.gone ?? []) {
        const last = Math.min(to, places.length - 1);
        for (let cursor = from; cursor <= last; cursor++) {
          const place = places[cursor];
          const ack = place?.ack;
          if (place === undefined || ack === undefined || place.ackLife !== disks.of(relay)) continue;
          const flaw = flawOf(place, ack, why, record.at);
          if (flaw === undefined) continue;
          report({
            kind: `${why}-too-early`,
            message:
              `${relay} told ${record.device} at ${record.at} ms that blob ${shortId(ack.blob)} ` +
              `(${renderPlace(ack)}) is gone, ${why}; but ${flaw}`,
            witness: [ack, record],
          });
        }
      }
    }

    return {
      on: {
        "pull-end"(record, { log }) {
          if (record.outcome !== "ok" || log === undefined) return;
          if (record.gone !== undefined && record.gone.length > 0) judgeGone(record, log);
        },
        "connect-end"(record, { log, device, ordinal }) {
          if (record.outcome !== "ok" || log === undefined) return;
          const { members } = logOf(log);
          const { name, number } = device;
          if (!members.some((member) => member.number === number)) {
            members.push({ device: name, number, since: ordinal });
          }
        },
        "durable-state"(record, { log, device }) {
          const { durable } = logOf(log!);
          if (record.cursor > (durable[device.number] ?? 0)) durable[device.number] = record.cursor;
        },
      },
    };
  },
};
