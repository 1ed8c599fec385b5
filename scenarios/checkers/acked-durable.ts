/**
 * Acked means durable: whatever a relay acknowledged reaches every member – every device whose first Hello was done
 * before the acknowledgement – through crashes of anyone. Devices that are stuck or stopped are required too: that is
 * the point. Two excuses: the blob was set aside in quarantine there (in a plan that can alter blobs); or its ttl is over *and* its loss was told there
 * (a loss told earlier is a finding of its own; the clock faults of the plan are allowed for).
 *
 * A relay whose disk was wiped, rolled back or did not sync may lose what it acknowledged, but a pusher that kept its
 * own disk pushes again what is within its ttl, so the blob must still arrive. After mere bit rot it is enough that the
 * loss is told. Judged at phase `end` only: a run that was stopped before cannot say.
 */
import type { Checker } from "../checker.ts";
import { canAlterBlobs } from "./alterable.ts";
import type { AckRecord, PhaseRecord } from "../history.ts";
import { BlobExpiry } from "./blob-expiry.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderPlace, shortId } from "./render-place.ts";
import { BlobPlaces, ToldLosses } from "./told-losses.ts";

interface AckedBlob {
  readonly ack: AckRecord;
  /** How many of the group's members there were. */
  readonly members: number;
  readonly relays: string[];
}

interface Members {
  readonly names: string[];
  readonly blobs: Map<string, AckedBlob>;
}

export const ackedDurable: Checker = {
  name: "acked-durable",
  holdsWhen: "every acknowledged blob is delivered to every member, or its loss is told after its ttl",
  enforces: [1, 4],
  start(plan, report) {
    const groups = new Map<string, Members>();
    const delivered = new Map<string, Set<string>>();
    const places = new BlobPlaces();
    const told = new ToldLosses();
    const disks = trackDiskLives(plan);
    const expiry = new BlobExpiry(plan);
    let end: PhaseRecord | undefined;

    function membersOf(group: string): Members {
      let members = groups.get(group);
      if (members === undefined) groups.set(group, (members = { names: [], blobs: new Map() }));
      return members;
    }

    function judgeMissing(device: string, acked: AckedBlob, endMs: number): void {
      const { ack } = acked;
      if (told.isQuarantined(device, ack.blob) && canAlterBlobs(plan)) return;
      const lost = told.find(device, places.of(ack.group, ack.blob));
      const expiresMs = expiry.atMs(ack);
      const name = `blob ${shortId(ack.blob)} (acknowledged to ${ack.device} as ${renderPlace(ack)})`;
      if (lost !== undefined && lost.at >= expiresMs) return;
      const isLogLost = acked.relays.every((relay) => disks.damage(relay) === "lost");
      if (isLogLost) {
        if (disks.damage(ack.device) !== "none" || endMs >= expiresMs) return;
      } else if (lost !== undefined) {
        if (acked.relays.some((relay) => disks.damage(relay) !== "none")) return;
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
        op(record) {
          expiry.op(record);
          if (record.f === "connect" && record.outcome === "ok") {
            const { names } = membersOf(record.group);
            if (!names.includes(record.device)) names.push(record.device);
          }
        },
        queued: (record) => expiry.queued(record),
        ack(record) {
          places.add(record);
          const members = membersOf(record.group);
          const acked = members.blobs.get(record.blob);
          if (acked === undefined) {
            members.blobs.set(record.blob, { ack: record, members: members.names.length, relays: [record.relay] });
          } else if (!acked.relays.includes(record.relay)) {
            acked.relays.push(record.relay);
          }
        },
        deliver(record) {
          places.add(record);
          let blobs = delivered.get(record.device);
          if (blobs === undefined) delivered.set(record.device, (blobs = new Set()));
          blobs.add(record.blob);
        },
        quarantine: (record) => told.quarantined(record),
        lost: (record) => told.lost(record),
        fault: (record) => disks.note(record),
        phase(record) {
          if (record.phase === "end") end = record;
        },
      },
      finish() {
        if (end === undefined) return;
        for (const { names, blobs } of groups.values()) {
          for (let i = 0; i < names.length; i++) {
            const device = names[i]!;
            const has = delivered.get(device);
            for (const acked of blobs.values()) {
              if (i < acked.members && !(has?.has(acked.ack.blob) ?? false)) judgeMissing(device, acked, end.at);
            }
          }
        }
      },
    };
  },
};
