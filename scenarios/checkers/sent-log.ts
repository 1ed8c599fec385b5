/**
 * A queued blob leaves the device's sent log only after a definite answer: an acknowledgement, a refusal that is not
 * retryable, or its own giving up (`given-up`). So every read-back of the outbox lists all that was queued and not
 * answered; when the run converged, everything is answered; and a device's blobs stand in each log in the order in
 * which it queued them, except those that a relay once put off by a retryable refusal. What a device queued before the
 * plan took its own disk is no longer demanded.
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, DurableStateRecord, FinalStateRecord, PhaseRecord, QueuedRecord } from "../history.ts";
import { trackDiskLives } from "./disk-lives.ts";
import { renderPlace, shortId } from "./render-place.ts";
import { ThreeKeyMap } from "./three-key-map.ts";

interface SentLog {
  life: number;
  readonly unanswered: Map<string, QueuedRecord>;
}

interface Placed {
  readonly sequence: number;
  readonly ack: AckRecord;
}

interface Order {
  life: number;
  relayLife: number;
  readonly placed: Placed[];
  readonly known: Set<string>;
}

export const sentLog: Checker = {
  name: "sent-log",
  holdsWhen: "a queued blob stays until a definite answer, and the order of each device is kept",
  enforces: [9],
  start(plan, report) {
    const sentLogs = new Map<string, SentLog>();
    const queuedOf = new Map<string, QueuedRecord>();
    const blobOfProcess = new Map<number, string>();
    const putOff = new Set<string>();
    const orders = new ThreeKeyMap<Order>(() => ({ life: -1, relayLife: 0, placed: [], known: new Set() }));
    const disks = trackDiskLives(plan);
    let isConverged = false;
    let end: PhaseRecord | undefined;

    function sentLogOf(device: string): SentLog {
      const life = disks.of(device);
      let sent = sentLogs.get(device);
      if (sent === undefined || sent.life !== life) {
        sent = { life, unanswered: new Map() };
        sentLogs.set(device, sent);
      }
      return sent;
    }

    function checkOutbox(record: DurableStateRecord | FinalStateRecord): void {
      if (record.outbox === undefined) return;
      const { unanswered } = sentLogOf(record.device);
      if (unanswered.size === 0) return;
      const listed = new Set(record.outbox);
      for (const [blob, queued] of unanswered) {
        if (listed.has(blob)) continue;
        unanswered.delete(blob);
        report({
          kind: "left-without-an-answer",
          message:
            `blob ${shortId(blob)} (sequence ${queued.sequence}) is gone from the outbox of ${record.device} ` +
            `without acknowledgement or refusal`,
          witness: [queued, record],
        });
      }
    }

    return {
      on: {
        op(record) {
          if (record.f !== "push" || record.outcome === "invoke") return;
          const blob = record.blob ?? blobOfProcess.get(record.process);
          // `ok` comes with an acknowledgement, so that it is an answer even where that record is missing.
          const isDefinite = record.outcome !== "info" || record.error === "given-up";
          if (blob === undefined || !isDefinite) return;
          sentLogOf(record.device).unanswered.delete(blob);
        },
        queued(record) {
          queuedOf.set(record.blob, record);
          blobOfProcess.set(record.process, record.blob);
          sentLogOf(record.device).unanswered.set(record.blob, record);
        },
        ack(record) {
          sentLogOf(record.device).unanswered.delete(record.blob);
          const queued = queuedOf.get(record.blob);
          if (queued === undefined || queued.device !== record.device) return;
          const order = orders.at(record.device, record.relay, record.epoch);
          if (order.life === -1) {
            order.life = disks.of(record.device);
            order.relayLife = disks.of(record.relay);
          }
          const isSameLife = order.life === disks.of(record.device) && order.relayLife === disks.of(record.relay);
          if (!isSameLife || order.known.has(record.blob)) return;
          order.known.add(record.blob);
          order.placed.push({ sequence: queued.sequence, ack: record });
        },
        refused(record) {
          if (record.retryable) putOff.add(record.blob);
          else sentLogOf(record.device).unanswered.delete(record.blob);
        },
        "durable-state": checkOutbox,
        "final-state": checkOutbox,
        fault: (record) => disks.note(record),
        phase(record) {
          isConverged ||= record.phase === "converged";
          if (record.phase === "end") end = record;
        },
      },
      finish() {
        // Who takes a push out of the middle of a stream breaks the order that the stream had.
        const isOrderLost = plan.steps.some((step) => step.do === "withhold" && step.message === "Push");
        orders.forEach((order, device) => {
          if (isOrderLost) return;
          const placed = order.placed
            .filter((each) => !putOff.has(each.ack.blob))
            .sort((a, b) => a.sequence - b.sequence);
          for (let i = 1; i < placed.length; i++) {
            const before = placed[i - 1]!;
            const after = placed[i]!;
            if (before.sequence === after.sequence || before.ack.cursor < after.ack.cursor) continue;
            report({
              kind: "order-broken",
              message:
                `${device} queued blob ${shortId(before.ack.blob)} (sequence ${before.sequence}) before ` +
                `${shortId(after.ack.blob)} (${after.sequence}), but they are ${renderPlace(before.ack)} and ` +
                `${after.ack.cursor}`,
              witness: [before.ack, after.ack],
            });
          }
        });
        if (end === undefined || !isConverged) return;
        for (const [device, sent] of sentLogs) {
          if (sent.life !== disks.of(device)) continue;
          for (const [blob, queued] of sent.unanswered) {
            report({
              kind: "never-answered",
              message: `blob ${shortId(blob)} (sequence ${queued.sequence}) of ${device} was never answered`,
              witness: [queued, end],
            });
          }
        }
      },
    };
  },
};
