/**
 * What a relay no longer holds, it was allowed to let go. A cursor is answered as gone because it *expired* only after
 * its ttl (the clock faults of the plan are allowed for); because everybody *acknowledged* it only when every device
 * that had come in before the push has durably taken it in; because it *rotted* only when something was done to that
 * relay's disk; because it was *deleted* never, as no operation of a plan deletes. Places that a relay gave before its
 * disk was rolled back are forgotten with the life of that disk.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, OperationRecord } from "../history.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderPlace, shortId } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

interface Held {
  readonly ack: AckRecord;
  readonly life: number;
  readonly push: Push | undefined;
}

interface Push {
  /** Place in the order of records. */
  readonly ordinal: number;
  readonly at: number;
  readonly ttlS: number;
}

interface Log {
  readonly held: Map<number, Held>;
  /** Since when each device is known there. */
  readonly members: Map<string, number>;
  /** The highest cursor that each device's disk held. */
  readonly durable: Map<string, number>;
}

export const retention: Checker = {
  name: "retention",
  holdsWhen: "a payload goes after its ttl or once every known device has acknowledged it, and not before",
  enforces: [14],
  start(plan, report) {
    const logs = new ThreeKeyMap<Log>(() => ({ held: new Map(), members: new Map(), durable: new Map() }));
    const disks = trackDiskLives(plan);
    const pushes = new Map<number, Push>();
    const pushOf = new Map<string, Push>();
    const deviceTtlS = new Map(plan.topology.devices.map((device) => [device.name, device.config.ttlS]));
    const relayTtlS = new Map(plan.topology.relays.map((relay) => [relay.name, relay.config.defaultTtlS]));
    let clockSlackMs = 0;
    for (const step of plan.steps) if (step.do === "clock") clockSlackMs += Math.abs(step.byMs);
    let ordinal = 0;

    function expiryMs({ ack, push }: Held): number {
      const ttlS = push?.ttlS || deviceTtlS.get(ack.device) || relayTtlS.get(ack.relay) || 0;
      return (push?.at ?? ack.at) + 1000 * ttlS - clockSlackMs;
    }

    /** A device that was known before the push and does not have it. */
    function whoLacks(log: Log, cursor: number, push: Push): string | undefined {
      for (const [device, since] of log.members) {
        if (since < push.ordinal && (log.durable.get(device) ?? 0) < cursor) return device;
      }
      return undefined;
    }

    function flawOf(log: Log, cursor: number, held: Held, why: string, at: number): string | undefined {
      switch (why) {
        case "expired": {
          const expiry = expiryMs(held);
          return at < expiry ? `its ttl is over at ${expiry} ms` : undefined;
        }
        case "acknowledged": {
          const lacking = held.push === undefined ? undefined : whoLacks(log, cursor, held.push);
          return lacking === undefined ? undefined : `${lacking} has not taken it in`;
        }
        case "rotted":
          return disks.damage(held.ack.relay) === "none" ? "nothing was done to the relay's disk" : undefined;
        default:
          return "nobody asked for that";
      }
    }

    function judgeGone(record: OperationRecord, relay: string, epoch: string): void {
      const log = logs.get(relay, record.group, epoch);
      if (log === undefined) return;
      for (const { from, to, why } of record.gone ?? []) {
        for (let cursor = from; cursor <= to; cursor++) {
          const held = log.held.get(cursor);
          if (held === undefined || held.life !== disks.of(relay)) continue;
          const flaw = flawOf(log, cursor, held, why, record.at);
          if (flaw === undefined) continue;
          report({
            kind: `${why}-too-early`,
            message:
              `${relay} told ${record.device} at ${record.at} ms that blob ${shortId(held.ack.blob)} ` +
              `(${renderPlace(held.ack)}) is gone, ${why}; but ${flaw}`,
            witness: [held.ack, record],
          });
        }
      }
    }

    return {
      on: {
        op(record) {
          ordinal++;
          if (record.f === "push") {
            if (record.outcome !== "invoke") return;
            pushes.set(record.process, { ordinal, at: record.at, ttlS: record.ttlS ?? 0 });
            return;
          }
          const { relay, epoch } = record;
          if (record.outcome !== "ok" || relay === undefined || epoch === undefined) return;
          if (record.f === "pull") {
            if (record.gone !== undefined && record.gone.length > 0) judgeGone(record, relay, epoch);
          } else {
            const { members } = logs.at(relay, record.group, epoch);
            if (!members.has(record.device)) members.set(record.device, ordinal);
          }
        },
        queued(record) {
          const push = pushes.get(record.process);
          if (push !== undefined) pushOf.set(record.blob, push);
          pushes.delete(record.process);
        },
        ack(record) {
          const { held } = logs.at(record.relay, record.group, record.epoch);
          const life = disks.of(record.relay);
          if (held.get(record.cursor)?.life === life) return;
          held.set(record.cursor, { ack: record, life, push: pushOf.get(record.blob) });
        },
        "durable-state"(record) {
          const { durable } = logs.at(record.relay, record.group, record.epoch);
          if (record.cursor > (durable.get(record.device) ?? 0)) durable.set(record.device, record.cursor);
        },
        fault: (record) => disks.note(record),
      },
    };
  },
};
