/**
 * One client machine at work: on sockets, on its store, with waits on its events. Whoever makes it closes it; after that
 * it holds no socket, no timer and no file.
 */
import { Client } from "../../core/client/client.ts";
import type { ClientConfig } from "../../core/client/config.ts";
import type { ClientCommand, ClientEvent, RequestCommand } from "../../core/client/events.ts";
import type { DeviceAnswer, DeviceOperation } from "../../core/client/store.ts";
import type { RelayAddress } from "../../core/ids.ts";
import type { Redacted } from "../../core/redacted.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import { NextCiphers } from "../crypto/next-ciphers.ts";
import { createRealClock } from "../driver/clock.ts";
import { createEntropy } from "../driver/entropy.ts";
import { MachineDriver } from "../driver/machine-driver.ts";
import type { TransactionStore } from "../driver/transaction-store.ts";
import { EventWaits, type Probe, type WaitOptions } from "./event-waits.ts";
import { describeRefusal } from "./refusal.ts";
import { BrokenClientError, ClosedError, NotConnectedError, RefusedError, StorageError } from "./sync-error.ts";

export interface ClientHostOptions {
  /** The host closes it. */
  readonly store: TransactionStore<DeviceOperation, DeviceAnswer>;
  readonly relays: readonly RelayAddress[];
  readonly groupSecret: Redacted<Uint8Array>;
  readonly config: ClientConfig;
  readonly onEvent: (event: ClientEvent) => void;
  readonly onBroken: (error: BrokenClientError) => void;
}

const READY_TIMEOUT_MS = 10_000;

/** A request without its number: that is given here. */
export type Ask = RequestCommand extends infer Command
  ? Command extends RequestCommand
    ? Omit<Command, "ref">
    : never
  : never;

export class ClientHost {
  readonly machine: Client;
  readonly #store: TransactionStore<DeviceOperation, DeviceAnswer>;
  readonly #driver: MachineDriver<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer>;
  readonly #waits = new EventWaits();
  #lastRef = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ClientHostOptions) {
    const { store, relays, groupSecret, config } = options;
    const ciphers = new NextCiphers();
    const context = { entropy: createEntropy(), suite: createFastSuite(ciphers), mark: () => {} };
    this.#store = store;
    this.machine = new Client({ relays, groupSecret, config }, context);
    this.#driver = new MachineDriver({
      machine: this.machine,
      store,
      clock: createRealClock(),
      afterTurn: () => ciphers.prepare(),
      onEvent: (event) => {
        options.onEvent(event);
        this.#waits.hear(event);
      },
      onBroken: (cause) => {
        const error = new BrokenClientError(cause);
        this.#waits.fail(error);
        options.onBroken(error);
      },
    });
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** This device's id, once its store has told. */
  ready(): Promise<Uint8Array> {
    const probe: Probe<Uint8Array> = (event) => {
      if (event.type === "store-failed") throw new StorageError("The device's database cannot be read.");
      return event.type === "ready" ? event.deviceId : undefined;
    };
    return this.wait(probe, { what: "Reading the device's database", timeoutMs: READY_TIMEOUT_MS });
  }

  command(command: ClientCommand): void {
    if (this.isClosed) throw new ClosedError();
    this.#driver.command(command);
  }

  nextRef(): number {
    this.#lastRef += 1;
    return this.#lastRef;
  }

  wait<T>(probe: Probe<T>, options: WaitOptions): Promise<T> {
    return this.#waits.wait(probe, options);
  }

  /** Asks the active relay; `probe` is shown what answers. */
  async request<T>(ask: Ask, probe: Probe<T>, options: WaitOptions): Promise<T> {
    const ref = this.nextRef();
    const answer = this.wait((event) => {
      if (event.type === "request-failed" && event.ref === ref) throw requestError(event);
      return "ref" in event && event.ref === ref ? probe(event) : undefined;
    }, options);
    // The machine may answer at once, within the command.
    this.command({ ...ask, ref });
    return answer;
  }

  /** Takes leave of the relays. What is queued stays on disk. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#driver.command({ type: "disconnect" });
    this.#waits.fail(new ClosedError());
    await this.#driver.close();
    this.#store.close();
  }
}

function requestError(event: Extract<ClientEvent, { type: "request-failed" }>): Error {
  switch (event.why) {
    case "offline":
      return new NotConnectedError();
    case "disconnected":
      return new NotConnectedError(
        "The connection was lost before the relay had answered: it may or may not have been done, ask again.",
      );
    case "refused": {
      const sentence = `The relay refused: ${describeRefusal(event.code).replace(/^the relay /, "it ")}.`;
      return new RefusedError(sentence, event.code, event.retryAfterMs);
    }
  }
}
