import { describe, expect, it } from "vitest";
import { BytePool, concatBytes, encodeHex } from "../core/bytes.ts";
import { START } from "../core/ids.ts";
import type { Position } from "../core/ids.ts";
import { deriveGroupKeys } from "../core/keys.ts";
import { HALF_FRAMES_BYTES_MAX, PAYLOAD_BYTES_MAX } from "../core/limits.ts";
import { ChainHasher } from "../core/log/chain.ts";
import type { Entropy, Input } from "../core/machine.ts";
import { SecureChannel } from "../core/noise/channel.ts";
import { PROLOGUE } from "../core/prologue.ts";
import { Redacted } from "../core/redacted.ts";
import type { RelayConfig } from "../core/relay/config.ts";
import { DEFAULT_RELAY_CONFIG } from "../core/relay/config.ts";
import type { RelayCommand, RelayEvent } from "../core/relay/events.ts";
import { Relay } from "../core/relay/relay.ts";
import type { RelayOperation } from "../core/relay/store.ts";
import { MessageCodec } from "../core/wire/codec.ts";
import { ErrorCode } from "../core/wire/error-code.ts";
import { signHello } from "../core/wire/hello-signature.ts";
import type { Hello, Message, MessageType, PullResponse, PushAck, Welcome } from "../core/wire/messages.ts";
import { HexNames } from "./hex-names.ts";
import { RecordWriter } from "./record-writer.ts";
import type { Disk } from "./kernel/disk.ts";
import { Kernel } from "./kernel/kernel.ts";
import { ToyProgram } from "./kernel/toy-program.ts";
import { RelayStore } from "./relay-store.ts";
import { toySuite as suite } from "./toy-suite.ts";

const GROUP = deriveGroupKeys(suite, new Redacted(new Uint8Array(32).fill(1)));
const OTHER_GROUP = deriveGroupKeys(suite, new Redacted(new Uint8Array(32).fill(2)));
const START_WALL_MS = 1_700_000_000_000;

/** Bytes that never repeat, and the calm value of every choice. */
function createEntropy(): Entropy {
  let drawn = 0;
  return {
    fill(_label, out) {
      drawn += 1;
      for (let i = 0; i < out.length; i++) out[i] = (drawn * 37 + i * 11 + (drawn >> 6)) & 0xff;
    },
    below: () => 0,
  };
}

/** A relay with its store on a simulated disk, and the devices that talk to it. */
class World {
  readonly now = { monoMs: 0, wallMs: START_WALL_MS };
  readonly marks = new Set<string>();
  readonly disk: Disk;
  readonly devices = new Map<number, Device>();
  relay!: Relay;
  relayId!: Uint8Array;
  /** Operations are kept from the store until this is false. */
  isStoreSlow = false;
  readonly #config: RelayConfig;
  readonly #entropy = createEntropy();
  #store!: RelayStore;
  #pending: RelayOperation[] = [];
  #events: RelayEvent[] = [];
  #connections = 0;

