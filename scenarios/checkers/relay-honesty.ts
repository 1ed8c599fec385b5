/**
 * A relay cannot lie without being noticed, and is not accused without a reason. As the devices see it, by what senders
 * sealed into their blobs: when a run has converged and a device has a sender's number n, it has every smaller one,
 * except those given up, refused, told lost or set aside, and those whose ttl is over where a relay lost its disk, which
 * nobody pushes again (*omission*); a relay that denies in its Welcome what it had
 * told in that epoch (*rollback*) is accused at once. And where nothing was done to a disk or on the way, no device
 * accuses anybody. (Forks show as chains that differ, `prefix-agreement`; reordering as `session-guarantees`.)
 */
import type { Checker } from "../checker.ts";
import type { AccusedRecord, OperationRecord, PhaseRecord, QueuedRecord } from "../history.ts";
import { CursorRanges } from "./cursor-ranges.ts";
import type { About } from "./about.ts";
import { isDeliveredTo, type BlobRow, type DeviceRow } from "./history-rows.ts";
import { renderLog, shortId } from "./render-place.ts";

/** A device's blobs of one sender. */
interface Seen {
  readonly numbers: CursorRanges;
  highest: number;
}

export const relayHonesty: Checker = {
  name: "relay-honesty",
  holdsWhen: "a relay that omits, replays, forks or rolls back is noticed, and nobody is accused in vain",
  enforces: [1, 3],
  start(_plan, report, index) {
    const { disks, devices, told } = index;
    const isTampered = index.faults.all.some((fault) => fault.do === "toxic" && fault.toxic.type === "tamper");
    /** By the device's number: what it has of each sender, by the sender's id. */
    const seen: Map<string, Seen>[] = [];
    /** The device behind a sender's id, as its delivered blobs show. */
    const senders = new Map<string, string>();
    /** By the device's number: the numbers of its blobs by its sequence numbers. */
    const sent: (number | undefined)[][] = [];
    /** By the blob's number: it never had to arrive. */
    const isExcused: boolean[] = [];
    /** By the reader's number: the highest cursor that it knew of, and a Welcome that denied it. */
    const known: number[] = [];
    const denials = new Map<number, { readonly record: OperationRecord; readonly known: number }>();
    let isConverged = false;
    let end: PhaseRecord | undefined;

    function knows({ reader }: About, cursor: number): void {
      const { number } = reader!;
      if (cursor > (known[number] ?? 0)) known[number] = cursor;
    }

    function judgeWelcome(record: OperationRecord, { reader, invoked: _invoked }: About): void {
      if (reader === undefined || record.max === undefined || !index.isKept(reader.log)) return;
      const highest = known[reader.number] ?? 0;
      if (record.max < highest) denials.set(reader.number, { record, known: highest });
    }

    function judgeDenials(): void {
      for (const { record, known: highest } of denials.values()) {
        report({
          kind: "rollback-unnoticed",
          message:
            `${record.device} was welcomed with ${record.max} as the highest cursor of ` +
            `${renderLog({ relay: record.relay!, epoch: record.epoch! })}, knew of ${highest}, and went on`,
          witness: [record],
        });
      }
      denials.clear();
    }

    function judgeAccusation(record: AccusedRecord): void {
      if (isTampered || disks.damage(record.relay) !== "none") return;
      // A device whose disk was put back acts as two.
      if (record.what === "cloned" && devices.some(({ name }) => disks.damage(name) !== "none")) return;
      const whom = record.what === "cloned" ? `sender ${shortId(record.sender ?? "")}` : record.relay;
      report({
        kind: "accused-in-vain",
        message: `${record.device} accused ${whom} (${record.what}, cursor ${record.cursor} of ${renderLog(record)}) without a reason`,
        witness: [record],
      });
    }

    function judgeMissing(device: DeviceRow, sender: string, { numbers, highest }: Seen, at: PhaseRecord): void {
      const own = sent[index.findDevice(senders.get(sender) ?? "")?.number ?? -1];
      if (own === undefined || disks.damage(senders.get(sender)!) !== "none") return;
      for (
        let gap = numbers.firstMissing(1, highest);
        gap !== undefined;
        gap = numbers.firstMissing(gap.to + 1, highest)
      ) {
        for (let sequence = gap.from; sequence <= gap.to; sequence++) {
          const number = own[sequence];
          if (number === undefined || isExcused[number] === true) continue;
          const blob = index.blobs.numbered(number);
          if (isDeliveredTo(blob, device.name)) continue;
          if (told.isQuarantined(device.name, blob.id) || told.find(device.name, blob.places) !== undefined) continue;
          if (isOver(blob, at.at) && blob.places.some(({ relay }) => disks.damage(relay) === "lost")) continue;
          report({
            kind: "omission-unnoticed",
            message:
              `${device.name} has number ${highest} of ${senders.get(sender)} and not number ${sequence} (blob ` +
              `${shortId(blob.id)}), which was neither given up nor told lost`,
            witness: blob.queued === undefined ? [at] : [blob.queued, at],
          });
        }
      }
    }

    function isOver(blob: BlobRow, atMs: number): boolean {
      const [place] = blob.places;
      return place !== undefined && index.expiresMs(blob, place) <= atMs;
    }

    function noteSent(record: QueuedRecord, { device, blob }: About): void {
      (sent[device.number] ??= [])[record.sequence] = blob.number;
    }

    return {
      on: {
        connect() {
          if (denials.size > 0) judgeDenials();
        },
        "connect-end"(record, about) {
          if (record.outcome === "ok") judgeWelcome(record, about);
        },
        pull(_record, { reader }) {
          if (denials.size > 0 && reader !== undefined && denials.has(reader.number)) judgeDenials();
        },
        "push-end"(record, { pushed }) {
          if (pushed === undefined) return;
          if (record.outcome === "fail" || record.error === "given-up") isExcused[pushed.number] = true;
        },
        queued: noteSent,
        ack: (record, about) => knows(about, record.cursor),
        refused(record, { blob }) {
          if (!record.retryable) isExcused[blob.number] = true;
        },
        deliver(record, { device, blob }) {
          const own = (seen[device.number] ??= new Map());
          let numbers = own.get(record.sender);
          if (numbers === undefined) own.set(record.sender, (numbers = { numbers: new CursorRanges(), highest: 0 }));
          numbers.numbers.add(record.sequence, record.sequence);
          if (record.sequence > numbers.highest) numbers.highest = record.sequence;
          if (!senders.has(record.sender) && blob.queued !== undefined) senders.set(record.sender, blob.queued.device);
        },
        "durable-state"(record, about) {
          knows(about, record.cursor);
        },
        accused(record, { reader }) {
          denials.delete(reader!.number);
          judgeAccusation(record);
        },
        phase(record) {
          isConverged ||= record.phase === "converged";
          if (record.phase === "end") end = record;
        },
      },
      finish() {
        judgeDenials();
        if (end === undefined || !isConverged) return;
        for (const device of devices) {
          const own = seen[device.number];
          if (own === undefined || disks.damage(device.name) !== "none") continue;
          for (const [sender, numbers] of own) judgeMissing(device, sender, numbers, end);
        }
      },
    };
  },
};
