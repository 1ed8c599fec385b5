/**
 * What a device's machine tells, as the history has it: events open, close and settle the operations of its
 * application, or are recorded as they are. The simulator's device and the controller of a real backend both feed it.
 */
import { encodeHex } from "../core/bytes.ts";
import type { ClientEvent } from "../core/client/events.ts";
import { unreachable } from "../core/invariant.ts";
import type { Accusation } from "./history.ts";
import type { HistorySink } from "./history-sink.ts";
import { OperationLog } from "./operation-log.ts";
import type { OperationStep } from "./plan.ts";

type Of<T extends ClientEvent["type"]> = Extract<ClientEvent, { type: T }>;

export interface DeviceHistoryOptions {
  readonly device: string;
  readonly group: string;
  /** The name of the relay with this id, in hex. */
  readonly relayName: (relayHex: string) => string;
  /** The epoch, in hex, that the device's position at this relay is in at this moment; empty for none. */
  readonly epochAt: (relayHex: string) => string;
}

export class DeviceHistory {
  readonly #sink: HistorySink;
  readonly #options: DeviceHistoryOptions;
  readonly #operations: OperationLog;

  constructor(sink: HistorySink, options: DeviceHistoryOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#operations = new OperationLog(sink, options.device, options.group);
  }

  /** Answers the number by which the machine will speak of it. */
  invokePush(step: Extract<OperationStep, { do: "push" }>, body: Uint8Array): number {
    return this.#operations.invokePush(step, body);
  }

  /** It never got into the sent log. */
  pushFailed(ref: number, error: string): void {
    this.#operations.pushFailed(ref, error);
  }

  /** The process died: what was under way may or may not have happened. */
  died(): void {
    this.#operations.died();
  }

  tell(event: ClientEvent): void {
    const operations = this.#operations;
    switch (event.type) {
      case "connecting":
        return operations.invokeConnect(this.#nameOf(event.relay));
      case "connected":
        return operations.connected(this.#nameOf(event.relay), event.epoch, event.max);
      case "disconnected":
        return this.#disconnected(event);
      case "all-relays-failed": {
        const { device, group } = this.#options;
        return this.#sink.add({ type: "relays-failed", at: this.#sink.at, device, group });
      }
      case "queued":
        return operations.queued(event.ref, this.#sink.names.of(event.blobId), event.sequence);
      case "push-failed":
        return operations.pushFailed(event.ref, event.error.type);
      case "acked":
        return this.#acked(event);
      case "refused":
        return this.#refused(event);
      case "gave-up":
        return operations.settlePush(encodeHex(event.blobId), event.wasSent ? "info" : "fail", "given-up");
      case "notified":
        return this.#notified(event);
      case "pulling":
        return operations.invokePull(this.#nameOf(event.relay), this.#options.epochAt(event.relay), event.after);
      case "pulled":
        return operations.pulled(this.#nameOf(event.relay), event);
      case "pull-failed":
        return operations.pullFailed(this.#nameOf(event.relay), event.why);
      case "page-refused":
        return this.#accused(event.relay, "page-refused", 0, null);
      case "accused":
        return this.#accused(event.relay, event.what, event.cursor, event.sender);
      case "ready":
      case "inbox":
      case "quarantined":
      case "lost-history":
      case "epoch-changed":
      case "store-failed":
      case "deleted":
      case "devices":
      case "device-revoked":
      case "invite-kept":
      case "invite-cancelled":
      case "request-failed":
        // Hints: what is durable is read after the commit. And answers that no plan asks for.
        return;
      default:
        return unreachable(event);
    }
  }

  #disconnected({ relay, why }: Of<"disconnected">): void {
    const { at } = this.#sink;
    const { device, group } = this.#options;
    const name = this.#nameOf(relay);
    this.#operations.connectFailed(name, why);
    this.#sink.add({ type: "disconnected", at, device, group, relay: name, why });
  }

  #acked(event: Of<"acked">): void {
    const sink = this.#sink;
    const { device, group } = this.#options;
    const blob = sink.names.of(event.blobId);
    const { cursor, chain } = event.position;
    sink.add({
      type: "ack",
      at: sink.at,
      device,
      group,
      relay: this.#nameOf(event.relay),
      epoch: sink.names.of(event.epoch),
      blob,
      cursor,
      chain: sink.names.of(chain),
    });
    this.#operations.settlePush(blob, "ok");
  }

  #accused(hex: string, what: Accusation, cursor: number, sender: Uint8Array | null): void {
    const { at, names } = this.#sink;
    const { device, group, epochAt } = this.#options;
    const log = { device, group, relay: this.#nameOf(hex), epoch: epochAt(hex) };
    this.#sink.add({
      type: "accused",
      at,
      ...log,
      what,
      cursor,
      ...(sender === null ? {} : { sender: names.of(sender) }),
    });
  }

  #refused(event: Of<"refused">): void {
    const { at } = this.#sink;
    const { device, group } = this.#options;
    const { code, retryable, isFinal } = event;
    const blob = encodeHex(event.blobId);
    const relay = this.#nameOf(event.relay);
    this.#sink.add({ type: "refused", at, device, group, relay, blob, code, retryable });
    if (isFinal) this.#operations.settlePush(blob, "fail", `refused (${code})`);
  }

  #notified({ relay, by, cursor }: Of<"notified">): void {
    const { at } = this.#sink;
    const { device, group, epochAt } = this.#options;
    const epoch = epochAt(relay);
    this.#sink.add({ type: "notified", at, device, group, relay: this.#nameOf(relay), epoch, by, cursor });
  }

  #nameOf(relayHex: string): string {
    return this.#options.relayName(relayHex);
  }
}