  constructor(config: Partial<RelayConfig> = {}) {
    this.#config = { ...DEFAULT_RELAY_CONFIG, acknowledgedRetentionS: 0, ...config };
    const kernel = new Kernel({ seedLo: 1, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
    this.disk = kernel.addHost("relay", new ToyProgram()).disk;
    this.start();
  }

  /** A new process on the same disk: all connections are gone. */
  start(): void {
    this.devices.clear();
    this.#pending = [];
    this.#store = new RelayStore(this.disk, suite, new RecordWriter(), new HexNames());
    const mark = (name: string): void => void this.marks.add(name);
    this.relay = new Relay(this.#config, { entropy: this.#entropy, suite, mark });
    this.settle();
  }

  input(input: Input<RelayCommand, never>): void {
    this.relay.handle(input, this.now);
    this.settle();
  }

  /** A connection that has shaken hands, unless it is told not to. */
  dial(key: number, address = "10.0.0.1", shakesHands = true): Device {
    this.#connections += 2;
    const device = new Device(this, this.#connections, key);
    this.devices.set(device.connection, device);
    this.input({ type: "opened", connection: device.connection, address });
    if (shakesHands) device.shakeHands();
    return device;
  }

  /** A live session. */
  join(key: number, group = GROUP, claim: Partial<Hello> = {}): Device {
    const device = this.dial(key);
    device.says(device.hello(group, claim));
    device.welcome = device.heard[0] as Welcome;
    expect(device.heardTypes()).toEqual(["Welcome"]);
    return device;
  }

  /** Time passes; at each deadline on the way the machine is told. */
  pass(ms: number): void {
    const untilMs = this.now.monoMs + ms;
    for (;;) {
      const dueMs = this.relay.deadline();
      if (dueMs === undefined || dueMs > untilMs) break;
      this.#setMono(Math.max(dueMs, this.now.monoMs));
      this.input({ type: "deadline" });
    }
    this.#setMono(untilMs);
  }

  #setMono(monoMs: number): void {
    this.now.wallMs += monoMs - this.now.monoMs;
    this.now.monoMs = monoMs;
  }

  storeCatchesUp(): void {
    this.isStoreSlow = false;
    this.settle();
  }

  /** The store does the first of what it was kept from, in a transaction of its own. */
  storeDoesOne(): void {
    this.#store.stage(this.#pending.splice(0, 1), this.now);
    for (const answer of this.#store.commit()) this.relay.handle({ type: "stored", answer }, this.now);
    this.settle();
  }

  get waitingOperations(): string[] {
    return this.#pending.map(({ type }) => type);
  }

  /** Reasons of dropped connections since the last time. */
  drops(): string[] {
    return this.#events.splice(0).flatMap((event) => (event.type === "dropped" ? [event.why] : []));
  }

  /** How often it told that it has stopped. */
  get stops(): number {
    return this.#events.filter(({ type }) => type === "stopped").length;
  }

  settle(): void {
    for (;;) {
      for (let output = this.relay.poll(); output !== undefined; output = this.relay.poll()) {
        switch (output.type) {
          case "send":
            expect(this.devices.get(output.connection)?.isOpen, "sent on an open connection").toBe(true);
            this.devices.get(output.connection)!.receive(output.bytes);
            break;
          case "close":
            expect(this.devices.get(output.connection)?.isOpen, "closed once").toBe(true);
            this.devices.get(output.connection)!.isOpen = false;
            break;
          case "store":
            this.#pending.push(output.operation);
            break;
          case "event":
            if (output.event.type === "ready") this.relayId = output.event.relayId;
            this.#events.push(output.event);
            break;
          case "dial":
            throw new Error("a relay dials nobody");
        }
      }
      if (this.isStoreSlow || this.#pending.length === 0) return;
      this.#store.stage(this.#pending.splice(0), this.now);
      for (const answer of this.#store.commit()) this.relay.handle({ type: "stored", answer }, this.now);
    }
  }
}

/** A device's end of one connection: it says what the test tells it to say, and believes everything. */
class Device {
  readonly connection: number;
  readonly channel: SecureChannel;
  readonly heard: Message[] = [];
  isOpen = true;
  welcome!: Welcome;
  readonly #world: World;
  readonly #codec = new MessageCodec();

  constructor(world: World, connection: number, key: number) {
    this.#world = world;
    this.connection = connection;
    const staticKey = new Uint8Array(32).fill(key);
    const ephemeral = new Uint8Array(32).fill(connection);
    const pool = new BytePool();
    this.channel = new SecureChannel({ suite, role: "initiator", prologue: PROLOGUE, staticKey, ephemeral, pool });
  }

  shakeHands(): void {
    this.saysBytes(this.channel.start()!);
    const last = this.channel.pollSend();
    if (last !== undefined) this.saysBytes(last);
  }

  receive(bytes: Uint8Array): void {
    this.channel.receive(bytes);
    for (let frame = this.channel.pollFrame(); frame !== undefined; frame = this.channel.pollFrame()) {
      const parsed = this.#codec.parse(frame);
      if (!parsed.ok) throw new Error(`the relay said what nobody understands: ${parsed.error.type}`);
      this.heard.push(parsed.value);
    }
  }

  encode(message: Message): Uint8Array {
    const sealed = this.channel.seal(this.#codec.encode(message));
    if (!sealed.ok) throw new Error(sealed.error.type);
    return sealed.value;
  }

  /** Says these in one piece. */
  says(...messages: readonly Message[]): void {
    this.saysBytes(concatBytes(...messages.map((message) => this.encode(message))));
  }

  saysBytes(bytes: Uint8Array): void {
    this.#world.input({ type: "bytes", connection: this.connection, bytes });
  }

  closes(): void {
    this.isOpen = false;
    this.#world.input({ type: "closed", connection: this.connection });
  }

  hello(group = GROUP, claim: Partial<Hello> = {}): Hello {
    const nothing = { epoch: null, contiguous: START, highest: START };
    const fields = { type: "Hello", versions: [2], groupKey: group.groupKey, ...nothing, ...claim } as const;
    return signHello(suite, group.signingSeed, fields, this.channel.handshakeHash!);
  }

  /** What it heard since the last time. */
  hears(): Message[] {
    return this.heard.splice(0);
  }

  heardTypes(): MessageType[] {
    return this.hears().map(({ type }) => type);
  }

  /** Pulls all that lies behind `after`. */
  pulls(after = 0): PullResponse {
    this.heard.length = 0;
    this.says({ type: "Pull", after, limit: 1000, bytesMax: 1e6 });
    return this.hears().find((message) => message.type === "PullResponse")!;
  }

  /** Pushes one blob and takes the answer. */
  pushes(number: number): Message {
    this.heard.length = 0;
    this.says(push(number));
    return this.hears()[0]!;
  }
}

function push(number: number, sizeBytes = 20, ttlS = 60): Message {
  const payload = new Uint8Array(sizeBytes).fill(number);
  return { type: "Push", blobId: new Uint8Array(16).fill(number), payload, ttlS };
}
const pull = (after: number): Message => ({ type: "Pull", after, limit: 100, bytesMax: 1e6 });
/** Where a log stands that holds these pushes. */
function positionAfter(...numbers: readonly number[]): Position {
  const hasher = new ChainHasher(suite);
  let { cursor, chain } = START;
  for (const number of numbers) {
    const message = push(number) as Extract<Message, { type: "Push" }>;
    chain = hasher.next(chain, (cursor += 1), message.blobId, suite.hash(message.payload));
  }
  return { cursor, chain };
}
const cursors = (page: PullResponse): number[] => page.blobs.map(({ cursor }) => cursor);
const refusal = (code: number, message: MessageType | null): object => ({ type: "Error", code, subject: { message } });
const idle = { sessions: 0, liveGroups: 0, addresses: 0, timers: 0, jobs: 0 };

describe("a relay and its devices", () => {
  it("welcomes a member: an empty log, a fresh epoch, and the limits in force", () => {
    const world = new World({ groupBytesMax: 1000 });
    const { welcome } = world.join(11);
    expect(welcome).toMatchObject({ version: 2, max: START, floor: 1, pending: 0, quotaLeftBytes: 1000 });
    expect(world.relay.resources()).toEqual({ sessions: 1, liveGroups: 1, addresses: 1, timers: 1, jobs: 0 });
  });

  it("takes a push, tells the others, and gives it to whoever pulls", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    alice.says(push(1));
    const { cursor, chain } = positionAfter(1);
    expect(alice.hears()).toMatchObject([{ type: "PushAck", cursor, chain, epoch: alice.welcome.epoch }]);
    expect(bob.hears()).toEqual([{ type: "Notify", latest: 1 }]);
    const page = bob.pulls();
    expect(page).toMatchObject({ after: 0, through: 1, chain, hasMore: false, max: 1, gone: [] });
    expect(page.blobs).toMatchObject([
      {
        cursor: 1,
        sender: alice.channel.remoteStatic === undefined ? undefined : suite.dhPublicKey(new Uint8Array(32).fill(11)),
        timestampMs: START_WALL_MS,
      },
    ]);
    expect(alice.hears()).toEqual([]);
  });

  it("answers no push before its store has", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    world.isStoreSlow = true;
    alice.says(push(1), push(2));
    expect([alice.hears(), bob.hears(), world.waitingOperations]).toEqual([[], [], ["append"]]);
    world.storeCatchesUp();
    expect([alice.heardTypes(), bob.hears()]).toEqual([["PushAck", "PushAck"], [{ type: "Notify", latest: 2 }]]);
  });

  it("tells the others of a blob whose pusher has gone before the store answered", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    world.isStoreSlow = true;
    alice.says(push(1));
    alice.closes();
    world.storeCatchesUp();
    expect(bob.hears()).toEqual([{ type: "Notify", latest: 1 }]);
  });

  it("answers a repeated push as the first time, and tells nobody", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    const first = alice.pushes(1);
    bob.hears();
    expect([alice.pushes(1), bob.pushes(1)]).toEqual([first, first]);
    expect([bob.hears(), alice.hears()]).toEqual([[], []]);
  });

  it("calls other bytes under a known id a definite conflict", () => {
    const world = new World();
    const alice = world.join(11);
    alice.pushes(1);
    const other = { ...push(2), blobId: new Uint8Array(16).fill(1) } as Message;
    alice.says(other);
    expect(alice.hears()).toMatchObject([
      { ...refusal(ErrorCode.BlobConflict, "Push"), retryable: false, retryAfterMs: 0 },
    ]);
  });

  it("answers pushes and pulls of one piece in their order", () => {
    const alice = new World().join(11);
    alice.says(push(1), pull(0), push(2));
    expect(alice.hears()).toMatchObject([
      { type: "PushAck", cursor: 1 },
      { type: "PullResponse", through: 1, max: 1 },
      { type: "PushAck", cursor: 2 },
    ]);
  });

  it("reads one page at a time for a session: another Pull meanwhile is refused for now", () => {
    const alice = new World().join(11);
    alice.says(pull(0), pull(0));
    expect(alice.hears()).toMatchObject([
      { type: "Error", code: ErrorCode.RateLimited, retryable: true, subject: { message: "Pull" } },
      { type: "PullResponse", through: 0 },
    ]);
    expect(alice.pulls()).toMatchObject({ through: 0 });
  });

  it("understands bytes however they are cut", () => {
    const alice = new World().join(11);
    for (const byte of concatBytes(alice.encode(push(1)), alice.encode(pull(0)))) alice.saysBytes(Uint8Array.of(byte));
    expect(alice.heardTypes()).toEqual(["PushAck", "PullResponse"]);
  });

  it("cuts a page to what it is configured for, whatever is asked", () => {
    const alice = new World({ pullLimitMax: 2 }).join(11);
    alice.says(push(1), push(2), push(3));
    expect(alice.pulls()).toMatchObject({ through: 2, hasMore: true, max: 3 });
  });

  it("drops who pulls from beyond the log", () => {
    const world = new World();
    const alice = world.join(11);
    alice.says(pull(1));
    expect([alice.hears(), alice.isOpen]).toMatchObject([[refusal(ErrorCode.InvalidMessage, "Pull")], false]);
  });

  it("answers a Ping, hears a Pong, and forgets who says Bye", () => {
    const world = new World();
    const alice = world.join(11);
    alice.says({ type: "Pong", token: 1 }, { type: "Ping", token: 5 });
    expect(alice.hears()).toEqual([{ type: "Pong", token: 5 }]);
    alice.says({ type: "Bye", reason: "closed" });
    expect([alice.isOpen, world.drops(), world.relay.resources()]).toEqual([false, [], idle]);
  });

  it("is the same after a restart: its key, its groups, its epochs", () => {
    const world = new World();
    const before = world.relayId;
    const alice = world.join(11);
    alice.pushes(1);
    world.start();
    expect(world.relayId).toEqual(before);
    const at = positionAfter(1);
    const again = world.join(11, GROUP, { epoch: alice.welcome.epoch, contiguous: at, highest: at });
    expect(again.welcome).toMatchObject({ epoch: alice.welcome.epoch, max: at, pending: 0 });
  });
});

describe("coming in", () => {
  it("needs a signature by the group's key, over this very handshake", () => {
    const world = new World();
    const elsewhere = world.dial(12);
    const stolen = elsewhere.hello();
    for (const spoil of [
      () => stolen,
      (device: Device) => ({ ...device.hello(), signature: new Uint8Array(64).fill(1) }),
      (device: Device) => ({ ...device.hello(), groupKey: OTHER_GROUP.groupKey }),
      (device: Device) => ({ ...device.hello(), versions: [2, 3] }),
    ]) {
      const device = world.dial(11);
      device.says(spoil(device));
      expect(device.hears()).toMatchObject([{ ...refusal(ErrorCode.Unauthorized, "Hello"), retryable: false }]);
      expect([device.isOpen, world.drops()]).toEqual([false, ["unauthorized"]]);
    }
    expect(world.relay.resources()).toMatchObject({ sessions: 1, liveGroups: 0 });
  });

  it("needs a version that both speak, and takes 2 wherever it is offered", () => {
    const world = new World();
    const device = world.dial(11);
    device.says(device.hello(GROUP, { versions: [3, 1] }));
    expect(device.hears()).toMatchObject([refusal(ErrorCode.VersionUnsupported, "Hello")]);
    expect([device.isOpen, world.drops()]).toEqual([false, ["version"]]);
    expect(world.join(11, GROUP, { versions: [9, 2] }).welcome.version).toBe(2);
  });

  it("takes nothing before a Hello, but a Bye", () => {
    const world = new World();
    for (const message of [push(1), pull(0), { type: "Ping", token: 1 }, { type: "Ack", cursor: 1 }] as const) {
      const device = world.dial(11);
      device.says(message, device.hello());
      expect([device.hears(), device.isOpen]).toMatchObject([[refusal(ErrorCode.InvalidMessage, message.type)], false]);
    }
    const leaving = world.dial(11);
    leaving.says({ type: "Bye", reason: "closed" });
    expect([leaving.hears(), leaving.isOpen, world.relay.resources()]).toEqual([[], false, idle]);
  });

  it("takes one Hello only: neither a second while the store looks, nor one from a live session", () => {
    const world = new World();
    const live = world.join(11);
    live.says(live.hello());
    expect([live.hears(), live.isOpen]).toMatchObject([[refusal(ErrorCode.InvalidMessage, "Hello")], false]);
    world.isStoreSlow = true;
    const joining = world.dial(12);
    joining.says(joining.hello(), joining.hello());
    expect([joining.hears(), joining.isOpen]).toMatchObject([[refusal(ErrorCode.InvalidMessage, "Hello")], false]);
    world.storeCatchesUp();
    expect([joining.hears(), world.relay.resources()]).toEqual([[], idle]);
  });

  it("takes no push before its Welcome", () => {
    const world = new World();
    world.isStoreSlow = true;
    const device = world.dial(11);
    device.says(device.hello(), push(1));
    world.storeCatchesUp();
    expect([device.heardTypes(), device.isOpen]).toEqual([["Error"], false]);
    expect(world.join(12).welcome.max.cursor).toBe(0);
  });

  it("is not possible before the relay knows its own key, and a store that cannot tell it is asked again", () => {
    const world = new World();
    world.isStoreSlow = true;
    world.start();
    const early = world.dial(11, "10.0.0.1", false);
    expect([early.isOpen, world.drops()]).toEqual([false, ["not-ready"]]);
    world.disk.writeErrors = { num: 1, den: 1 };
    world.disk.wipe();
    world.start();
    world.storeCatchesUp();
    world.disk.writeErrors = undefined;
    world.pass(1000);
    expect(world.join(11).isOpen).toBe(true);
  });

  it("is limited in total and per address, and each end makes room", () => {
    const world = new World({ sessionsMax: 3, sessionsPerAddressMax: 2 });
    const [first] = [world.dial(1, "a"), world.dial(2, "a")];
    expect([world.dial(3, "a", false).isOpen, world.drops()]).toEqual([false, ["too-many-from-address"]]);
    world.dial(4, "b");
    expect([world.dial(5, "c", false).isOpen, world.drops()]).toEqual([false, ["too-many-sessions"]]);
    first!.closes();
    expect(world.dial(6, "a", false).isOpen).toBe(true);
    expect(world.relay.resources()).toMatchObject({ sessions: 3 });
  });

  it("is limited to so many groups; members of a known one are welcome, others are asked to wait", () => {
    const world = new World({ groupsMax: 1 });
    world.join(11);
    const stranger = world.dial(12);
    stranger.says(stranger.hello(OTHER_GROUP));
    expect(stranger.hears()).toMatchObject([{ ...refusal(ErrorCode.RelayOverloaded, "Hello"), retryable: true }]);
    expect([stranger.isOpen, world.join(13).isOpen]).toEqual([false, true]);
  });
});

describe("time", () => {
  it("tells a device whose long push is under way that it comes in, every two seconds and no oftener", () => {
    const world = new World();
    const alice = world.join(11);
    const bytes = alice.encode(push(1, 5000));
    for (let at = 0; at < bytes.length - 1; at += 51) {
      alice.saysBytes(bytes.subarray(at, Math.min(at + 51, bytes.length - 1)));
      world.pass(100);
    }
    // About a hundred pieces in ten seconds.
    expect(alice.heardTypes()).toEqual(["Ping", "Ping", "Ping", "Ping"]);
    world.pass(5000);
    expect(alice.hears()).toEqual([]);
    alice.saysBytes(bytes.subarray(bytes.length - 1));
    expect(alice.heardTypes()).toEqual(["PushAck"]);
  });

  it("tells a stranger nothing of what comes in", () => {
    const world = new World({ handshakeTimeoutMs: 60_000 });
    const alice = world.dial(11);
    const bytes = alice.encode(alice.hello());
    for (const byte of bytes.subarray(0, -1)) {
      alice.saysBytes(Uint8Array.of(byte));
      world.pass(100);
    }
    expect(alice.hears()).toEqual([]);
  });

  it("ends a connection without a Hello, whether or not it shook hands or keeps talking", () => {
    const world = new World();
    const [mute, slow] = [world.dial(1, "a", false), world.dial(2)];
    const first = slow.encode({ type: "Ping", token: 1 });
    for (let second = 0; second < 9; second++) {
      world.pass(1000);
      slow.saysBytes(first.slice(second, second + 1));
    }
    world.pass(999);
    expect([mute.isOpen, slow.isOpen]).toEqual([true, true]);
    world.pass(1);
    expect([mute.isOpen, slow.isOpen, world.drops()]).toEqual([
      false,
      false,
      ["handshake-timeout", "handshake-timeout"],
    ]);
    expect(world.relay.resources()).toEqual(idle);
  });

  it("ends a silent session after one to two idle times, and none that is heard", () => {
    const world = new World({ idleTimeoutMs: 60_000 });
    const [silent, lively] = [world.join(11), world.join(12)];
    for (let second = 0; second < 120; second += 20) {
      lively.says({ type: "Ping", token: second });
      world.pass(20_000);
    }
    expect([silent.isOpen, lively.isOpen, world.drops()]).toEqual([false, true, ["idle"]]);
    world.pass(120_000);
    expect([lively.isOpen, world.relay.resources()]).toEqual([false, idle]);
  });

  it("sweeps payloads away at their ttl; the max cursor stays, and pages tell what is gone", () => {
    const world = new World({ sweepMs: 60_000, idleTimeoutMs: 1e9 });
    const alice = world.join(11);
    alice.says(push(1, 20, 30), push(2, 20, 0));
    world.pass(60_000);
    const page = alice.pulls();
    expect(page.gone).toMatchObject([{ from: 1, to: 1, why: "expired" }]);
    expect([cursors(page), page.max]).toEqual([[2], 2]);
    expect(world.join(12).welcome).toMatchObject({ floor: 2, pending: 1, max: { cursor: 2 } });
  });

  it("sweeps again soon when its store did only a piece of what is due", () => {
    const relay = new Relay(
      { ...DEFAULT_RELAY_CONFIG, sweepMs: 60_000 },
      { entropy: createEntropy(), suite, mark() {} },
    );
    const ask = (type: string): number => {
      for (let output = relay.poll(); output !== undefined; output = relay.poll()) {
        if (output.type === "store" && output.operation.type === type) return output.operation.id;
      }
      throw new Error(`nothing asks to ${type}`);
    };
    const at = (monoMs: number) => ({ monoMs, wallMs: START_WALL_MS + monoMs });
    const identity = new Uint8Array(32).fill(5);
    relay.handle({ type: "stored", answer: { id: ask("load"), type: "loaded", identity } }, at(0));
    expect(relay.deadline()).toBe(60_000);
    relay.handle({ type: "deadline" }, at(60_000));
    relay.handle({ type: "stored", answer: { id: ask("sweep"), type: "swept", gone: 9, hasMore: true } }, at(60_000));
    expect(relay.deadline()).toBe(61_000);
    relay.handle({ type: "deadline" }, at(61_000));
    relay.handle({ type: "stored", answer: { id: ask("sweep"), type: "swept", gone: 1, hasMore: false } }, at(61_000));
    expect(relay.deadline()).toBe(121_000);
  });

  it("goes on sweeping after a sweep that failed", () => {
    const world = new World({ sweepMs: 1000, idleTimeoutMs: 1e9 });
    const alice = world.join(11);
    alice.says(push(1, 20, 1));
    world.disk.full = true;
    world.pass(5000);
    world.disk.full = false;
    world.pass(1000);
    expect(alice.pulls().gone.length).toBe(1);
  });
});

describe("two sessions of one device", () => {
  it("cannot be: the newer wins, the older hears why, and cleaning it up touches nothing of the newer", () => {
    const world = new World();
    const bob = world.join(12);
    const older = world.join(11);
    const newer = world.join(11);
    expect([older.hears(), older.isOpen, world.drops()]).toEqual([
      [{ type: "Bye", reason: "replaced" }],
      false,
      ["replaced"],
    ]);
    world.input({ type: "closed", connection: older.connection });
    bob.pushes(1);
    expect(newer.hears()).toEqual([{ type: "Notify", latest: 1 }]);
    expect(world.relay.resources()).toEqual({ sessions: 2, liveGroups: 1, addresses: 1, timers: 2, jobs: 0 });
    expect(newer.pulls().through).toBe(1);
  });

  it("with a push of the older still at the store: durable, told to the newer, and answered to nobody", () => {
    const world = new World();
    const older = world.join(11);
    world.isStoreSlow = true;
    older.says(push(1));
    const newer = world.dial(11);
    newer.says(newer.hello());
    world.storeDoesOne();
    expect(older.heardTypes()).toEqual(["PushAck"]);
    world.storeCatchesUp();
    expect([older.heardTypes(), newer.hears()]).toMatchObject([["Bye"], [{ type: "Welcome", max: { cursor: 1 } }]]);
  });

  it("may be in two groups at once, and in no other group's business", () => {
    const world = new World();
    const [here, there] = [world.join(11), world.join(11, OTHER_GROUP)];
    here.pushes(1);
    expect([there.hears(), there.pulls().max, here.isOpen, there.isOpen]).toEqual([[], 0, true, true]);
    expect(there.pushes(1)).toMatchObject({ type: "PushAck", cursor: 1, epoch: there.welcome.epoch });
  });
});

describe("limits of a session", () => {
  it("a rate: what is over it is refused for now, with the time to wait, and leaves no trace", () => {
    const world = new World({ messagesPerMinute: 60, messagesBurst: 2, idleTimeoutMs: 1e9 });
    const [alice, bob] = [world.join(11), world.join(12)];
    alice.says(push(1), push(2), push(3), pull(0));
    const wait = { code: ErrorCode.RateLimited, retryable: true, retryAfterMs: 1000 };
    expect(alice.hears()).toMatchObject([
      { type: "Error", ...wait, subject: { message: "Push", blobId: new Uint8Array(16).fill(3) } },
      { type: "Error", ...wait, subject: { message: "Pull", blobId: null } },
      { type: "PushAck", cursor: 1 },
      { type: "PushAck", cursor: 2 },
    ]);
    expect(bob.pushes(4)).toMatchObject({ type: "PushAck", cursor: 3 });
    world.pass(1000);
    expect(alice.pushes(3)).toMatchObject({ type: "PushAck", cursor: 4 });
  });

  it("a rate for every message: who floods with Pings is not answered, and its Bye is still heard", () => {
    const alice = new World({ messagesPerMinute: 60, messagesBurst: 2 }).join(11);
    alice.says(...[1, 2, 3, 4].map((token): Message => ({ type: "Ping", token })));
    expect(alice.heardTypes()).toEqual(["Pong", "Pong"]);
    alice.says({ type: "Bye", reason: "closed" });
    expect(alice.isOpen).toBe(false);
  });

  it("a rate is the device's: a new connection does not bring a new burst", () => {
    const world = new World({ messagesPerMinute: 1, messagesBurst: 2 });
    const first = world.join(11);
    first.says(push(1), push(2));
    first.closes();
    expect(world.join(11).pushes(3)).toMatchObject({ type: "Error", code: ErrorCode.RateLimited });
  });

  it("a rate in total, over all devices", () => {
    const world = new World({ totalMessagesPerSecond: 2 });
    const [alice, bob] = [world.join(11), world.join(12)];
    alice.says(push(1), push(2));
    expect(bob.pushes(3)).toMatchObject({ type: "Error", code: ErrorCode.RateLimited, retryAfterMs: 500 });
    world.pass(500);
    expect(bob.pushes(3)).toMatchObject({ type: "PushAck", cursor: 3 });
  });

  it("a quota per group: refused for now; a smaller blob still fits, and other groups have their own", () => {
    const world = new World({ groupBytesMax: 50 });
    const alice = world.join(11);
    alice.says(push(1, 40), push(2, 20), push(3, 10));
    expect(alice.hears()).toMatchObject([
      { type: "PushAck", cursor: 1 },
      {
        type: "Error",
        code: ErrorCode.GroupQuotaExceeded,
        retryable: true,
        subject: { blobId: new Uint8Array(16).fill(2) },
      },
      { type: "PushAck", cursor: 2 },
    ]);
    expect(world.join(12).welcome.quotaLeftBytes).toBe(0);
    expect(world.join(13, OTHER_GROUP).pushes(1)).toMatchObject({ type: "PushAck", cursor: 1 });
  });

  it("the largest payload is taken and comes back; one byte more is refused and leaves no trace", () => {
    const world = new World();
    const alice = world.join(11);
    alice.says(push(1, PAYLOAD_BYTES_MAX));
    expect(alice.heardTypes()).toEqual(["PushAck"]);
    expect(alice.pulls().blobs[0]?.payload.length).toBe(PAYLOAD_BYTES_MAX);
    const bob = world.join(12);
    bob.says(push(2, PAYLOAD_BYTES_MAX + 1));
    expect(bob.hears()).toMatchObject([{ type: "Error", retryable: false }]);
    expect(alice.pulls()).toMatchObject({ max: 1 });
  });

  it("an Ack counts up to what was served, so that a claim of more deletes nothing", () => {
    const world = new World({ sweepMs: 1000, idleTimeoutMs: 1e9 });
    const alice = world.join(11);
    alice.says(push(1), push(2), push(3));
    alice.says({ type: "Ack", cursor: 3 });
    world.pass(1000);
    expect(alice.hears().length).toBe(3);
    alice.says({ type: "Pull", after: 0, limit: 2, bytesMax: 1000 });
    expect(cursors(alice.hears()[0] as PullResponse)).toEqual([1, 2]);
    alice.says({ type: "Ack", cursor: 9 });
    world.pass(1000);
    const page = alice.pulls();
    expect(page.gone).toMatchObject([{ from: 1, to: 2, why: "acknowledged" }]);
    expect(cursors(page)).toEqual([3]);
  });

  it("an Ack of one device deletes nothing that another still needs", () => {
    const world = new World({ sweepMs: 1000, idleTimeoutMs: 1e9 });
    const [alice] = [world.join(11), world.join(12)];
    alice!.pushes(1);
    alice!.pulls();
    alice!.says({ type: "Ack", cursor: 1 });
    world.pass(1000);
    expect(cursors(alice!.pulls())).toEqual([1]);
  });

  it("an Ack that the store could not keep is kept when it is said again", () => {
    const world = new World({ sweepMs: 1000, idleTimeoutMs: 1e9 });
    const alice = world.join(11);
    alice.pushes(1);
    alice.pulls();
    world.disk.full = true;
    alice.says({ type: "Ack", cursor: 1 });
    world.disk.full = false;
    expect(alice.isOpen).toBe(true);
    alice.says({ type: "Ack", cursor: 1 });
    world.pass(1000);
    expect(alice.pulls().gone.length).toBe(1);
  });
});

describe("a peer that keeps no rules", () => {
  it("says garbage before, in and after the handshake: dropped, and nobody else notices", () => {
    const world = new World();
    const bob = world.join(12);
    const garbage = new Uint8Array(200).fill(0x5a);
    const before = world.dial(1, "a", false);
    before.saysBytes(garbage);
    const during = world.dial(2, "a", false);
    during.saysBytes(during.channel.start()!);
    during.saysBytes(Uint8Array.of(0, 64, ...garbage));
    const after = world.join(3);
    after.saysBytes(Uint8Array.of(0, 100, ...garbage));
    expect([before, during, after].map(({ isOpen }) => isOpen)).toEqual([false, false, false]);
    expect(world.drops()).toEqual(["handshake-failed", "handshake-failed", "invalid-message"]);
    expect([bob.pushes(1).type, world.relay.resources()["sessions"]]).toEqual(["PushAck", 1]);
  });

  it("says a frame that is no message, or a message that only a relay says: told, and dropped", () => {
    const world = new World();
    const alice = world.join(11);
    const sealed = alice.channel.seal(Uint8Array.of(0xc1));
    if (sealed.ok) alice.saysBytes(sealed.value);
    expect([alice.hears(), alice.isOpen]).toMatchObject([[refusal(ErrorCode.InvalidMessage, null)], false]);
    const bob = world.join(12);
    bob.says({ type: "Notify", latest: 7 });
    expect([bob.hears(), bob.isOpen]).toMatchObject([[refusal(ErrorCode.InvalidMessage, "Notify")], false]);
  });

  it("says more after what ended its session: void", () => {
    const world = new World();
    const alice = world.join(11);
    alice.says({ type: "Bye", reason: "closed" }, push(1), alice.hello());
    expect([alice.hears(), world.join(12).welcome.max.cursor]).toEqual([[], 0]);
  });

  it("announces more than a Hello before it: dropped on the header, though nothing more comes", () => {
    const world = new World();
    const [stranger, member] = [world.dial(1), world.join(12)];
    const large = { ...push(1), payload: new Uint8Array(100_000) };
    for (const device of [stranger, member]) device.saysBytes(device.encode(large).subarray(0, 2 + 65_535));
    expect([stranger.isOpen, member.isOpen, world.drops()]).toEqual([false, true, ["invalid-message"]]);
  });

  it("halves of frames take no more memory than they may: who has been at it for the longest goes", () => {
    const world = new World({ sessionsPerAddressMax: 1000, connectionsPerAddressPerMinute: 10_000 });
    const fit = Math.floor(HALF_FRAMES_BYTES_MAX / (PAYLOAD_BYTES_MAX + 64));
    const members = Array.from({ length: fit + 4 }, (_, i) => world.join(i % 200, i < 200 ? GROUP : OTHER_GROUP));
    const large = { ...push(1), payload: new Uint8Array(PAYLOAD_BYTES_MAX) };
    const whole = members[2]!.encode(large);
    const first = 2 + 65_535;
    for (const [i, member] of members.entries()) {
      if (i !== 2) member.saysBytes(member.encode(large).subarray(0, first));
      // One of the first has said it all: it holds nothing any more.
      else for (let at = 0; at < whole.length; at += first) member.saysBytes(whole.subarray(at, at + first));
    }
    const gone = members.flatMap(({ isOpen }, i) => (isOpen ? [] : [i]));
    expect([gone, world.drops()]).toEqual([[0, 1, 3], Array(3).fill("overloaded")]);
    expect(members[2]!.heardTypes()).toContain("PushAck");
    // Who goes gives back what it held, and what is small never needed any.
    members[4]!.closes();
    members[0] = world.join(250);
    members[0].saysBytes(members[0].encode(large).subarray(0, first));
    world.join(251).says(push(2));
    expect([world.drops(), members[5]!.isOpen]).toEqual([[], true]);
  });

  it("says half of something and goes: forgotten", () => {
    const world = new World();
    for (const length of [1, 20, 60, 90]) {
      const device = world.dial(length);
      device.saysBytes(device.encode(device.hello()).subarray(0, length));
      device.closes();
    }
    expect(world.relay.resources()).toEqual(idle);
  });
});

describe("a member who knows more than the relay", () => {
  const beyond = { cursor: 7, chain: new Uint8Array(32).fill(7) };

  it("renews its group's epoch: the others are sent away, and no other group is disturbed", () => {
    const world = new World();
    const [alice, bob, eve] = [world.join(11), world.join(12), world.join(13, OTHER_GROUP)];
    alice.pushes(1);
    bob.hears();
    const { epoch } = alice.welcome;
    const carol = world.join(14, GROUP, { epoch, contiguous: positionAfter(1), highest: beyond });
    expect(encodeHex(carol.welcome.epoch)).not.toBe(encodeHex(epoch));
    expect(carol.welcome).toMatchObject({ max: positionAfter(1), pending: 1 });
    for (const other of [alice, bob]) {
      expect([other.hears(), other.isOpen]).toEqual([[{ type: "Bye", reason: "epoch" }], false]);
    }
    expect([eve.hears(), eve.isOpen]).toEqual([[], true]);
    expect(world.join(11, GROUP, { epoch }).welcome.epoch).toEqual(carol.welcome.epoch);
    expect(carol.pushes(1)).toMatchObject({ type: "PushAck", cursor: 1, epoch: carol.welcome.epoch });
    expect(world.join(15, OTHER_GROUP).welcome.epoch).toEqual(eve.welcome.epoch);
  });

  it("after the disk was wiped finds an empty group in another epoch, and is not refused", () => {
    const world = new World();
    const alice = world.join(11);
    alice.pushes(1);
    world.disk.wipe();
    world.start();
    const at = positionAfter(1);
    const again = world.join(11, GROUP, { epoch: alice.welcome.epoch, contiguous: at, highest: at });
    expect(again.welcome).toMatchObject({ max: START, pending: 0 });
  });

  it("and one who only knows another epoch renews nothing", () => {
    const world = new World();
    const alice = world.join(11);
    const claim = { epoch: new Uint8Array(16).fill(0x11), contiguous: beyond, highest: beyond };
    expect(world.join(12, GROUP, claim).welcome.epoch).toEqual(alice.welcome.epoch);
    expect(alice.isOpen).toBe(true);
  });
});

describe("a store in trouble", () => {
  it("each who waits for it is told to try again, and dropped; nothing is half done", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    world.disk.full = true;
    alice.says(push(1), push(2));
    expect(alice.hears()).toMatchObject([
      { type: "Error", code: ErrorCode.StorageFailed, retryable: true, retryAfterMs: 1000 },
    ]);
    const carol = world.dial(13);
    carol.says(carol.hello());
    expect([carol.heardTypes(), alice.isOpen, carol.isOpen, bob.isOpen]).toEqual([["Error"], false, false, true]);
    expect(cursors(bob.pulls())).toEqual([]);
    world.disk.full = false;
    expect((world.join(11).pushes(2) as PushAck).cursor).toBe(1);
    expect(bob.hears()).toEqual([{ type: "Notify", latest: 1 }]);
  });

  it("a push and a pull in one transaction with a write that failed have failed with it", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    world.isStoreSlow = true;
    alice.says(push(1));
    bob.says(pull(0));
    world.disk.writeErrors = { num: 1, den: 1 };
    world.storeCatchesUp();
    world.disk.writeErrors = undefined;
    expect(bob.hears()).toMatchObject([refusal(ErrorCode.StorageFailed, "Pull")]);
    expect(world.relay.resources()).toEqual(idle);
  });
});

const LOOKUP = new Uint8Array(16).fill(0x10);
const SEALED = new Uint8Array(600).fill(0x5e);
const put = (ttlS = 60, lookup = LOOKUP): Message => ({ type: "InvitePut", lookup, sealed: SEALED, ttlS });
const claim = (lookup = LOOKUP): Message => ({ type: "InviteClaim", lookup });
const cancel: Message = { type: "InviteCancel", lookup: LOOKUP };
const list: Message = { type: "ListDevices" };
const idOf = (key: number): Uint8Array => suite.dhPublicKey(new Uint8Array(32).fill(key));
const revoke = (key: number): Message => ({ type: "RevokeDevice", device: idOf(key), reason: "lost" });
const remove = (number: number): Message => ({ type: "Delete", blobId: new Uint8Array(16).fill(number) });

describe("invites", () => {
  it("wait for a stranger, who is given one once, before any Hello", () => {
    const world = new World();
    const alice = world.join(11);
    alice.says(put());
    expect(alice.hears()).toEqual([{ type: "InviteKept", lookup: LOOKUP, ttlS: 60 }]);
    const stranger = world.dial(90);
    stranger.says(claim());
    expect(stranger.hears()).toEqual([{ type: "InviteGiven", lookup: LOOKUP, sealed: SEALED }]);
    stranger.says(claim());
    expect(stranger.hears()).toMatchObject([{ ...refusal(ErrorCode.UnknownInvite, "InviteClaim"), retryable: false }]);
    stranger.says(stranger.hello());
    expect(stranger.heardTypes()).toEqual(["Welcome"]);
  });

  it("are kept by members only", () => {
    const stranger = new World().dial(90);
    stranger.says(put());
    expect([stranger.hears(), stranger.isOpen]).toMatchObject([
      [refusal(ErrorCode.InvalidMessage, "InvitePut")],
      false,
    ]);
  });

  it("that never were, are over, claimed or cancelled are answered all alike", () => {
    const world = new World();
    const alice = world.join(11);
    const answerTo = (lookup: typeof LOOKUP): Message[] => {
      const stranger = world.dial(90);
      stranger.says(claim(lookup));
      stranger.closes();
      return stranger.hears();
    };
    const never = answerTo(new Uint8Array(16).fill(9));
    alice.says(put());
    alice.says(cancel, cancel);
    expect(alice.heardTypes()).toEqual(["InviteKept", "InviteCancelled", "InviteCancelled"]);
    const cancelled = answerTo(LOOKUP);
    alice.says(put(5));
    world.pass(5000);
    const over = answerTo(LOOKUP);
    alice.says(put());
    answerTo(LOOKUP);
    expect([cancelled, over, answerTo(LOOKUP)]).toEqual([never, never, never]);
  });

  it("are cancelled by the device that put them, and by no other", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    alice.says(put());
    bob.says(cancel, claim());
    expect(bob.heardTypes()).toEqual(["InviteCancelled", "InviteGiven"]);
  });

  it("are no more than may be, of a group and of all", () => {
    const world = new World({ groupInvitesMax: 1, invitesMax: 2 });
    const alice = world.join(11);
    const number = (fill: number): Message => put(60, new Uint8Array(16).fill(fill));
    alice.says(number(1), number(2), number(1));
    expect(alice.hears()).toMatchObject([
      { type: "InviteKept" },
      { ...refusal(ErrorCode.InviteRefused, "InvitePut"), retryable: true },
      { type: "InviteKept" },
    ]);
    const other = world.join(12, OTHER_GROUP);
    other.says(number(3));
    expect(other.heardTypes()).toEqual(["InviteKept"]);
  });

  it("can be guessed at only so often, from one address and from all; who goes on is dropped", () => {
    const world = new World({ inviteClaimsPerMinute: 2, totalInviteClaimsPerMinute: 3 });
    world.join(11).says(put());
    const guess = (address: string): Device => {
      const stranger = world.dial(90, address);
      stranger.says(claim(new Uint8Array(16).fill(9)));
      return stranger;
    };
    const unknown = refusal(ErrorCode.UnknownInvite, "InviteClaim");
    const limited = refusal(ErrorCode.RateLimited, "InviteClaim");
    expect([guess("a"), guess("a")].map((each) => each.hears())).toMatchObject([[unknown], [unknown]]);
    const third = guess("a");
    expect(third.hears()).toMatchObject([{ ...limited, retryable: true, retryAfterMs: 30_000 }]);
    expect([third.isOpen, world.drops()]).toEqual([false, ["claiming-too-often"]]);
    expect(guess("b").hears()).toMatchObject([unknown]);
    expect(guess("c").hears()).toMatchObject([{ ...limited, retryAfterMs: 20_000 }]);
    world.pass(30_000);
    expect(guess("a").hears()).toMatchObject([unknown]);
  });

  it("and a claim prolong no stranger's time", () => {
    const world = new World({ handshakeTimeoutMs: 1000 });
    const stranger = world.dial(90);
    world.pass(900);
    stranger.says(claim());
    world.pass(100);
    expect([stranger.isOpen, world.drops()]).toEqual([false, ["handshake-timeout"]]);
  });

  it("survive a restart, and are forgotten by the sweep", () => {
    const world = new World({ sweepMs: 1000 });
    world.join(11).says(put(30));
    world.start();
    world.pass(31_000);
    expect(world.join(11).isOpen).toBe(true);
    world.now.wallMs -= 20_000;
    const stranger = world.dial(90);
    stranger.says(claim());
    expect(stranger.hears()).toMatchObject([refusal(ErrorCode.UnknownInvite, "InviteClaim")]);
  });
});

