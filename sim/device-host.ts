/**
 * A device in the simulated world: its program, its application, and what is seen of both. The application pushes what
 * the plan says and reads the committed inbox by index; the machine's events are hints and open or close operations of
 * the history.
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
import { encodeText } from "../core/text.ts";
import { createPayload, digestBytes } from "../scenarios/payload.ts";
import type { OperationRecord } from "../scenarios/history.ts";
import type { OperationStep } from "../scenarios/plan.ts";
import { DeviceStore } from "./device-store.ts";
import type { JournalCodec } from "./journal.ts";
import type { Cause } from "./kernel/choices.ts";
import type { Disk } from "./kernel/disk.ts";
import type { Host } from "./kernel/host.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Program, RunningProgram } from "./kernel/program.ts";
import { observeSuite } from "./observed-suite.ts";
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

type PushStep = Extract<OperationStep, { do: "push" }>;
type Operation = Omit<OperationRecord, "type" | "at" | "outcome">;

export class DeviceHost implements Program<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer> {
  readonly name: string;
  readonly group: string;
  readonly relayName: string;
  readonly host: Host<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer>;
  /** The application's wish, which outlives the process. */
  #isWanted = false;
  readonly #options: DeviceHostOptions;
  readonly #suite: CryptoSuite;
  readonly #relayHex: string;
  #store: DeviceStore | undefined;
  /** How much of inbox, quarantine and lost history the application has read. */
  #read = { inbox: 0, quarantine: 0, lost: 0 };
  #recordedCursor = -1;
  #recordedEpoch = "";

  // Operations under way. Pushes by the number that came with the command, then by blob id.
  readonly #pushes = new Map<number, Operation>();
  readonly #queued = new Map<string, Operation>();
  #pull: Operation | undefined;
  #connect: Operation | undefined;

  constructor(kernel: Kernel, options: DeviceHostOptions) {
    const { name, recorder } = options;
    this.name = name;
    this.group = options.group;
    this.relayName = options.relayName;
    this.#options = options;
    this.#relayHex = encodeHex(options.relay.id);
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
    const context = { entropy, suite: this.#suite, mark };
    this.#store = new DeviceStore(disk, codec);
    if (incarnation > 0) this.#readDisk("crash");
    return { machine: new Client({ relay, groupSecret, config }, context), store: this.#store };
  }

  /** The process came up again: the application wants what it wanted before. */
  resumeWish(cause: Cause): void {
    if (this.#isWanted) this.host.command({ type: "connect" }, cause);
  }

  /** The process died: what was under way may or may not have happened. */
  died(): void {
    for (const operation of this.#pushes.values()) this.#close(operation, "info", { error: "crashed" });
    for (const operation of this.#queued.values()) this.#close(operation, "info", { error: "crashed" });
    this.#pushes.clear();
    this.#queued.clear();
    if (this.#pull !== undefined) this.#close(this.#pull, "info", { error: "crashed" });
    if (this.#connect !== undefined) this.#close(this.#connect, "info", { error: "crashed" });
    this.#pull = undefined;
    this.#connect = undefined;
  }

  // ── what the plan asks of the application ─────────────────────────────────────────────────────────────────────────

  push(step: PushStep, cause: Cause): void {
    const body = createPayload(step.op, step.sizeBytes);
    const { op, sizeBytes, ttlS } = step;
    const operation = this.#open("push", { op, sizeBytes, ttlS, digest: digestBytes(body) });
    if (!this.host.isUp) return this.#close(operation, "fail", { error: "the device is down" });
    this.#pushes.set(operation.process, operation);
    this.host.command({ type: "push", ref: operation.process, body, ttlS }, cause);
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
    const { recorder } = this.#options;
    const where = { device: this.name, group: this.group };
    switch (event.type) {
      case "connecting":
        this.#connect = this.#open("connect", { relay: this.relayName });
        return;
      case "connected":
        if (this.#connect === undefined) return;
        this.#close(this.#connect, "ok", { epoch: encodeHex(event.epoch), max: event.max });
        this.#connect = undefined;
        return;
      case "disconnected":
        if (this.#connect === undefined) return;
        this.#close(this.#connect, "fail", { error: event.why });
        this.#connect = undefined;
        return;
      case "queued":
        return this.#onQueued(event);
      case "push-failed": {
        const operation = this.#pushes.get(event.ref);
        this.#pushes.delete(event.ref);
        if (operation !== undefined) this.#close(operation, "fail", { error: event.error.type });
        return;
      }
      case "acked": {
        const blob = encodeHex(event.blobId);
        const { cursor, chain } = event.position;
        const at = { epoch: encodeHex(event.epoch), cursor, chain: encodeHex(chain) };
        recorder.add({ type: "ack", ...where, relay: this.relayName, blob, ...at });
        return this.#settle(blob, "ok", {});
      }
      case "refused": {
        const blob = encodeHex(event.blobId);
        const { code, retryable } = event;
        recorder.add({ type: "refused", ...where, relay: this.relayName, blob, code, retryable });
        if (!retryable) this.#settle(blob, "fail", { error: `refused (${code})` });
        return;
      }
      case "gave-up":
        return this.#settle(encodeHex(event.blobId), event.wasSent ? "info" : "fail", { error: "given-up" });
      case "notified": {
        const { by, cursor } = event;
        const epoch = this.#epochHex();
        recorder.add({ type: "notified", ...where, relay: this.relayName, epoch, by, cursor });
        return;
      }
      case "pulling":
        this.#pull = this.#open("pull", { relay: this.relayName, epoch: this.#epochHex(), after: event.after });
        return;
      case "pulled": {
        const { through, max, blobs, hasMore } = event;
        const gone = event.gone.map(({ from, to, why }) => ({ from, to, why }));
        if (this.#pull !== undefined) this.#close(this.#pull, "ok", { through, max, blobs, hasMore, gone });
        this.#pull = undefined;
        return;
      }
      case "pull-failed":
        if (this.#pull !== undefined) this.#close(this.#pull, "fail", { error: event.why });
        this.#pull = undefined;
        return;
      case "ready":
      case "inbox":
      case "quarantined":
      case "lost-history":
      case "epoch-changed":
      case "page-refused":
      case "store-failed":
        // Hints: the application reads what is durable, in `onCommit`.
        return;
    }
  }

  #onQueued(event: Extract<ClientEvent, { type: "queued" }>): void {
    const operation = this.#pushes.get(event.ref);
    if (operation === undefined) return;
    this.#pushes.delete(event.ref);
    const blob = encodeHex(event.blobId);
    this.#queued.set(blob, { ...operation, blob });
    const { process, op } = operation;
    const { sequence } = event;
    const where = { device: this.name, group: this.group };
    this.#options.recorder.add({ type: "queued", ...where, process, op: op!, blob, sequence });
  }

  /** The epoch that the machine is in at this moment. */
  #epochHex(): string {
    const position = this.client?.position;
    return position === undefined ? "" : encodeHex(position.epoch);
  }

  #open(f: Operation["f"], about: Partial<Operation>): Operation {
    const { recorder } = this.#options;
    const operation = { device: this.name, group: this.group, f, process: recorder.nextProcess(), ...about };
    recorder.add({ type: "op", outcome: "invoke", ...operation });
    return operation;
  }

  #close(operation: Operation, outcome: "ok" | "fail" | "info", about: Partial<Operation>): void {
    this.#options.recorder.add({ type: "op", outcome, ...operation, ...about });
  }

  #settle(blob: string, outcome: "ok" | "fail" | "info", about: Partial<Operation>): void {
    const operation = this.#queued.get(blob);
    if (operation === undefined) return;
    this.#queued.delete(blob);
    this.#close(operation, outcome, about);
  }

  // ── what is durable ───────────────────────────────────────────────────────────────────────────────────────────────

  /** The application reads what is new in the committed inbox, by index. */
  onCommit(): void {
    const store = this.#store!;
    const { recorder } = this.#options;
    const where = { device: this.name, group: this.group, relay: this.relayName };
    const read = this.#read;
    for (; read.inbox < store.inbox.length; read.inbox++) {
      const { epoch, cursor, blob, body, sender, sequence } = store.inbox[read.inbox]!;
      const op = body.length >= 16 ? encodeHex(body.subarray(0, 16)) : null;
      recorder.add({
        type: "deliver",
        ...where,
        index: read.inbox,
        epoch,
        cursor,
        blob,
        op,
        digest: digestBytes(body),
        sizeBytes: body.length,
        sender: encodeHex(sender),
        sequence,
      });
    }
    for (; read.quarantine < store.quarantine.length; read.quarantine++) {
      const { epoch, cursor, blob, why } = store.quarantine[read.quarantine]!;
      recorder.add({ type: "quarantine", ...where, epoch, cursor, blob, why });
    }
    for (; read.lost < store.lost.length; read.lost++) {
      const { epoch, from, to, why } = store.lost[read.lost]!;
      recorder.add({ type: "lost", ...where, epoch, from, to, why });
    }
    const position = store.positions[0];
    if (position === undefined) return;
    const epoch = encodeHex(position.epoch);
    if (position.contiguous.cursor === this.#recordedCursor && epoch === this.#recordedEpoch) return;
    this.#readDisk("commit");
  }

  /** What the disk holds, as a `durable-state` record. */
  #readDisk(why: "commit" | "crash"): void {
    const store = this.#store!;
    // After a crash the application sees what is left: less than it had read would be found by the checkers.
    this.#read.inbox = Math.min(this.#read.inbox, store.inbox.length);
    this.#read.quarantine = Math.min(this.#read.quarantine, store.quarantine.length);
    this.#read.lost = Math.min(this.#read.lost, store.lost.length);
    const state = this.#state();
    const { outbox, ...rest } = state;
    this.#recordedCursor = state.cursor;
    this.#recordedEpoch = state.epoch;
    this.#options.recorder.add({ type: "durable-state", why, ...rest, ...(why === "crash" ? { outbox } : {}) });
  }

  #state() {
    const store = this.#store!;
    const position = store.positions[0];
    return {
      device: this.name,
      group: this.group,
      relay: this.relayName,
      epoch: position === undefined ? "" : encodeHex(position.epoch),
      cursor: position?.contiguous.cursor ?? 0,
      chain: position === undefined ? "" : encodeHex(position.contiguous.chain),
      inbox: store.inbox.length,
      outbox: store.outbox(this.#relayHex).map(({ blobId }) => encodeHex(blobId)),
    };
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
    const blobs = this.#store!.inbox.map(({ blob }) => blob).sort();
    const delivered = digestBytes(encodeText(blobs.join("")));
    this.#options.recorder.add({ type: "final-state", ...this.#state(), delivered });
  }
}
