/**
 * A device with several scripted relays, for tests of `core/client`: each relay is up, dead or mute as the test says,
 * and answers honestly from a log of its own. Everything happens at once; time passes only when the test says so.
 */
import { encodeHex } from "../core/bytes.ts";
import { Client } from "../core/client/client.ts";
import type { ClientConfig } from "../core/client/config.ts";
import { DEFAULT_CLIENT_CONFIG } from "../core/client/config.ts";
import type { ClientCommand, ClientEvent } from "../core/client/events.ts";
import type { DeviceAnswer, DeviceOperation } from "../core/client/store.ts";
import type { RelayAddress } from "../core/ids.ts";
import { FRAME_BYTES_MAX, PAYLOAD_BYTES_MAX } from "../core/limits.ts";
import type { Input } from "../core/machine.ts";
import type { Message } from "../core/wire/messages.ts";
import { HexNames } from "./hex-names.ts";
import { DeviceStore } from "./device-store.ts";
import { RecordWriter } from "./record-writer.ts";
import type { Disk } from "./kernel/disk.ts";
import { Kernel } from "./kernel/kernel.ts";
import { ToyProgram } from "./kernel/toy-program.ts";
import { createEntropy, Log, ScriptedRelay, SECRET, START_WALL_MS } from "./scripted-relay.ts";
import { toySuite as suite } from "./toy-suite.ts";

type ClientInput = Input<ClientCommand, DeviceAnswer>;

/** One relay of the device. */
export class RoamedRelay {
  readonly name: string;
  readonly log: Log;
  readonly address: RelayAddress;
  readonly hex: string;
  readonly #key: Uint8Array;
  /** `dead` refuses every dial, `mute` accepts none and refuses none. */
  state: "up" | "dead" | "mute" = "up";
  /** What it says instead of the honest answer; undefined for that. */
  answer: ((message: Message) => readonly Message[] | undefined) | undefined;
  /** What it has heard since the test looked last, keep-alive and Acks aside. */
  heard: Message[] = [];
  line: ScriptedRelay | undefined;
  connection = 0;

