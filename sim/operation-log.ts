/**
 * The operations of one device's application, from invoke to completion, as the history has them. What a dead process
 * had under way is `info`; a push that was durable by then can still be settled by what its next life learns.
 */
import { encodeHex } from "../core/bytes.ts";
import type { ClientEvent } from "../core/client/events.ts";
import { digestBytes } from "../scenarios/payload.ts";
import type { OperationStep } from "../scenarios/plan.ts";
import type { Recorder } from "./recorder.ts";

type Completion = "ok" | "fail" | "info";

interface PushOperation {
  readonly process: number;
  readonly op: string;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly ttlS: number;
}

export class OperationLog {
  readonly #recorder: Recorder;
  readonly #device: string;
  readonly #group: string;
  readonly #relay: string;
  /** By the number that came with the command, until they are queued. */
  readonly #early = new Map<number, PushOperation>();
  /** By blob id, until they are settled. */
  readonly #queued = new Map<string, PushOperation>();
  #pull: { readonly process: number; readonly epoch: string; readonly after: number } | undefined;
  #connect: number | undefined;

  constructor(recorder: Recorder, device: string, group: string, relay: string) {
    this.#recorder = recorder;
    this.#device = device;
    this.#group = group;
    this.#relay = relay;
  }

  /** Answers the number by which the machine will speak of it. */
  invokePush(step: Extract<OperationStep, { do: "push" }>, body: Uint8Array): number {
    const { op, sizeBytes, ttlS } = step;
    const operation = { process: this.#recorder.nextProcess(), op, sizeBytes, digest: digestBytes(body), ttlS };
    this.#early.set(operation.process, operation);
    this.#recordPush(operation, "invoke", undefined, undefined);
    return operation.process;
  }

  queued(ref: number, blob: string, sequence: number): void {
    const operation = this.#early.get(ref);
    if (operation === undefined) return;
    this.#early.delete(ref);
    this.#queued.set(blob, operation);
    const { process, op } = operation;
    const { at } = this.#recorder;
    this.#recorder.add({ type: "queued", at, device: this.#device, group: this.#group, process, op, blob, sequence });
  }

  /** It never got into the sent log. */
  pushFailed(ref: number, error: string): void {
    const operation = this.#early.get(ref);
    if (operation === undefined) return;
    this.#early.delete(ref);
    this.#recordPush(operation, "fail", undefined, error);
  }

  settlePush(blob: string, outcome: Completion, error?: string): void {
    const operation = this.#queued.get(blob);
    if (operation === undefined) return;
    this.#queued.delete(blob);
    this.#recordPush(operation, outcome, blob, error);
  }

  invokePull(epoch: string, after: number): void {
    const process = this.#recorder.nextProcess();
    this.#pull = { process, epoch, after };
    this.#recorder.add({
      type: "op",
      at: this.#recorder.at,
      device: this.#device,
      group: this.#group,
      relay: this.#relay,
      f: "pull",
      outcome: "invoke",
      process,
      epoch,
      after,
    });
  }

  pulled(event: Extract<ClientEvent, { type: "pulled" }>): void {
    if (this.#pull === undefined) return;
    const { process, epoch, after } = this.#pull;
    const { through, max, blobs, hasMore } = event;
    this.#pull = undefined;
    this.#recorder.add({
      type: "op",
      at: this.#recorder.at,
      device: this.#device,
      group: this.#group,
      relay: this.#relay,
      f: "pull",
      outcome: "ok",
      process,
      epoch,
      after,
      through,
      max,
      blobs,
      hasMore,
      gone: event.gone.length === 0 ? [] : event.gone.map(({ from, to, why }) => ({ from, to, why })),
    });
  }

  pullFailed(error: string): void {
    this.#endPull("fail", error);
  }

  invokeConnect(): void {
    this.#connect = this.#recorder.nextProcess();
    this.#recordConnect("invoke", {});
  }

  connected(epoch: Uint8Array, max: number): void {
    this.#recordConnect("ok", { epoch: encodeHex(epoch), max });
    this.#connect = undefined;
  }

  connectFailed(error: string): void {
    this.#recordConnect("fail", { error });
    this.#connect = undefined;
  }

  died(): void {
    const error = "crashed";
    for (const operation of this.#early.values()) this.#recordPush(operation, "info", undefined, error);
    this.#early.clear();
    // These stay: the sent log is durable, and what becomes of them will be heard.
    for (const [blob, operation] of this.#queued) this.#recordPush(operation, "info", blob, error);
    this.#endPull("info", error);
    this.#recordConnect("info", { error });
    this.#connect = undefined;
  }

  /** One whole literal per shape: these are many, and spreads cost more than all the rest. */
  #recordPush(
    operation: PushOperation,
    outcome: "invoke" | Completion,
    blob: string | undefined,
    error: string | undefined,
  ): void {
    const { process, op, sizeBytes, digest, ttlS } = operation;
    const type = "op";
    const f = "push";
    const { at } = this.#recorder;
    const device = this.#device;
    const group = this.#group;
    this.#recorder.add(
      blob === undefined
        ? error === undefined
          ? { type, at, device, group, f, outcome, process, op, sizeBytes, digest, ttlS }
          : { type, at, device, group, f, outcome, process, op, sizeBytes, digest, ttlS, error }
        : error === undefined
          ? { type, at, device, group, f, outcome, process, op, sizeBytes, digest, ttlS, blob }
          : { type, at, device, group, f, outcome, process, op, sizeBytes, digest, ttlS, blob, error },
    );
  }

  #endPull(outcome: "fail" | "info", error: string): void {
    if (this.#pull === undefined) return;
    const { process, epoch, after } = this.#pull;
    this.#pull = undefined;
    const where = { device: this.#device, group: this.#group, relay: this.#relay };
    this.#recorder.add({
      type: "op",
      at: this.#recorder.at,
      ...where,
      f: "pull",
      outcome,
      process,
      epoch,
      after,
      error,
    });
  }

  #recordConnect(
    outcome: "invoke" | Completion,
    about: { readonly epoch?: string; readonly max?: number; readonly error?: string },
  ): void {
    const process = this.#connect;
    if (process === undefined) return;
    const where = { device: this.#device, group: this.#group, relay: this.#relay };
    this.#recorder.add({ type: "op", at: this.#recorder.at, ...where, f: "connect", outcome, process, ...about });
  }
}
