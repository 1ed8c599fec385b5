/**
 * What `GET /metrics` tells: upstream's fourteen names, all of them real, and histograms of the times that matter. One
 * registry for each relay. What moves is counted where it passes: at the store's door, in the machine's marks and
 * events; what stands is asked when somebody looks.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { DropWhy } from "../../core/relay/events.ts";
import type { RelayAnswer, RelayOperation } from "../../core/relay/store.ts";
import type { Transaction } from "../driver/driver-options.ts";
import type { StorageFigures } from "./storage-figures.ts";

export interface MetricSources {
  readonly version: string;
  readonly sessions: () => number;
  readonly groups: () => number;
  /** Undefined when the store does not answer. */
  readonly storage: () => StorageFigures | undefined;
}

export interface Metrics {
  readonly registry: Registry;
  accepted(): void;
  dropped(why: DropWhy): void;
  slowReader(): void;
  /** A coverage mark of the machine. */
  mark(name: string): void;
  /** Something of ours went wrong. */
  failed(): void;
  transaction(transaction: Transaction<RelayOperation, RelayAnswer>): void;
}

/** Seconds. A commit takes a sync of the disk: from a tenth of a millisecond to a stall. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | undefined): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read() ?? Number.NaN);
      },
    });
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const histogram = (name: string, help: string): Histogram =>
    new Histogram({ name, help, registers, buckets: BUCKETS });

  gauge("sync_relay_connections_active", "Connections that are open now", sources.sessions);
  gauge("sync_relay_groups_active", "Groups with a device that is connected now", sources.groups);
  new Gauge({ name: "sync_relay_info", help: "Version of this relay", labelNames: ["version"], registers })
    .labels(sources.version)
    .set(1);
  gauge("sync_relay_storage_blobs", "Blobs held now", () => sources.storage()?.blobs);
  gauge("sync_relay_storage_bytes", "Payload bytes held now", () => sources.storage()?.bytes);
  gauge("sync_relay_storage_groups", "Groups that hold blobs now", () => sources.storage()?.groups);
  const pushes = counter("sync_relay_pushes_total", "Pushes acknowledged, repeated ones too");
  const pulls = counter("sync_relay_pulls_total", "Pages served");
  const connections = counter("sync_relay_connections_total", "Connections accepted, without those turned away");
  const received = counter("sync_relay_bytes_received_total", "Payload bytes of acknowledged pushes");
  const sent = counter("sync_relay_bytes_sent_total", "Payload bytes of pages served");
  const stored = counter("sync_relay_blobs_stored_total", "Blobs stored");
  const rateLimited = counter("sync_relay_rate_limit_hits_total", "Messages refused because of a rate");
  const errors = counter("sync_relay_errors_total", "Transactions that failed and machines that broke");
  const drops = new Counter({
    name: "sync_relay_dropped_total",
    help: "Connections turned away or dropped, and why",
    labelNames: ["why"],
    registers,
  });
  const pushSeconds = histogram("sync_relay_push_seconds", "From a push to its durable acknowledgement");
  const pullSeconds = histogram("sync_relay_pull_seconds", "From a pull to its page");
  const commitSeconds = histogram("sync_relay_commit_seconds", "One transaction of the store");
  gauge("process_resident_memory_bytes", "Resident memory of this process", () => process.memoryUsage.rss());

  function answered(operation: RelayOperation, answer: RelayAnswer, seconds: number): void {
    if (answer.type === "paged" && answer.page !== null) {
      pulls.inc();
      pullSeconds.observe(seconds);
      for (const blob of answer.page.blobs) sent.inc(blob.payload.length);
    }
    if (answer.type !== "appended" || operation.type !== "append") return;
    for (const [i, one] of answer.answers.entries()) {
      if (one.type !== "accepted") continue;
      pushes.inc();
      pushSeconds.observe(seconds);
      received.inc(operation.items[i]?.payload.length ?? 0);
      if (one.isNew) stored.inc();
    }
  }

  return {
    registry,
    accepted: () => connections.inc(),
    dropped: (why) => drops.labels(why).inc(),
    slowReader: () => drops.labels("slow-reader").inc(),
    mark(name) {
      if (name === "relay.rate-limited") rateLimited.inc();
    },
    failed: () => errors.inc(),
    transaction({ operations, answers, askedMs, beganMs, endedMs }) {
      commitSeconds.observe((endedMs - beganMs) / 1000);
      // All of it happened, or nothing of it.
      if (answers.some((answer) => answer.type === "failed")) errors.inc();
      const seconds = (endedMs - askedMs) / 1000;
      for (const [i, answer] of answers.entries()) answered(operations[i]!, answer, seconds);
    },
  };
}