  constructor(name: string, number: number) {
    this.name = name;
    this.log = new Log(new Uint8Array(16).fill(0xe0 + number));
    this.#key = new Uint8Array(32).fill(0x20 + number);
    this.address = { id: suite.dhPublicKey(this.#key), endpoint: `${name}:4040` };
    this.hex = encodeHex(this.address.id);
  }

  accept(connection: number): void {
    this.line = new ScriptedRelay(this.#key);
    this.connection = connection;
  }

  /** What it answers to these bytes, in pieces. */
  receive(bytes: Uint8Array): readonly Uint8Array[] {
    const line = this.line!;
    const handshake = line.receive(bytes);
    if (handshake !== undefined) return [handshake];
    const said = line.heard.splice(0);
    this.heard.push(...said.filter(({ type }) => type !== "Ping" && type !== "Ack"));
    return said.flatMap((message) => this.answer?.(message) ?? this.#honest(message)).map((each) => line.encode(each));
  }

  #honest(message: Message): readonly Message[] {
    switch (message.type) {
      case "Hello": {
        const { epoch, max, floor } = this.log.head;
        const limits = { frameBytesMax: FRAME_BYTES_MAX, payloadBytesMax: PAYLOAD_BYTES_MAX, quotaLeftBytes: 1e6 };
        return [{ type: "Welcome", version: 2, epoch, max, floor, pending: 0, ...limits }];
      }
      case "Push": {
        const answer = this.log.append(message.blobId.slice(), message.payload.slice());
        return answer.type === "accepted" ? [{ ...answer, type: "PushAck" }] : [];
      }
      case "Pull":
        return [this.log.page(message.after, message.limit)];
      case "Ping":
        return [{ type: "Pong", token: message.token }];
      default:
        return [];
    }
  }
}

export class RoamingDevice {
  readonly now = { monoMs: 0, wallMs: START_WALL_MS };
  readonly relays: readonly RoamedRelay[];
  readonly marks = new Set<string>();
  /** Names of relays in the order in which they were dialled, since the test looked last. */
  dialled: string[] = [];
  client!: Client;
  store!: DeviceStore;
  readonly #disk: Disk;
  readonly #config: ClientConfig;
  readonly #entropy = createEntropy();
  readonly #inputs: ClientInput[] = [];
  #pending: DeviceOperation[] = [];
  #events: ClientEvent[] = [];

  constructor(names: readonly string[], config: Partial<ClientConfig> = {}) {
    this.relays = names.map((name, i) => new RoamedRelay(name, i));
    this.#config = { ...DEFAULT_CLIENT_CONFIG, ...config };
    const kernel = new Kernel({ seedLo: 1, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
    this.#disk = kernel.addHost("device", new ToyProgram()).disk;
    this.start();
  }

  /** A new process on the same disk. */
  start(): void {
    for (const relay of this.relays) relay.connection = 0;
    this.store = new DeviceStore(this.#disk, new RecordWriter(), new HexNames());
    const mark = (name: string): void => void this.marks.add(name);
    const relays = this.relays.map(({ address }) => address);
    const options = { relays, groupSecret: SECRET, config: this.#config };
    this.client = new Client(options, { entropy: this.#entropy, suite, mark });
    this.#settle();
  }

  command(...commands: readonly ClientCommand[]): this {
    for (const command of commands) {
      this.#inputs.push({ type: "command", command });
      this.#settle();
    }
    return this;
  }

  connect(): this {
    return this.command({ type: "connect" });
  }

  push(ref: number, ttlS = 0): void {
    this.command({ type: "push", ref, body: Uint8Array.of(ref), ttlS });
  }

  relay(name: string): RoamedRelay {
    return this.relays.find((each) => each.name === name)!;
  }

  /** It answers nobody any more; whoever is connected is told. */
  kill(...names: readonly string[]): void {
    for (const name of names) {
      const relay = this.relay(name);
      relay.state = "dead";
      if (relay.connection > 0) this.#inputs.push({ type: "closed", connection: relay.connection });
      relay.connection = 0;
    }
    this.#settle();
  }

  /** A relay says this of its own accord. */
  hears(name: string, ...messages: readonly Message[]): void {
    const { connection, line } = this.relay(name);
    for (const message of messages) this.#inputs.push({ type: "bytes", connection, bytes: line!.encode(message) });
    this.#settle();
  }

  /** Time passes; at each deadline on the way the machine is told. */
  pass(ms: number): this {
    const untilMs = this.now.monoMs + ms;
    for (let turn = 0; ; turn++) {
      const dueMs = this.client.deadline();
      if (dueMs === undefined || dueMs > untilMs) break;
      if (turn > 10_000) throw new Error("the machine wants to be told the time for ever");
      this.#setMono(Math.max(dueMs, this.now.monoMs));
      this.#inputs.push({ type: "deadline" });
      this.#settle();
    }
    this.#setMono(untilMs);
    return this;
  }

  /** Names of the relays that it is connected to. */
  connected(): string[] {
    return this.relays.filter(({ connection }) => connection > 0).map(({ name }) => name);
  }

  /** The relay that commands go to. */
  active(): string | undefined {
    const hex = this.client.activeRelay;
    return this.relays.find((relay) => relay.hex === hex)?.name;
  }

  dials(): string[] {
    return this.dialled.splice(0);
  }

  /** First bytes of the pushes that this relay has taken, in the order of its log. */
  logOf(name: string): number {
    return this.relay(name).log.rows.length;
  }

  /** Events of these types since the last time; all others are dropped. */
  told<T extends ClientEvent["type"]>(...types: readonly T[]): Extract<ClientEvent, { type: T }>[] {
    const isWanted = (event: ClientEvent): event is Extract<ClientEvent, { type: T }> =>
      types.includes(event.type as T);
    return this.#events.splice(0).filter(isWanted);
  }

  /** First bytes of what was delivered. */
  inbox(): number[] {
    return this.store.inbox.map(({ body }) => body[0]!);
  }

  #setMono(monoMs: number): void {
    this.now.wallMs += monoMs - this.now.monoMs;
    this.now.monoMs = monoMs;
  }

  #settle(): void {
    for (;;) {
      this.#drain();
      const input = this.#inputs.shift();
      if (input !== undefined) {
        this.client.handle(input, this.now);
      } else if (this.#pending.length > 0) {
        this.store.stage(this.#pending.splice(0), this.now);
        for (const answer of this.store.commit()) this.#inputs.push({ type: "stored", answer });
      } else {
        return;
      }
    }
  }

  #drain(): void {
    for (let output = this.client.poll(); output !== undefined; output = this.client.poll()) {
      switch (output.type) {
        case "dial":
          this.#dial(output.connection, output.address);
          break;
        case "close":
          for (const relay of this.relays) if (relay.connection === output.connection) relay.connection = 0;
          break;
        case "send": {
          const { connection } = output;
          const relay = this.relays.find((each) => each.connection === connection);
          for (const bytes of relay?.receive(output.bytes) ?? [])
            this.#inputs.push({ type: "bytes", connection, bytes });
          break;
        }
        case "store":
          this.#pending.push(output.operation);
          break;
        case "event":
          this.#events.push(output.event);
          break;
      }
    }
  }

  #dial(connection: number, address: string): void {
    const relay = this.relays.find((each) => each.address.endpoint === address)!;
    this.dialled.push(relay.name);
    if (relay.state === "mute") return;
    if (relay.state === "dead") {
      this.#inputs.push({ type: "refused", connection });
      return;
    }
    relay.accept(connection);
    this.#inputs.push({ type: "opened", connection, address });
  }
}
