/**
 * What one application may rely on, per log (a relay's epoch). *Monotonic reads*: it reads a log's blobs in the order of
 * their cursors. *Read your writes*: when it has read past the cursor at which its own blob was acknowledged, it has
 * that blob. *Monotonic writes*: whoever reads two blobs of one device there, reads them in the order in which they were
 * queued – except those that a relay once put off. *Writes follow reads*: what is pushed after something was read stands
 * behind it. Across logs nothing is promised but `exactly-once` and equal sets in the end (`converges`).
 */
import type { Checker } from "../checker.ts";
import type { AckRecord, DeliverRecord, DurableStateRecord } from "../history.ts";
import { ByNumber } from "./by-number.ts";
import type { About } from "./about.ts";
import { isDeliveredTo, type DeviceRow, type PushRow, type ReaderRow } from "./history-rows.ts";
import { renderLog, renderPlace, shortId } from "./render-place.ts";

interface Session {
  readonly deviceLife: number;
  /** The last delivery in this log. */
  last: DeliverRecord | undefined;
  /** Own acknowledgements that the position has not passed yet. */
  owed: AckRecord[];
  /** The last delivery of each sender, by its id. */
  readonly bySender: Map<string, DeliverRecord>;
}

/** What a device had read when it queued a push. */
interface Read {
  readonly reader: ReaderRow;
  readonly delivery: DeliverRecord;
}

/** Acknowledgements that wait for their device to read so far; the oldest are let go. */
const OWED_MAX = 4096;

export const sessionGuarantees: Checker = {
  name: "session-guarantees",
  holdsWhen: "per relay and epoch: monotonic reads, read your writes, monotonic writes, writes follow reads",
  enforces: [3, 10],
  start(_plan, report, index) {
    const { disks, told } = index;
    const isOrderLost = index.faults.isPushTaken();
    /** By the reader's, the push's and the blob's number. */
    const sessions: Session[] = [];
    const reads = new ByNumber<readonly Read[]>();
    const wasPutOff: boolean[] = [];

    function sessionOf(reader: ReaderRow): Session {
      const deviceLife = disks.of(reader.device.name);
      let session = sessions[reader.number];
      if (session === undefined || session.deviceLife !== deviceLife) {
        session = { deviceLife, last: undefined, owed: [], bySender: new Map() };
        sessions[reader.number] = session;
      }
      return session;
    }

    function noteReads({ readers }: DeviceRow, push: PushRow): void {
      let own: Read[] | undefined;
      for (let i = 0; i < readers.length; i++) {
        const reader = readers[i]!;
        const delivery = sessions[reader.number]?.last;
        if (delivery === undefined) continue;
        if (own === undefined) own = [{ reader, delivery }];
        else own.push({ reader, delivery });
      }
      if (own !== undefined) reads.set(push.number, own);
    }

    function judgeAck(record: AckRecord, { blob, reader, isNewPlace }: About): void {
      const push = blob.push;
      if (push === undefined || push.queued?.device !== record.device) return;
      const session = sessionOf(reader!);
      if (!isDeliveredTo(blob, record.device)) {
        if (session.owed.length === OWED_MAX) session.owed.shift();
        session.owed.push(record);
      }
      if (!isNewPlace || !index.isKept(reader!.log)) return;
      const read = reads.get(push.number)?.find((each) => each.reader === reader);
      if (read === undefined || read.delivery.cursor < record.cursor) return;
      report({
        kind: "write-before-read",
        message:
          `${record.device} had read ${renderPlace(read.delivery)} before it pushed blob ${shortId(record.blob)}, which ` +
          `became cursor ${record.cursor}`,
        witness: [read.delivery, push.invoke, record],
      });
    }

    function judgeReading(record: DeliverRecord, { reader, blob }: About): void {
      const session = sessionOf(reader!);
      const { last, bySender } = session;
      const isKept = index.isKept(reader!.log);
      if (
        last !== undefined &&
        last.cursor >= record.cursor &&
        isKept &&
        !told.isQuarantined(record.device, record.blob)
      ) {
        report({
          kind: "read-backwards",
          message: `${record.device} read ${renderPlace(record)} after cursor ${last.cursor}`,
          witness: [last, record],
        });
      }
      session.last = record;
      if (wasPutOff[blob.number] === true) return;
      const before = bySender.get(record.sender);
      bySender.set(record.sender, record);
      if (before === undefined || before.sequence <= record.sequence || !isKept || isOrderLost) return;
      if (last !== undefined && last.cursor >= record.cursor) return;
      report({
        kind: "writes-reordered",
        message:
          `${record.device} read number ${record.sequence} of sender ${shortId(record.sender)} as ` +
          `${renderPlace(record)}, after number ${before.sequence} as cursor ${before.cursor}`,
        witness: [before, record],
      });
    }

    function judgeOwed(record: DurableStateRecord, { reader }: About): void {
      const session = sessionOf(reader!);
      if (session.owed.length === 0 || record.why !== "commit") return;
      let isAnyPassed = false;
      for (let i = 0; i < session.owed.length; i++) if (session.owed[i]!.cursor <= record.cursor) isAnyPassed = true;
      if (!isAnyPassed) return;
      const passed = session.owed.filter(({ cursor }) => cursor <= record.cursor);
      session.owed = session.owed.filter(({ cursor }) => cursor > record.cursor);
      if (!index.isKept(reader!.log)) return;
      for (const ack of passed) {
        const blob = index.blobs.find(ack.blob)!;
        if (isDeliveredTo(blob, ack.device) || told.isQuarantined(ack.device, ack.blob)) continue;
        if (told.find(ack.device, blob.places) !== undefined) continue;
        report({
          kind: "write-not-read",
          message:
            `${ack.device} stands at ${record.cursor} of ${renderLog(record)} and never read its own blob ` +
            `${shortId(ack.blob)}, acknowledged as cursor ${ack.cursor}`,
          witness: [ack, record],
        });
      }
    }

    return {
      on: {
        queued(record, { device, push }) {
          if (push?.queued === record) noteReads(device, push);
        },
        ack: judgeAck,
        refused(record, { blob }) {
          if (record.retryable) wasPutOff[blob.number] = true;
        },
        deliver: judgeReading,
        "durable-state": judgeOwed,
      },
      forget(_blob, push) {
        if (push !== undefined) reads.delete(push.number);
      },
    };
  },
};
