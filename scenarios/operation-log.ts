/**
 * The operations of one device's application, from invoke to completion, as the history has them. What a dead process
 * had under way is `info`; a push that was durable by then can still be settled by what its next life learns.
 */
import { encodeHex } from "../core/bytes.ts";
import type { ClientEvent } from "../core/client/events.ts";
import { OpenOperations } from "./open-operations.ts";
import { digestBytes } from "./payload.ts";
import type { OperationStep } from "./plan.ts";
import type { HistorySink } from "./history-sink.ts";

type Completion = "ok" | "fail" | "info";

interface PushOperation {
  readonly process: number;
  readonly op: string;
  readonly sizeBytes: number;
  readonly digest: string;
  readonly ttlS: number;
}

interface PullOperation {
  readonly process: number;
  readonly epoch: string;
  readonly after: number;
}

/** Of pushes that are settled: more are not kept for the sake of speed. */
const SETTLED_KEPT_MAX = 1024;

export class OperationLog {
  readonly #sink: HistorySink;
  readonly #device: string;
  readonly #group: string;
  /** By the number that came with the command, until they are queued. */
  readonly #early = new OpenOperations<PushOperation>();
  // Emptied by setting: a map that is left with few keys or none by a deletion is made anew each time.
  /** By blob id; undefined once they are settled, and gone some time after that. */
  #queued = new Map<string, PushOperation | undefined>();
  #settled = 0;
  /** By relay. */
  readonly #pulls = new Map<string, PullOperation | undefined>();
  readonly #connects = new Map<string, number>();

  constructor(sink: HistorySink, device: string, group: string) {
    this.#sink = sink;
    this.#device = device;
    this.#group = group;
  }

  /** Answers the number by which the machine will speak of it. */
  invokePush(step: Extract<OperationStep, { do: "push" }>, body: Uint8Array): number {
    const { op, sizeBytes, ttlS } = step;
    const operation = { process: this.#sink.nextProcess(), op, sizeBytes, digest: digestBytes(body), ttlS };
    this.#early.add(operation.process, operation);
    this.#recordPush(operation, "invoke", undefined, undefined);
    return operation.process;
  }

  queued(ref: number, blob: string, sequence: number): void {
    const operation = this.#early.take(ref);
    if (operation === undefined) return;
    this.#queued.set(blob, operation);
    const { process, op } = operation;
    const { at } = this.#sink;
    this.#sink.add({ type: "queued", at, device: this.#device, group: this.#group, process, op, blob, sequence });
  }

  /** It never got into the sent log. */
  pushFailed(ref: number, error: string): void {
    const operation = this.#early.take(ref);
    if (operation === undefined) return;
    this.#recordPush(operation, "fail", undefined, error);
  }

  settlePush(blob: string, outcome: Completion, error?: string): void {
    const operation = this.#queued.get(blob);
    if (operation === undefined) return;
    this.#queued.set(blob, undefined);
    this.#settled += 1;
    if (this.#settled > SETTLED_KEPT_MAX && 2 * this.#settled > this.#queued.size) this.#forgetSettled();
    this.#recordPush(operation, outcome, blob, error);
  }

  #forgetSettled(): void {
    this.#queued = new Map([...this.#queued].filter(([, operation]) => operation !== undefined));
    this.#settled = 0;
  }

  invokePull(relay: string, epoch: string, after: number): void {
    const process = this.#sink.nextProcess();
    this.#pulls.set(relay, { process, epoch, after });
    this.#sink.add({
      type: "op",
      at: this.#sink.at,
      device: this.#device,
      group: this.#group,
      relay,
      f: "pull",
      outcome: "invoke",
      process,
      epoch,
      after,
    });
  }

  pulled(relay: string, event: Extract<ClientEvent, { type: "pulled" }>): void {
    const pull = this.#pulls.get(relay);
    if (pull === undefined) return;
    const { process, epoch, after } = pull;
    const { through, max, blobs, hasMore } = event;
    this.#pulls.set(relay, undefined);
    this.#sink.add({
      type: "op",
      at: this.#sink.at,
      device: this.#device,
      group: this.#group,
      relay,
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

  pullFailed(relay: string, error: string): void {
    this.#endPull(relay, "fail", error);
  }

  invokeConnect(relay: string): void {
    this.#connects.set(relay, this.#sink.nextProcess());
    this.#recordConnect(relay, "invoke", {});
  }

  connected(relay: string, epoch: Uint8Array, max: number): void {
    this.#recordConnect(relay, "ok", { epoch: encodeHex(epoch), max });
    this.#connects.delete(relay);
  }

  connectFailed(relay: string, error: string): void {
    this.#recordConnect(relay, "fail", { error });
    this.#connects.delete(relay);
  }

  died(): void {
    const error = "crashed";
    const early = this.#early.takeAll().toSorted((x, y) => x.process - y.process);
    for (const operation of early) this.#recordPush(operation, "info", undefined, error);
    // These stay: the sent log is durable, and what becomes of them will be heard.
    for (const [blob, operation] of this.#queued) {
      if (operation !== undefined) this.#recordPush(operation, "info", blob, error);
    }
    for (const relay of this.#pulls.keys()) this.#endPull(relay, "info", error);
    for (const relay of this.#connects.keys()) this.#recordConnect(relay, "info", { error });
    this.#connects.clear();
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
    const { at } = this.#sink;
    const device = this.#device;
    const group = this.#group;
    this.#sink.add(
      blob === undefined
        ? error === undefined
          ? { type, at, device, group, f, outcome, process, op, sizeBytes, digest, ttlS }
          : { type, at, device, group, f, outcome, process, op, sizeBytes, digest, ttlS, error }
        : error === undefined
          ? { type, at, device, group, f, outcome, process, op, sizeBytes, digest, ttlS, blob }
          : { type, at, device, group, f, outcome, process, op, sizeBytes, digest, ttlS, blob, error },
    );
  }

  #endPull(relay: string, outcome: "fail" | "info", error: string): void {
    const pull = this.#pulls.get(relay);
    if (pull === undefined) return;
    const { process, epoch, after } = pull;
    this.#pulls.set(relay, undefined);
    const where = { device: this.#device, group: this.#group, relay };
    this.#sink.add({
      type: "op",
      at: this.#sink.at,
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
    relay: string,
    outcome: "invoke" | Completion,
    about: { readonly epoch?: string; readonly max?: number; readonly error?: string },
  ): void {
    const process = this.#connects.get(relay);
    if (process === undefined) return;
    const where = { device: this.#device, group: this.#group, relay };
    this.#sink.add({ type: "op", at: this.#sink.at, ...where, f: "connect", outcome, process, ...about });
  }
}