describe("deleting", () => {
  it("takes a blob away from whoever has not pulled it; its cursor is answered as gone", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    alice.says(push(1), push(2));
    alice.hears();
    bob.hears();
    alice.says(remove(1));
    expect(alice.hears()).toEqual([{ type: "Deleted", blobId: new Uint8Array(16).fill(1), cursor: 1 }]);
    expect(bob.hears()).toEqual([]);
    const page = bob.pulls();
    expect([cursors(page), page.gone.map(({ from, to, why }) => [from, to, why]), page.max]).toEqual([
      [2],
      [[1, 1, "deleted"]],
      2,
    ]);
    expect(page.chain).toEqual(positionAfter(1, 2).chain);
  });

  it("is its sender's alone; what nobody pushed is unknown", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    alice.pushes(1);
    bob.hears();
    bob.says(remove(1), remove(7));
    const blobId = (fill: number): object => ({ message: "Delete", blobId: new Uint8Array(16).fill(fill) });
    expect(bob.hears()).toMatchObject([
      { code: ErrorCode.NotBlobOwner, retryable: false, subject: blobId(1) },
      { code: ErrorCode.UnknownBlob, retryable: false, subject: blobId(7) },
    ]);
    expect(cursors(alice.pulls())).toEqual([1]);
  });

  it("comes after the push before it in the same piece", () => {
    const alice = new World().join(11);
    alice.says(push(1), remove(1));
    expect(alice.heardTypes()).toEqual(["PushAck", "Deleted"]);
  });

  it("makes room under the quota", () => {
    const alice = new World({ groupBytesMax: 30 }).join(11);
    alice.says(push(1), push(2));
    expect(alice.heardTypes()).toEqual(["PushAck", "Error"]);
    alice.says(remove(1), push(2));
    expect(alice.heardTypes()).toEqual(["Deleted", "PushAck"]);
  });
});

