/**
 * A device in the simulated world: its program and its application. The application pushes what the plan says and reads
 * the committed inbox; the machine's events are hints, and open or close operations of the history.
 */
import { encodeHex } from "../core/bytes.ts";
import { Client } from "../core/client/client.ts";
import type { ClientConfig } from "../core/client/config.ts";
import type { ClientCommand, ClientEvent } from "../core/client/events.ts";
import type { DeviceAnswer, DeviceOperation } from "../core/client/store.ts";
import type { CryptoSuite } from "../core/crypto/suite.ts";
import type { RelayAddress } from "../core/ids.ts";
import type { Entropy } from "../core/machine.ts";
import type { Redacted } from "../core/redacted.ts";
import { createPayload } from "../scenarios/payload.ts";
import type { OperationStep } from "../scenarios/plan.ts";
import { DeviceStore } from "./device-store.ts";
import { DiskReader } from "./disk-reader.ts";
import type { JournalCodec } from "./journal-codec.ts";
import type { Cause } from "./kernel/choices.ts";
import type { Disk } from "./kernel/disk.ts";
import type { Host } from "./kernel/host.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Program, RunningProgram } from "./kernel/program.ts";
import { observeSuite } from "./observed-suite.ts";
import { OperationLog } from "./operation-log.ts";
import type { Recorder } from "./recorder.ts";
import { recordSeal } from "./seal-observer.ts";

export interface DeviceHostOptions {
  readonly name: string;
  readonly group: string;
  readonly relayName: string;
  readonly relay: RelayAddress;
  readonly groupSecret: Redacted<Uint8Array>;
  readonly config: ClientConfig;
  readonly suite: CryptoSuite;
  readonly codec: JournalCodec;
  readonly recorder: Recorder;
  readonly mark: (name: string) => void;
}

export class DeviceHost implements Program<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer> {
  readonly name: string;
  readonly group: string;
  readonly relayName: string;
  readonly host: Host<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer>;
  readonly #options: DeviceHostOptions;
  readonly #suite: CryptoSuite;
  readonly #operations: OperationLog;
  readonly #reader: DiskReader;
  /** The application's wish to be connected, which outlives the process. */
  #isWanted = false;
  #epoch: Uint8Array | undefined;
  #epochHex = "";

