/**
 * Acked means durable: whatever a relay acknowledged reaches every member – every device whose first Hello was done
 * before the acknowledgement – through crashes of anyone. Devices that are stuck or stopped are required too: that is
 * the point. Two excuses: the blob was set aside in quarantine there (in a plan that can alter blobs); or its ttl is over
 * *and* its loss was told there (a loss told earlier is a finding of its own; the clock faults of the plan are allowed
 * for). A relay drops what all have acknowledged that it knows: a device that had not been there yet, but at another
 * relay, may be told so.
 *
 * A relay whose disk was wiped, rolled back or did not sync may lose what it acknowledged, but a pusher that kept its
 * own disk pushes again what is within its ttl, so the blob must still arrive. After mere bit rot it is enough that the
 * loss is told. Judged at phase `end` only: a run that was stopped before cannot say.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, LostRecord, PhaseRecord } from "../history.ts";
import { ByNumber } from "./by-number.ts";
import { isDeliveredTo, type BlobRow } from "./history-rows.ts";
import { renderPlace, shortId } from "./render-place.ts";

interface AckedBlob {
  readonly blob: BlobRow;
  readonly ack: AckRecord;
  /** The group's members; those that there were then are the first so many. */
  readonly members: readonly string[];
  readonly count: number;
  /** The first acknowledgement of each relay. */
  readonly acks: AckRecord[];
}

export const ackedDurable: Checker = {
  name: "acked-durable",
  holdsWhen: "every acknowledged blob is delivered to every member, or its loss is told after its ttl",
  enforces: [1, 4],
  start(_plan, report, index) {
    const { disks, told } = index;
    const groups = new Map<string, string[]>();
    /** When each device was first let in, by device and relay. */
    const welcomes = new Map<string, number>();
    /** By the blob's number. */
    const acked = new ByNumber<AckedBlob>();
    let end: PhaseRecord | undefined;

    function membersOf(group: string): string[] {
      let members = groups.get(group);
      if (members === undefined) groups.set(group, (members = []));
      return members;
    }

    /** The device that was told had not been at this relay when it acknowledged the blob. */
    function isStrangerTo(acks: readonly AckRecord[], { device, relay }: LostRecord): boolean {
      const ack = acks.find((each) => each.relay === relay);
      return ack !== undefined && (welcomes.get(`${device} ${relay}`) ?? Number.POSITIVE_INFINITY) > ack.at;
    }

    function judgeMissing(device: string, missing: AckedBlob, endMs: number): void {
      const { ack, blob, acks } = missing;
      if (told.isQuarantined(device, ack.blob) && index.faults.canAlterBlobs()) return;
      const lost = told.find(device, blob.places);
      const expiresMs = index.expiresMs(blob, ack);
      const name = `blob ${shortId(ack.blob)} (acknowledged to ${ack.device} as ${renderPlace(ack)})`;
      if (lost !== undefined && lost.at >= expiresMs) return;
      const isLogLost = acks.every(({ relay }) => disks.damage(relay) === "lost");
      if (isLogLost) {
        if (disks.damage(ack.device) !== "none" || endMs >= expiresMs) return;
      } else if (lost !== undefined) {
        if (acks.some(({ relay }) => disks.damage(relay) !== "none")) return;
        if (lost.why === "acknowledged" && isStrangerTo(acks, lost)) return;
        report({
          kind: "lost-before-ttl",
          message: `${name} was told lost to ${device} at ${lost.at} ms, before its ttl was over at ${expiresMs} ms`,
          witness: [ack, lost],
        });
        return;
      }
      const why = isLogLost ? "although its pusher kept its own copy and the relay lost its disk" : "nor told lost";
      report({
        kind: "acked-blob-missing",
        message: `${name} was never delivered to ${device}, ${why}`,
        witness: [ack],
      });
    }

    return {
      on: {
        "connect-end"(record) {
          if (record.outcome !== "ok") return;
          const members = membersOf(record.group);
          if (!members.includes(record.device)) members.push(record.device);
          const place = `${record.device} ${record.relay}`;
          if (!welcomes.has(place)) welcomes.set(place, record.at);
        },
        ack(record, { blob }) {
          if (blob.isSettled) return;
          const known = acked.get(blob.number);
          if (known === undefined) {
            const members = membersOf(record.group);
            acked.set(blob.number, { blob, ack: record, members, count: members.length, acks: [record] });
          } else if (known.acks.every(({ relay }) => relay !== record.relay)) {
            known.acks.push(record);
          }
        },
        phase(record) {
          if (record.phase === "end") end = record;
        },
      },
      forget({ number }) {
        acked.delete(number);
      },
      finish() {
        if (end === undefined) return;
        for (const each of acked.values()) {
          const { blob, members, count } = each;
          for (let i = 0; i < count; i++) {
            if (!isDeliveredTo(blob, members[i]!)) judgeMissing(members[i]!, each, end.at);
          }
        }
      },
    };
  },
};
