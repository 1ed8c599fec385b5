/**
 * A relay machine on its sockets, kept alive: one that breaks (our own mistake) is dropped with all its sessions and
 * replaced by a new one on the same store and port; devices come back by themselves. One that breaks again and again
 * is given up.
 */
import type { Context } from "../../core/context.ts";
import type { RelayConfig } from "../../core/relay/config.ts";
import type { RelayCommand, RelayEvent } from "../../core/relay/events.ts";
import { Relay } from "../../core/relay/relay.ts";
import type { RelayAnswer, RelayOperation } from "../../core/relay/store.ts";
import type { Clock } from "../driver/clock.ts";
import type { Endpoint } from "../driver/endpoint.ts";
import { MachineDriver } from "../driver/machine-driver.ts";
import type { DriverLimits, Transaction } from "../driver/driver-options.ts";
import type { TransactionStore } from "../driver/transaction-store.ts";
import type { Log } from "./log.ts";
import { describeError } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Signal } from "./signal.ts";
import { createSignal } from "./signal.ts";

export interface RelayLifeOptions {
  readonly config: RelayConfig;
  readonly context: Context;
  readonly store: TransactionStore<RelayOperation, RelayAnswer>;
  readonly clock: Clock;
  readonly limits: Partial<DriverLimits>;
  readonly log: Log;
  readonly afterTurn?: () => void;
  readonly metrics: Pick<Metrics, "accepted" | "dropped" | "slowReader" | "failed" | "transaction">;
}

type RelayDriver = MachineDriver<RelayCommand, RelayEvent, RelayOperation, RelayAnswer>;
type Phase = "starting" | "running" | "restarting" | "stopping" | "given-up";

/** A machine that breaks more often than this within a minute is given up. */
const RESTARTS_MAX = 10;
const RESTARTS_MS = 60_000;

export class RelayLife {
  readonly #options: RelayLifeOptions;
  /** Of the present machine. */
  #ready = createSignal<Uint8Array>();
  readonly #stopped = createSignal<void>();
  readonly #givenUp = createSignal<void>();
  #machine!: Relay;
  #driver!: RelayDriver;
  #phase: Phase = "starting";
  #endpoint: Endpoint | undefined;
  #brokeAtMs: number[] = [];
  #isStoreFailing = false;

  constructor(options: RelayLifeOptions) {
    this.#options = options;
    this.#begin();
  }

  /** The relay's id, once it has its key; rejects when the store cannot give or keep one. */
  get ready(): Promise<Uint8Array> {
    return this.#ready.promise;
  }

  get givenUp(): Promise<void> {
    return this.#givenUp.promise;
  }

  get isRunning(): boolean {
    return this.#phase === "running";
  }

  resources(): { readonly [what: string]: number } {
    return { ...this.#machine.resources(), ...this.#driver.resources };
  }

  /** After `ready`. Rejects with the system's error. */
  async listen(endpoint: Endpoint): Promise<Endpoint> {
    const bound = await this.#driver.listen(endpoint);
    this.#endpoint = bound;
    if (this.#phase === "starting" || this.#phase === "restarting") this.#phase = "running";
    return bound;
  }

  /** Stops accepting, finishes what is in flight, says Bye; false when the time was over before everything was done. */
  async close(graceMs: number): Promise<boolean> {
    const wasRunning = this.isRunning;
    if (this.#phase !== "given-up") this.#phase = "stopping";
    this.#driver.stopListening();
    this.#driver.command({ type: "shutdown" });
    if (!wasRunning) this.#stopped.resolve();
    const inTime = await within(this.#stopped, graceMs);
    await this.#driver.close();
    return inTime;
  }

  #begin(): void {
    const { config, context, store, clock, limits, metrics, afterTurn } = this.#options;
    this.#ready = createSignal();
    this.#machine = new Relay(config, context);
    this.#driver = new MachineDriver({
      machine: this.#machine,
      store,
      clock,
      limits,
      onEvent: (event) => this.#told(event),
      onBroken: (error) => this.#broke(error),
      onAccepted: () => metrics.accepted(),
      onSlowReader: () => {
        metrics.slowReader();
        this.#options.log.info("slow reader cut");
      },
      onTransaction: (transaction) => this.#stored(transaction),
      ...(afterTurn !== undefined && { afterTurn }),
    });
  }

  #told(event: RelayEvent): void {
    const { log, metrics } = this.#options;
    switch (event.type) {
      case "ready":
        return this.#ready.resolve(event.relayId);
      case "stopped":
        return this.#stopped.resolve();
      case "dropped":
        metrics.dropped(event.why);
        return log.debug("dropped", { why: event.why });
    }
  }

  #stored(transaction: Transaction<RelayOperation, RelayAnswer>): void {
    const { log, metrics } = this.#options;
    metrics.transaction(transaction);
    const { operations, answers, askedMs, beganMs, endedMs } = transaction;
    const [tookMs, waitedMs] = [endedMs - beganMs, beganMs - askedMs].map((ms) => Math.round(ms * 1000) / 1000);
    log.trace("transaction", { operations: operations.length, tookMs: tookMs!, waitedMs: waitedMs! });
    const failed = answers.find((answer) => answer.type === "failed");
    if (failed !== undefined && !this.#isStoreFailing) log.error("store failed", { why: failed.error.type });
    if (failed === undefined && this.#isStoreFailing) log.info("store works again");
    this.#isStoreFailing = failed !== undefined;
    if (failed !== undefined && this.#phase === "starting") this.#ready.reject(failed.error);
    const swept = answers.find((answer) => answer.type === "swept");
    if (swept !== undefined && swept.gone > 0) log.debug("swept", { blobs: swept.gone });
  }

  #broke(error: unknown): void {
    const { log, metrics } = this.#options;
    metrics.failed();
    log.error("machine broke", describeError(error));
    this.#ready.reject(error);
    if (this.#phase === "running") void this.#restart();
    else if (this.#phase !== "restarting") this.#stopped.resolve();
  }

  /** Until one is ready and listens, or too many have broken; ends early when it is asked to stop meanwhile. */
  async #restart(): Promise<void> {
    const { log, clock } = this.#options;
    this.#phase = "restarting";
    for (;;) {
      const nowMs = clock.now().monoMs;
      this.#brokeAtMs = [...this.#brokeAtMs.filter((atMs) => atMs > nowMs - RESTARTS_MS), nowMs];
      if (this.#brokeAtMs.length > RESTARTS_MAX) break;
      await this.#driver.close();
      if (!this.#isRestarting) return;
      this.#begin();
      try {
        await this.#ready.promise;
        await this.listen(this.#endpoint!);
        log.warn("restarted", { restarts: this.#brokeAtMs.length });
        return;
      } catch {
        if (!this.#isRestarting) return;
      }
    }
    this.#phase = "given-up";
    log.fatal("given up");
    this.#givenUp.resolve();
  }

  /** Asked anew after each wait. */
  get #isRestarting(): boolean {
    return this.#phase === "restarting";
  }
}

/** Whether it comes within the time. */
async function within(signal: Signal<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const inTime = await Promise.race([signal.promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
