/**
 * Limits are kept, and kept honestly. No page has more blobs or bytes than the device asked for or the relay gives; one
 * page never shows more payload than the group's quota allowed to be held; nothing was acknowledged that is larger
 * than a blob may be, or than the whole quota. And a refusal says truly whether trying again can help: for a rate, a
 * quota or a relay in trouble it can, for a blob that is too large or in conflict it cannot. A device queues no push
 * when those that it knows no answer of are at its bounds, in number or in bytes.
 */
import { BODY_BYTES_MAX } from "../../core/blob/seal.ts";
import type { ClientConfig } from "../../core/client/config.ts";
import { PAYLOAD_BYTES_MAX } from "../../core/limits.ts";
import { BLOB_OVERHEAD_BYTES } from "../../core/log/page.ts";
import type { RelayConfig } from "../../core/relay/config.ts";
import { ErrorCode } from "../../core/wire/error-code.ts";
import type { Checker } from "../checker.ts";
import type { OperationRecord, QueuedRecord } from "../history.ts";
import type { DeviceRow, LogRow } from "./history-rows.ts";
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
  readonly config: ClientConfig;
  bytes = 0;
  readonly #bytesOf = new Map<number, number>();

  constructor(config: ClientConfig) {
    this.config = config;
  }

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

/** Of one relay, by its plan; the quota is the highest that it ever had. */
class RelayLimits {
  readonly pullLimit: number;
  quota: number;

  constructor({ pullLimitMax, groupBytesMax }: RelayConfig) {
    this.pullLimit = pullLimitMax;
    this.quota = groupBytesMax;
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
    const configs = new Map(plan.topology.devices.map((device) => [device.name, device.config]));
    const relays = new Map(plan.topology.relays.map(({ name, config }) => [name, new RelayLimits(config)]));
    /** By the device's and by the log's number; undefined for one that the plan does not have. */
    const queues: (Queue | undefined)[] = [];
    const limitsOfLogs: (RelayLimits | undefined)[] = [];

    function queueOf({ number, name }: DeviceRow): Queue | undefined {
      let queue = queues[number];
      if (queue !== undefined) return queue;
      const config = configs.get(name);
      if (config !== undefined) queues[number] = queue = new Queue(config);
      return queue;
    }

    function limitsOf({ number, relay }: LogRow): RelayLimits | undefined {
      return (limitsOfLogs[number] ??= relays.get(relay));
    }

    function judgePage(record: OperationRecord, device: DeviceRow, log: LogRow): void {
      const { blobs = 0, after = 0, through = 0, gone = [] } = record;
      const config = queueOf(device)?.config;
      if (config === undefined || blobs === 0) return;
      const { places } = log;
      const relay = limitsOf(log);
      const limit = Math.min(config.pullLimit, relay?.pullLimit ?? config.pullLimit);
      // Written only for a finding: pages are many.
      const about = (): string => `a page of ${renderLog(log)} for ${device.name}`;
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
      if (relay !== undefined && held > relay.quota) {
        const message = `${about()} shows ${held} bytes held, more than the quota of ${relay.quota}`;
        report({ kind: "quota-overrun", message, witness: [record] });
      }
    }

    /** What a dead process had queued is not counted: its next life may know an answer. */
    function judgeQueue(record: QueuedRecord, row: DeviceRow, sealedBytes: number): void {
      const queue = queueOf(row);
      if (queue === undefined) return;
      queue.enter(record.process, sealedBytes);
      const { rows, bytes } = queue;
      const { queueRowsMax, queueBytesMax } = queue.config;
      if (rows <= queueRowsMax && bytes <= queueBytesMax) return;
      const message = `${record.device} queued ${rows} pushes of ${bytes} bytes, ${queueRowsMax} of ${queueBytesMax} are the most`;
      report({ kind: "queue-overrun", message, witness: [record] });
    }

    return {
      on: {
        "push-end"(record, { device }) {
          queues[device.number]?.leave(record.process);
        },
        "pull-end"(record, { device, log }) {
          if (record.outcome === "ok" && log !== undefined) judgePage(record, device, log);
        },
        queued(record, { device, blob }) {
          judgeQueue(record, device, blob.push?.sealedBytes ?? SEALED_BYTES_LEAST);
        },
        ack(record, { blob, log }) {
          const sealed = blob.push?.sealedBytes;
          if (sealed === undefined) return;
          const most = Math.min(limitsOf(log!)?.quota ?? sealed, SEALED_BYTES_MAX);
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
          const relay = relays.get(step.host);
          if (relay !== undefined) relay.quota = Math.max(relay.quota, step.groupBytesMax);
        },
      },
    };
  },
};
