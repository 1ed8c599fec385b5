/**
 * A queued blob leaves the device's sent log only after a definite answer: an acknowledgement, a refusal that is not
 * retryable, or its own giving up (`given-up`). So every read-back of the outbox lists all that was queued and not
 * answered; when the run converged, everything is answered; and a device's blobs stand in each log in the order in
 * which it queued them. What a device queued before the plan took its own disk is no longer demanded. No order is
 * demanded of
 *
 * - what a relay once put off by a retryable refusal;
 * - a relay of which rows may have rotted: it takes a blob anew whose id it does not know any more;
 * - what has a ttl of its own, of a device whose clock the plan sets: it may be passed over, and come later.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, PhaseRecord, QueuedRecord } from "../history.ts";
import { ByNumber } from "./by-number.ts";
import type { About } from "./about.ts";
import type { BlobRow, DeviceRow, State } from "./history-rows.ts";
import { renderPlace, shortId } from "./render-place.ts";

interface SentLog {
  readonly device: DeviceRow;
  readonly life: number;
  /** Blobs that had no answer when they were last looked through; answered ones go when it has grown to `fullAt`. */
  queued: BlobRow[];
  fullAt: number;
}

/** The blobs of one device in one log, ascending by sequence number; the oldest go. */
interface Order {
  readonly life: number;
  readonly relayLife: number;
  readonly sequences: number[];
  readonly acks: AckRecord[];
}

/** An acknowledgement that comes later than so many after it is compared with these only. */
const PLACED_KEPT = 2048;

export const sentLog: Checker = {
  name: "sent-log",
  holdsWhen: "a queued blob stays until a definite answer, and the order of each device is kept",
  enforces: [9],
  start(_plan, report, index) {
    const { disks } = index;
    /** By the device's and by the reader's number. */
    const sentLogs: SentLog[] = [];
    const orders: Order[] = [];
    /** By the blob's number: how it was queued, until it is answered; kept here, as a settled blob has no records. */
    const waiting = new ByNumber<QueuedRecord>();
    const wasPutOff: boolean[] = [];
    /** Relays of which rows may rot. */
    const rotting = new Set<string>();
    /** Devices whose clock the plan sets. */
    const clocks = new Set<string>();
    for (const fault of index.faults.all) {
      if (fault.do === "clock") clocks.add(fault.host);
      else if (fault.do === "disk" && fault.disk.type === "bit-rot") rotting.add(fault.host);
    }
    let isConverged = false;
    let end: PhaseRecord | undefined;

    function sentLogOf(device: DeviceRow): SentLog {
      const life = disks.of(device.name);
      let sent = sentLogs[device.number];
      if (sent === undefined || sent.life !== life) {
        sent = { device, life, queued: [], fullAt: 64 };
        sentLogs[device.number] = sent;
      }
      return sent;
    }

    function prune(sent: SentLog): BlobRow[] {
      sent.queued = sent.queued.filter((blob) => waiting.get(blob.number) !== undefined);
      sent.fullAt = 2 * sent.queued.length + 64;
      return sent.queued;
    }

    function answered(blob: BlobRow, device: string): void {
      if (waiting.get(blob.number)?.device === device) waiting.delete(blob.number);
    }

    function checkOutbox(record: State, about: About): void {
      if (record.outbox === undefined) return;
      const unanswered = prune(sentLogOf(about.device));
      if (unanswered.length === 0) return;
      const listed = new Set(record.outbox);
      const gone = unanswered.filter(({ id }) => !listed.has(id));
      for (const { id, number } of gone) {
        const queued = waiting.get(number)!;
        report({
          kind: "left-without-an-answer",
          message:
            `blob ${shortId(id)} (sequence ${queued.sequence}) is gone from the outbox of ${record.device} ` +
            `without acknowledgement or refusal`,
          witness: [queued, record],
        });
      }
      for (const { number } of gone) waiting.delete(number);
    }

    /** The blob takes its place in the order; both neighbours must stand as they were queued. */
    function place(order: Order, sequence: number, ack: AckRecord): void {
      const { sequences, acks } = order;
      let at = sequences.length;
      while (at > 0 && sequences[at - 1]! > sequence) at--;
      if (sequences[at - 1] === sequence) return;
      if (at > 0) compare(sequences[at - 1]!, acks[at - 1]!, sequence, ack);
      if (at < acks.length) compare(sequence, ack, sequences[at]!, acks[at]!);
      if (at === sequences.length) {
        sequences.push(sequence);
        acks.push(ack);
      } else {
        sequences.splice(at, 0, sequence);
        acks.splice(at, 0, ack);
      }
      if (sequences.length < 2 * PLACED_KEPT) return;
      sequences.splice(0, PLACED_KEPT);
      acks.splice(0, PLACED_KEPT);
    }

    const isOrderLost = index.faults.isPushTaken();

    function compare(sequence: number, before: AckRecord, nextSequence: number, after: AckRecord): void {
      if (before.cursor < after.cursor || isOrderLost) return;
      report({
        kind: "order-broken",
        message:
          `${before.device} queued blob ${shortId(before.blob)} (sequence ${sequence}) before ` +
          `${shortId(after.blob)} (${nextSequence}), but they are ${renderPlace(before)} and ${after.cursor}`,
        witness: [before, after],
      });
    }

    return {
      on: {
        "push-end"(record, { pushed }) {
          if (pushed === undefined) return;
          // `ok` comes with an acknowledgement, so that it is an answer even where that record is missing.
          if (record.outcome !== "info" || record.error === "given-up") answered(pushed, record.device);
        },
        queued(record, { device, blob }) {
          const sent = sentLogOf(device);
          waiting.set(blob.number, blob.queued ?? record);
          if (sent.queued.push(blob) >= sent.fullAt) prune(sent);
        },
        ack(record, { blob, reader, log }) {
          answered(blob, record.device);
          const queued = blob.queued;
          if (queued === undefined || queued.device !== record.device || wasPutOff[blob.number] === true) return;
          let order = orders[reader!.number];
          if (order === undefined) {
            order = { life: disks.of(record.device), relayLife: disks.of(log!.relay), sequences: [], acks: [] };
            orders[reader!.number] = order;
          }
          if (rotting.has(record.relay)) return;
          if (clocks.has(record.device) && blob.push?.invoke.ttlS !== 0) return;
          if (order.life !== disks.of(record.device) || order.relayLife !== disks.of(record.relay)) return;
          place(order, queued.sequence, record);
        },
        refused(record, { blob }) {
          if (record.retryable) wasPutOff[blob.number] = true;
          else answered(blob, record.device);
        },
        "durable-state": checkOutbox,
        "final-state": checkOutbox,
        phase(record) {
          isConverged ||= record.phase === "converged";
          if (record.phase === "end") end = record;
        },
      },
      finish() {
        if (end === undefined || !isConverged) return;
        for (const sent of sentLogs) {
          if (sent === undefined || sent.life !== disks.of(sent.device.name)) continue;
          for (const { id, number } of prune(sent)) {
            const queued = waiting.get(number)!;
            report({
              kind: "never-answered",
              message: `blob ${shortId(id)} (sequence ${queued.sequence}) of ${sent.device.name} was never answered`,
              witness: [queued, end],
            });
          }
        }
      },
    };
  },
};