describe("devices of a group", () => {
  it("are listed: who is there, who was, and what each has", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    world.join(13, OTHER_GROUP);
    alice.pushes(1);
    alice.pulls();
    alice.says({ type: "Ack", cursor: 1 });
    bob.closes();
    alice.says(list);
    const known = { lastSeenMs: START_WALL_MS, isRevoked: false };
    const devices = [
      { device: idOf(11), acknowledged: 1, isOnline: true, ...known },
      { device: idOf(12), acknowledged: 0, isOnline: false, ...known },
    ].sort((a, b) => (encodeHex(a.device) < encodeHex(b.device) ? -1 : 1));
    expect(alice.hears()).toEqual([{ type: "Devices", devices }]);
  });

  it("are listed once at a time for a session", () => {
    const world = new World();
    const alice = world.join(11);
    world.isStoreSlow = true;
    alice.says(list, list);
    expect(alice.hears()).toMatchObject([{ ...refusal(ErrorCode.RateLimited, "ListDevices"), retryable: true }]);
    world.storeCatchesUp();
    alice.says(list);
    expect(alice.heardTypes()).toEqual(["Devices", "Devices"]);
  });

  it("are so many at most; those that are there go on", () => {
    const world = new World({ devicesPerGroupMax: 1 });
    world.join(11).closes();
    const second = world.dial(12);
    second.says(second.hello());
    expect(second.hears()).toMatchObject([refusal(ErrorCode.RelayOverloaded, "Hello")]);
    expect(world.join(11).isOpen).toBe(true);
  });
});

