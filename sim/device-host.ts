/**
 * A device in the simulated world: its program and its application. The application pushes what the plan says and reads
 * the committed inbox; the machine's events are hints, and open or close operations of the history.
 */
import { type BytePool, encodeHex } from "../core/bytes.ts";
import { Client } from "../core/client/client.ts";
import type { ClientConfig } from "../core/client/config.ts";
import type { ClientCommand, ClientEvent } from "../core/client/events.ts";
import type { DeviceAnswer, DeviceOperation } from "../core/client/store.ts";
import { textOf, type CryptoSuite } from "../core/crypto/suite.ts";
import type { RelayAddress } from "../core/ids.ts";
import type { Entropy } from "../core/machine.ts";
import type { Redacted } from "../core/redacted.ts";
import { DeviceHistory } from "../scenarios/device-history.ts";
import { DiskReader } from "../scenarios/disk-reader.ts";
import { observeSuite } from "../scenarios/observed-suite.ts";
import { createPayload } from "../scenarios/payload.ts";
import type { OperationStep } from "../scenarios/plan.ts";
import { isTransportNonce, isTransportSeal } from "../scenarios/seal-record.ts";
import { DeviceStore } from "./device-store.ts";
import { SimDeviceDisk } from "./device-disk.ts";
import type { HostWatch } from "./host-watch.ts";
import type { RecordWriter } from "./record-writer.ts";
import type { Cause } from "./kernel/choices.ts";
import type { Disk } from "./kernel/disk.ts";
import type { Host } from "./kernel/host.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Program, RunningProgram } from "./kernel/program.ts";
import type { Recorder } from "./recorder.ts";

export interface DeviceHostOptions {
  readonly name: string;
  readonly group: string;
  /** By name, in order of preference. */
  readonly relays: ReadonlyMap<string, RelayAddress>;
  readonly groupSecret: Redacted<Uint8Array>;
  readonly config: ClientConfig;
  readonly suite: CryptoSuite;
  readonly writer: RecordWriter;
  readonly pool: BytePool;
  readonly recorder: Recorder;
  /** A process starts: takes the marks that it hits. */
  readonly startLife: () => (mark: string) => void;
  readonly watch?: HostWatch | undefined;
}

export class DeviceHost implements Program<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer> {
  readonly name: string;
  readonly group: string;
  readonly host: Host<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer>;
  onSend?: (peer: string, bytes: Uint8Array) => void;
  readonly #options: DeviceHostOptions;
  readonly #suite: CryptoSuite;
  readonly #history: DeviceHistory;
  readonly #reader: DiskReader;
  /** The application's wish to be connected, which outlives the process. */
  #isWanted = false;
  /** Names of relays by their ids in hex. */
  readonly #names = new Map<string, string>();
  readonly #hexes = new Map<string, string>();

  constructor(kernel: Kernel, options: DeviceHostOptions) {
    const { name, group, relays, recorder, watch } = options;
    this.name = name;
    this.group = group;
    this.#options = options;
    for (const [relay, { id }] of relays) {
      this.#names.set(encodeHex(id), relay);
      this.#hexes.set(relay, encodeHex(id));
    }
    this.#history = new DeviceHistory(recorder, {
      device: name,
      group,
      relayName: (relayHex) => this.#names.get(relayHex)!,
      epochAt: (relayHex) => this.#epochAt(relayHex),
    });
    this.#reader = new DiskReader(recorder, name, group, this.#hexes);
    this.#suite = observeSuite(options.suite, {
      sealed: (key, nonce, ad, plaintext, out) => {
        if (isTransportNonce(nonce)) recorder.frames += 1;
        recorder.sealed(name, key, nonce);
        if (watch !== undefined && isTransportSeal(nonce, ad)) watch.sealed(textOf(plaintext, out));
      },
      ...(watch === undefined ? {} : { opened: (bytes) => watch.opened(bytes) }),
    });
    if (watch !== undefined) this.onSend = (peer, bytes) => watch.sent(peer, bytes);
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
    const { groupSecret, config, writer, pool, recorder, startLife } = this.#options;
    const mark = startLife();
    const relays = [...this.#options.relays.values()];
    const store = new DeviceStore(disk, writer, recorder.names, mark);
    this.#reader.opened(new SimDeviceDisk(store), incarnation === 0);
    const context = { entropy, suite: this.#suite, mark, pool };
    const machine = new Client({ relays, groupSecret, config }, context);
    return { machine, store: this.#options.watch?.started(store) ?? store };
  }

  /** The process came up again: the application wants what it wanted before. */
  resumeWish(cause: Cause): void {
    if (this.#isWanted) this.host.command({ type: "connect" }, cause);
  }

  /** The process died: what was under way may or may not have happened. */
  died(): void {
    this.#history.died();
  }

  // ── what the plan asks of the application ─────────────────────────────────────────────────────────────────────────

  push(step: Extract<OperationStep, { do: "push" }>, cause: Cause): void {
    const body = createPayload(step.op, step.sizeBytes, this.#options.pool);
    const ref = this.#history.invokePush(step, body);
    if (this.host.isUp) this.host.command({ type: "push", ref, body, ttlS: step.ttlS }, cause);
    else this.#history.pushFailed(ref, "the device is down");
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
    this.#history.tell(event);
  }

  onCommit(): void {
    this.#reader.committed();
  }

  /** The epoch that the machine's position at this relay is in at this moment. */
  #epochAt(relayHex: string): string {
    const epoch = this.client?.positionAt(relayHex)?.epoch;
    return epoch === undefined ? "" : this.#options.recorder.names.of(epoch);
  }

  // ── the end of a run ──────────────────────────────────────────────────────────────────────────────────────────────

  /** What it still waits for, each in plain words; empty when it owes nothing and is owed nothing that it knows of. */
  waitingFor(): readonly string[] {
    if (!this.host.isUp || this.client === undefined) return [`${this.name} waits to be started`];
    return this.client.waitingFor().map(({ relay, what }) => {
      const whose = relay === null || this.#names.size === 1 ? "" : ` at ${this.#names.get(relay)}`;
      return `${this.name} waits for ${what}${whose}`;
    });
  }

  /** Where it stands at each of its relays: equal for all devices of a group once they have converged. */
  *standings(): IterableIterator<readonly [relay: string, standing: string]> {
    for (const [name, hex] of this.#hexes) {
      const position = this.client?.positionAt(hex);
      if (position === undefined) {
        yield [name, ""];
        continue;
      }
      const { cursor, chain } = position.contiguous;
      yield [name, `${encodeHex(position.epoch)}/${cursor}/${encodeHex(chain)}`];
    }
  }

  resources(): { readonly [what: string]: number } {
    return { hostConnections: this.host.connectionCount, ...this.client?.resources() };
  }

  recordFinal(): void {
    this.#reader.recordFinal();
  }
}