  constructor(kernel: Kernel, options: DeviceHostOptions) {
    const { name, group, relayName, relay, recorder } = options;
    this.name = name;
    this.group = group;
    this.relayName = relayName;
    this.#options = options;
    this.#operations = new OperationLog(recorder, name, group, relayName);
    this.#reader = new DiskReader(recorder, name, group, relayName, encodeHex(relay.id));
    this.#suite = observeSuite(options.suite, {
      sealed: (key, nonce) => {
        if (nonce.length === 12) recorder.frames += 1;
        recordSeal(recorder, name, key, nonce);
      },
    });
    this.host = kernel.addHost(name, this);
  }

  get client(): Client | undefined {
    return this.host.machine as Client | undefined;
  }

  start(
    incarnation: number,
    disk: Disk,
    entropy: Entropy,
  ): RunningProgram<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer> {
    const { relay, groupSecret, config, codec, mark } = this.#options;
    const store = new DeviceStore(disk, codec);
    this.#reader.opened(store, incarnation === 0);
    const context = { entropy, suite: this.#suite, mark };
    return { machine: new Client({ relay, groupSecret, config }, context), store };
  }

  /** The process came up again: the application wants what it wanted before. */
  resumeWish(cause: Cause): void {
    if (this.#isWanted) this.host.command({ type: "connect" }, cause);
  }

  /** The process died: what was under way may or may not have happened. */
  died(): void {
    this.#operations.died();
  }

  // ── what the plan asks of the application ─────────────────────────────────────────────────────────────────────────

  push(step: Extract<OperationStep, { do: "push" }>, cause: Cause): void {
    const body = createPayload(step.op, step.sizeBytes, this.#options.recorder.pool);
    const ref = this.#operations.invokePush(step, body);
    if (this.host.isUp) this.host.command({ type: "push", ref, body, ttlS: step.ttlS }, cause);
    else this.#operations.pushFailed(ref, "the device is down");
  }

  pull(cause: Cause): void {
    this.host.command({ type: "pull" }, cause);
  }

  connect(cause: Cause): void {
    this.#isWanted = true;
    this.host.command({ type: "connect" }, cause);
  }

  disconnect(cause: Cause): void {
    this.#isWanted = false;
    this.host.command({ type: "disconnect" }, cause);
  }

  // ── what the machine tells ────────────────────────────────────────────────────────────────────────────────────────

  onEvent(event: ClientEvent): void {
    const operations = this.#operations;
    switch (event.type) {
      case "connecting":
        return operations.invokeConnect();
      case "connected":
        return operations.connected(event.epoch, event.max);
      case "disconnected":
        return operations.connectFailed(event.why);
      case "queued":
        return operations.queued(event.ref, this.#options.recorder.names.of(event.blobId), event.sequence);
      case "push-failed":
        return operations.pushFailed(event.ref, event.error.type);
      case "acked":
        return this.#acked(event);
      case "refused":
        return this.#refused(event);
      case "gave-up":
        return operations.settlePush(encodeHex(event.blobId), event.wasSent ? "info" : "fail", "given-up");
      case "notified":
        return this.#notified(event.by, event.cursor);
      case "pulling":
        return operations.invokePull(this.#positionEpochHex(), event.after);
      case "pulled":
        return operations.pulled(event);
      case "pull-failed":
        return operations.pullFailed(event.why);
      case "ready":
      case "inbox":
      case "quarantined":
      case "lost-history":
      case "epoch-changed":
      case "page-refused":
      case "store-failed":
        // Hints: what is durable is read after the commit.
        return;
    }
  }

  onCommit(): void {
    this.#reader.committed();
  }

  #acked(event: Extract<ClientEvent, { type: "acked" }>): void {
    const { recorder } = this.#options;
    const blob = recorder.names.of(event.blobId);
    const { cursor, chain } = event.position;
    recorder.add({
      type: "ack",
      at: recorder.at,
      device: this.name,
      group: this.group,
      relay: this.relayName,
      epoch: this.#hexOfEpoch(event.epoch),
      blob,
      cursor,
      chain: recorder.names.of(chain),
    });
    this.#operations.settlePush(blob, "ok");
  }

  #refused(event: Extract<ClientEvent, { type: "refused" }>): void {
    const { recorder } = this.#options;
    const blob = encodeHex(event.blobId);
    const { code, retryable } = event;
    const where = { at: recorder.at, device: this.name, group: this.group, relay: this.relayName };
    recorder.add({ type: "refused", ...where, blob, code, retryable });
    if (!retryable) this.#operations.settlePush(blob, "fail", `refused (${code})`);
  }

  #notified(by: "Notify" | "PushAck" | "Welcome", cursor: number): void {
    const { recorder } = this.#options;
    recorder.add({
      type: "notified",
      at: recorder.at,
      device: this.name,
      group: this.group,
      relay: this.relayName,
      epoch: this.#positionEpochHex(),
      by,
      cursor,
    });
  }

  /** The epoch that the machine's position is in at this moment. */
  #positionEpochHex(): string {
    const epoch = this.client?.position?.epoch;
    return epoch === undefined ? "" : this.#hexOfEpoch(epoch);
  }

  #hexOfEpoch(epoch: Uint8Array): string {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#epochHex = encodeHex(epoch);
    }
    return this.#epochHex;
  }

  // ── the end of a run ──────────────────────────────────────────────────────────────────────────────────────────────

  /** What it still waits for, each in plain words; empty when it owes nothing and is owed nothing that it knows of. */
  waitingFor(): readonly string[] {
    if (!this.host.isUp || this.client === undefined) return [`${this.name} waits to be started`];
    return this.client.waitingFor().map((what) => `${this.name} waits for ${what}`);
  }

  /** Where it stands: equal for all devices of a group once they have converged. */
  standing(): string {
    const position = this.client?.position;
    if (position === undefined) return "";
    const { cursor, chain } = position.contiguous;
    return `${encodeHex(position.epoch)}/${cursor}/${encodeHex(chain)}`;
  }

  resources(): { readonly [what: string]: number } {
    return { hostConnections: this.host.connectionCount, ...this.client?.resources() };
  }

  recordFinal(): void {
    this.#reader.recordFinal();
  }
}