describe("revoking a device", () => {
  it("is told to all, ends its session, and lets it in no more", () => {
    const world = new World();
    const [alice, bob, carol] = [world.join(11), world.join(12), world.join(13)];
    alice.says(revoke(12));
    const told = {
      type: "DeviceRevoked",
      device: idOf(12),
      by: idOf(11),
      reason: "lost",
      timestampMs: START_WALL_MS,
    };
    expect([alice.hears(), carol.hears()]).toEqual([[told], [told]]);
    expect(bob.hears()).toMatchObject([told, { ...refusal(ErrorCode.DeviceRevoked, null), retryable: false }]);
    expect([bob.isOpen, world.drops()]).toEqual([false, ["revoked"]]);
    const again = world.dial(12);
    again.says(again.hello());
    expect(again.hears()).toMatchObject([{ ...refusal(ErrorCode.DeviceRevoked, "Hello"), retryable: false }]);
    expect([again.isOpen, world.drops()]).toEqual([false, ["revoked"]]);
    expect(world.relay.resources()).toMatchObject({ sessions: 2, liveGroups: 1 });
  });

  it("holds for its group only, and after a restart", () => {
    const world = new World();
    world.join(12).closes();
    world.join(11).says(revoke(12));
    world.start();
    expect(world.join(12, OTHER_GROUP).isOpen).toBe(true);
    const again = world.dial(12);
    again.says(again.hello());
    expect(again.hears()).toMatchObject([refusal(ErrorCode.DeviceRevoked, "Hello")]);
  });

  it("catches a session that was being let in", () => {
    const world = new World();
    const alice = world.join(11);
    const bob = world.dial(12);
    world.isStoreSlow = true;
    bob.says(bob.hello());
    alice.says(revoke(12));
    world.storeCatchesUp();
    expect([bob.heardTypes(), bob.isOpen]).toEqual([["Welcome", "DeviceRevoked", "Error"], false]);
  });

  it("can be of oneself, and again; of an unknown device it is refused", () => {
    const world = new World();
    const alice = world.join(11);
    alice.says(revoke(77));
    expect(alice.hears()).toMatchObject([refusal(ErrorCode.UnknownDevice, "RevokeDevice")]);
    world.join(12).closes();
    alice.says(revoke(12), revoke(12), revoke(11));
    expect(alice.heardTypes()).toEqual(["DeviceRevoked", "DeviceRevoked", "DeviceRevoked", "Error"]);
    expect(alice.isOpen).toBe(false);
  });

  it("lets go what only it had not acknowledged", () => {
    const world = new World({ sweepMs: 1000 });
    const [alice] = [world.join(11), world.join(12)];
    alice!.pushes(1);
    alice!.pulls();
    alice!.says({ type: "Ack", cursor: 1 });
    world.pass(1000);
    expect(cursors(alice!.pulls())).toEqual([1]);
    alice!.says(revoke(12));
    world.pass(1000);
    expect(alice!.pulls().gone.map(({ why }) => why)).toEqual(["acknowledged"]);
  });
});

