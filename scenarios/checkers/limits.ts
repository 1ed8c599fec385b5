/**
 * Limits are kept, and kept honestly. No page has more blobs or bytes than the device asked for or the relay gives; one
 * page never shows more payload than the group's quota allowed to be held; nothing was acknowledged that is larger
 * than a blob may be, or than the whole quota. And a refusal says truly whether trying again can help: for a rate, a
 * quota or a relay in trouble it can, for a blob that is too large or in conflict it cannot. A device queues no push
 * when those that it knows no answer of are at its bounds, in number or in bytes.
 */
import { BODY_BYTES_MAX } from "../../core/blob/seal.ts";
import { PAYLOAD_BYTES_MAX } from "../../core/limits.ts";
import { BLOB_OVERHEAD_BYTES } from "../../core/log/page.ts";
import { ErrorCode } from "../../core/wire/error-code.ts";
import type { Checker } from "../checker.ts";
import type { OperationRecord, QueuedRecord } from "../history.ts";
import type { LogRow } from "./history-rows.ts";
import { sealedBytesMin } from "../sealed-size.ts";
import { renderLog, shortId } from "./render-place.ts";

const FOR_NOW: ReadonlySet<number> = new Set([
  ErrorCode.RateLimited,
  ErrorCode.GroupQuotaExceeded,
  ErrorCode.StorageFailed,
  ErrorCode.StorageFull,
  ErrorCode.RelayOverloaded,
  ErrorCode.RelayShuttingDown,
]);
const FOR_GOOD: ReadonlySet<number> = new Set([ErrorCode.BlobTooLarge, ErrorCode.BlobConflict]);

const SEALED_BYTES_LEAST = sealedBytesMin(0);
const SEALED_BYTES_MAX = sealedBytesMin(BODY_BYTES_MAX);

/** Pushes of one device that are queued and not settled, and how large they are when sealed. */
class Queue {
  readonly #bytesOf = new Map<number, number>();
  bytes = 0;

  get rows(): number {
    return this.#bytesOf.size;
  }

  enter(process: number, bytes: number): void {
    this.#bytesOf.set(process, bytes);
    this.bytes += bytes;
  }

  leave(process: number): void {
    this.bytes -= this.#bytesOf.get(process) ?? 0;
    this.#bytesOf.delete(process);
  }
}

function isAmong(ranges: NonNullable<OperationRecord["gone"]>, cursor: number): boolean {
  for (let i = 0; i < ranges.length; i++) if (ranges[i]!.from <= cursor && cursor <= ranges[i]!.to) return true;
  return false;
}

export const limits: Checker = {
  name: "limits",
  holdsWhen: "pages, quotas and sizes stay below their limits, and a refusal says truly whether to try again",
  enforces: [11, 13],
  start(plan, report, { faults }) {
    const devices = new Map(plan.topology.devices.map((device) => [device.name, device.config]));
    const relays = new Map(plan.topology.relays.map((relay) => [relay.name, relay.config]));
    const quotas = new Map(plan.topology.relays.map((relay) => [relay.name, relay.config.groupBytesMax]));
    const queues = new Map<string, Queue>();

    function judgePage(record: OperationRecord, log: LogRow): void {
      const { relay, places } = log;
      const { blobs = 0, after = 0, through = 0, gone = [], device } = record;
      const config = devices.get(device);
      if (config === undefined || blobs === 0) return;
      const limit = Math.min(config.pullLimit, relays.get(relay)?.pullLimitMax ?? config.pullLimit);
      // Written only for a finding: pages are many.
      const about = (): string => `a page of ${renderLog(log)} for ${device}`;
      if (blobs > limit) {
        const message = `${about()} has ${blobs} blobs, more than ${limit}`;
        report({ kind: "page-over-limit", message, witness: [record] });
      }
      let held = 0;
      let known = 0;
      const last = Math.min(through, places.length - 1);
      for (let cursor = after + 1; cursor <= last; cursor++) {
        const place = places[cursor];
        if (place?.ack === undefined) continue;
        const sealedBytes = place.blob?.push?.sealedBytes;
        if (sealedBytes === undefined || isAmong(gone, cursor)) continue;
        held += sealedBytes;
        known += 1;
      }
      const budget = Math.min(config.pullBytesMax, PAYLOAD_BYTES_MAX);
      if (known > 1 && held + known * BLOB_OVERHEAD_BYTES > budget) {
        const message = `${about()} has ${known} blobs of ${held} bytes, more than the ${budget} asked for`;
        report({ kind: "page-over-budget", message, witness: [record] });
      }
      const quota = quotas.get(relay);
      if (quota !== undefined && held > quota) {
        const message = `${about()} shows ${held} bytes held, more than the quota of ${quota}`;
        report({ kind: "quota-overrun", message, witness: [record] });
      }
    }

    /** What a dead process had queued is not counted: its next life may know an answer. */
    function judgeQueue(record: QueuedRecord, bytes: number): void {
      const { device } = record;
      const config = devices.get(device);
      if (config === undefined) return;
      let queue = queues.get(device);
      if (queue === undefined) queues.set(device, (queue = new Queue()));
      queue.enter(record.process, bytes);
      if (queue.rows <= config.queueRowsMax && queue.bytes <= config.queueBytesMax) return;
      const { queueRowsMax, queueBytesMax } = config;
      const message = `${device} queued ${queue.rows} pushes of ${queue.bytes} bytes, ${queueRowsMax} of ${queueBytesMax} are the most`;
      report({ kind: "queue-overrun", message, witness: [record] });
    }

    return {
      on: {
        "push-end"(record) {
          queues.get(record.device)?.leave(record.process);
        },
        "pull-end"(record, { log }) {
          if (record.outcome === "ok" && log !== undefined) judgePage(record, log);
        },
        queued(record, { blob }) {
          judgeQueue(record, blob.push?.sealedBytes ?? SEALED_BYTES_LEAST);
        },
        ack(record, { blob }) {
          const sealed = blob.push?.sealedBytes;
          if (sealed === undefined) return;
          const most = Math.min(quotas.get(record.relay) ?? sealed, SEALED_BYTES_MAX);
          if (sealed <= most) return;
          const message = `blob ${shortId(record.blob)} of ${sealed} bytes was acknowledged, ${most} is the most`;
          report({ kind: "oversize-accepted", message, witness: [record] });
        },
        refused(record) {
          const isWrong = record.retryable ? FOR_GOOD.has(record.code) : FOR_NOW.has(record.code);
          if (!isWrong) return;
          const how = record.retryable ? "for now" : "for good";
          const message = `blob ${shortId(record.blob)} of ${record.device} was refused ${how} with code ${record.code}`;
          report({ kind: "wrong-finality", message, witness: [record] });
        },
        fault(record) {
          const step = faults.at(record.step);
          if (step?.do !== "restart" || step.groupBytesMax === undefined) return;
          quotas.set(step.host, Math.max(quotas.get(step.host) ?? 0, step.groupBytesMax));
        },
      },
    };
  },
};
