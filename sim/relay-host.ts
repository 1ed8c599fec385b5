/** A relay in the simulated world: its program, and what is seen of it. */
import type { Context } from "../core/context.ts";
import { textOf, type CryptoSuite } from "../core/crypto/suite.ts";
import { type BytePool, encodeHex } from "../core/bytes.ts";
import type { Entropy } from "../core/machine.ts";
import type { RelayConfig } from "../core/relay/config.ts";
import type { RelayCommand, RelayEvent } from "../core/relay/events.ts";
import { Relay } from "../core/relay/relay.ts";
import type { RelayAnswer, RelayOperation } from "../core/relay/store.ts";
import { observeSuite } from "../scenarios/observed-suite.ts";
import { isTransportSeal } from "../scenarios/seal-record.ts";
import type { HostWatch } from "./host-watch.ts";
import type { RecordWriter } from "./record-writer.ts";
import type { Disk } from "./kernel/disk.ts";
import type { Host } from "./kernel/host.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Program, RunningProgram } from "./kernel/program.ts";
import type { Recorder } from "./recorder.ts";
import { rotRows } from "./relay-rot.ts";
import { RELAY_DATA_FILE, RelayStore } from "./relay-store.ts";

export interface RelayHostOptions {
  readonly name: string;
  readonly config: RelayConfig;
  readonly suite: CryptoSuite;
  readonly writer: RecordWriter;
  readonly pool: BytePool;
  readonly recorder: Recorder;
  /** A process starts: takes the marks that it hits. */
  readonly startLife: () => (mark: string) => void;
  readonly watch?: HostWatch | undefined;
}

export class RelayHost implements Program<RelayCommand, RelayEvent, RelayOperation, RelayAnswer> {
  readonly name: string;
  readonly endpoint: string;
  readonly host: Host<RelayCommand, RelayEvent, RelayOperation, RelayAnswer>;
  /** The relay's public key, once it has told. */
  relayId: Uint8Array | undefined;
  /** For its next start. */
  config: RelayConfig;
  /** Told `stopped`, once. */
  onStopped: (() => void) | undefined;
  onSend?: (peer: string, bytes: Uint8Array) => void;
  readonly #options: RelayHostOptions;
  readonly #suite: CryptoSuite;

  constructor(kernel: Kernel, options: RelayHostOptions) {
    const { name, recorder, watch } = options;
    this.name = name;
    this.endpoint = `${name}:4040`;
    this.config = options.config;
    this.#options = options;
    this.#suite = observeSuite(options.suite, {
      sealed: (key, nonce, ad, plaintext, out) => {
        recorder.sealed(name, key, nonce);
        if (watch !== undefined && isTransportSeal(nonce, ad)) watch.sealed(textOf(plaintext, out));
      },
      opened: (bytes) => {
        watch?.opened(bytes);
        recorder.opened(name, bytes);
      },
    });
    if (watch !== undefined) this.onSend = (peer, bytes) => watch.sent(peer, bytes);
    this.host = kernel.addHost(name, this, { listen: this.endpoint });
  }

  start(
    _incarnation: number,
    disk: Disk,
    entropy: Entropy,
  ): RunningProgram<RelayCommand, RelayEvent, RelayOperation, RelayAnswer> {
    const { writer, pool, recorder, startLife, suite, watch } = this.#options;
    const mark = startLife();
    const context: Context = { entropy, suite: this.#suite, mark, pool };
    const store = new RelayStore(disk, suite, writer, recorder.names, mark);
    return { machine: new Relay(this.config, context), store: watch?.started(store) ?? store };
  }

  onEvent(event: RelayEvent): void {
    this.#log(event);
    if (event.type === "ready") this.relayId = event.relayId;
    if (event.type !== "stopped") return;
    const told = this.onStopped;
    this.onStopped = undefined;
    told?.();
  }

  /** Turns bits of rows over where they lie on its disk; its process may not have noticed when it next reads. */
  rot(bits: number, choose: (bound: number) => number): number {
    return rotRows(this.host.disk, RELAY_DATA_FILE, bits, choose);
  }

  /** As the daemon's log has it. */
  #log(event: RelayEvent): void {
    const { recorder } = this.#options;
    const line =
      event.type === "dropped"
        ? JSON.stringify({ level: "debug", why: event.why, msg: event.type })
        : JSON.stringify({ level: "info", msg: event.type });
    recorder.add({ type: "log", at: recorder.at, host: this.name, line });
  }

  get idHex(): string {
    return this.relayId === undefined ? "" : encodeHex(this.relayId);
  }

  resources(): { readonly [what: string]: number } {
    const machine = this.host.machine as Relay | undefined;
    return { connections: this.host.connectionCount, ...machine?.resources() };
  }
}