describe("limits over all", () => {
  it("connections per minute of an address count even when they end at once", () => {
    const world = new World({ connectionsPerAddressPerMinute: 2 });
    for (const key of [1, 2]) world.dial(key, "a", false).closes();
    expect([world.dial(3, "a", false).isOpen, world.drops()]).toEqual([false, ["connecting-too-often"]]);
    expect(world.dial(4, "b", false).isOpen).toBe(true);
    world.pass(30_000);
    expect(world.dial(5, "a", false).isOpen).toBe(true);
  });

  it("connections per second of all addresses together", () => {
    const world = new World({ totalConnectionsPerSecond: 2 });
    world.dial(1, "a", false);
    world.dial(2, "b", false);
    expect([world.dial(3, "c", false).isOpen, world.drops()]).toEqual([false, ["connecting-too-often"]]);
    world.pass(500);
    expect(world.dial(4, "d", false).isOpen).toBe(true);
  });

  it("a connection counts from the moment it is accepted, without a byte", () => {
    const world = new World({ sessionsMax: 2 });
    world.dial(1, "a", false);
    world.dial(2, "b", false);
    expect([world.dial(3, "c", false).isOpen, world.drops()]).toEqual([false, ["too-many-sessions"]]);
  });

  it("bytes of all groups together: refused for now, and said to be the relay's", () => {
    const world = new World({ totalBytesMax: 30 });
    const [alice, other] = [world.join(11), world.join(12, OTHER_GROUP)];
    expect(alice.pushes(1)).toMatchObject({ type: "PushAck" });
    expect(other.pushes(2)).toMatchObject({ type: "Error", code: ErrorCode.StorageFull, retryable: true });
  });

  it("F-015: rates of devices and addresses that have recovered are forgotten, whoever comes next", () => {
    const world = new World({ connectionsPerAddressPerMinute: 10, messagesPerMinute: 60, sweepMs: 1000 });
    for (let i = 0; i < 20; i++) world.dial(i, `address ${i}`, false).closes();
    const member = world.join(21);
    member.pushes(1);
    member.closes();
    expect(world.relay.rateEntries).toBe(22);
    world.pass(10_000);
    expect(world.relay.rateEntries).toBe(0);
  });

  it("a rate that was looked through while its device was there is the same after a reconnect", () => {
    const world = new World({ messagesPerMinute: 1, messagesBurst: 2, sweepMs: 1000, idleTimeoutMs: 1e9 });
    const first = world.join(11);
    world.pass(2000);
    first.says(push(1), push(2));
    world.pass(1000);
    first.closes();
    expect(world.join(11).pushes(3)).toMatchObject({ type: "Error", code: ErrorCode.RateLimited });
  });
});

describe("a session that reads nothing", () => {
  it("costs the machine nothing that grows: each answer and hint is handed to the driver at once", () => {
    const world = new World({ messagesBurst: 1000 });
    const [slow, alice] = [world.join(11), world.join(12)];
    alice.pushes(1);
    const before = world.relay.resources();
    for (let i = 0; i < 100; i++) {
      slow.says(pull(0), list);
      alice.says(push(2 + i));
    }
    expect(world.relay.resources()).toEqual(before);
    // A page and a list for each question, a hint for each push: who bounds them is who sends them.
    const heard = slow.heardTypes();
    expect(heard.filter((type) => type === "Notify")).toHaveLength(101);
    expect(heard.filter((type) => type === "PullResponse")).toHaveLength(100);
  });
});

describe("shutting down", () => {
  const shutdown = (world: World): void => world.input({ type: "command", command: { type: "shutdown" } });
  const bye = { type: "Bye", reason: "shutdown" };

  it("an idle relay says Bye to the live, closes all, and has stopped", () => {
    const world = new World();
    const [alice, greeting] = [world.join(11), world.dial(12)];
    shutdown(world);
    expect([alice.hears(), alice.isOpen, greeting.hears(), greeting.isOpen]).toEqual([[bye], false, [], false]);
    expect([world.stops, world.relay.resources(), world.relay.deadline()]).toEqual([1, idle, undefined]);
    expect(world.dial(13, "a", false).isOpen).toBe(false);
  });

  it("finishes what is at the store first: its answer comes before the Bye, and nobody new is let in", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    world.isStoreSlow = true;
    alice.says(push(1));
    shutdown(world);
    expect([alice.hears(), alice.isOpen, world.stops]).toEqual([[], true, 0]);
    expect(world.dial(13, "a", false).isOpen).toBe(false);
    world.storeCatchesUp();
    expect(alice.hears()).toMatchObject([{ type: "PushAck", cursor: 1 }, bye]);
    expect([bob.heardTypes(), world.stops, world.relay.resources()]).toEqual([["Notify", "Bye"], 1, idle]);
  });

  it("meanwhile refuses what comes, for now", () => {
    const world = new World();
    const alice = world.join(11);
    world.isStoreSlow = true;
    alice.says(push(1));
    shutdown(world);
    alice.says(push(2), pull(0));
    const refused = { type: "Error", code: ErrorCode.RelayShuttingDown, retryable: true };
    expect(alice.hears()).toMatchObject([refused, refused]);
    world.storeCatchesUp();
    expect(alice.heardTypes()).toEqual(["PushAck", "Bye"]);
  });

  it("tells once that it has stopped, however often it is asked", () => {
    const world = new World();
    world.join(11);
    shutdown(world);
    shutdown(world);
    expect(world.stops).toBe(1);
  });

  it("tells once that it has stopped when the last answer is a failure", () => {
    const world = new World();
    const alice = world.join(11);
    world.isStoreSlow = true;
    alice.says(push(1));
    shutdown(world);
    world.disk.full = true;
    world.storeCatchesUp();
    expect([alice.isOpen, world.stops, world.relay.resources()]).toEqual([false, 1, idle]);
  });

  it("leaves nothing behind when the last answer lets in a device that replaces itself", () => {
    const world = new World();
    const older = world.join(11);
    world.isStoreSlow = true;
    const newer = world.dial(11);
    newer.says(newer.hello());
    shutdown(world);
    world.storeCatchesUp();
    expect([older.isOpen, newer.isOpen, world.stops]).toEqual([false, false, 1]);
    expect([world.relay.resources(), world.relay.deadline()]).toEqual([idle, undefined]);
  });

  it("ends although devices go on pushing", () => {
    const world = new World();
    const [alice, bob] = [world.join(11), world.join(12)];
    world.isStoreSlow = true;
    alice.says(push(1));
    shutdown(world);
    for (let turn = 1; turn <= 50 && world.stops === 0; turn++) {
      const next = turn % 2 === 0 ? alice : bob;
      if (next.isOpen) next.says(push(1 + turn));
      world.storeDoesOne();
    }
    expect(world.stops).toBe(1);
  });
});
