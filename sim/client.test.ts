import { describe, expect, it } from "vitest";
import { openBlob, BlobKind, BODY_BYTES_MAX, sealedBytes } from "../core/blob/seal.ts";
import { concatBytes } from "../core/bytes.ts";
import { Client } from "../core/client/client.ts";
import type { ClientConfig } from "../core/client/config.ts";
import { DEFAULT_CLIENT_CONFIG } from "../core/client/config.ts";
import type { ClientCommand, ClientEvent } from "../core/client/events.ts";
import type { DeviceOperation } from "../core/client/store.ts";
import { START } from "../core/ids.ts";
import { FRAME_BYTES_MAX, PAYLOAD_BYTES_MAX, TTL_S_MAX } from "../core/limits.ts";
import type { Input } from "../core/machine.ts";
import { ErrorCode } from "../core/wire/error-code.ts";
import { ChainHasher } from "../core/log/chain.ts";
import { isHelloSigned } from "../core/wire/hello-signature.ts";
import type { Hello, Message, MessageType, PullResponse } from "../core/wire/messages.ts";
import { HexNames } from "./hex-names.ts";
import { DeviceStore } from "./device-store.ts";
import { RecordWriter } from "./record-writer.ts";
import type { Disk } from "./kernel/disk.ts";
import { Kernel } from "./kernel/kernel.ts";
import { ToyProgram } from "./kernel/toy-program.ts";
import {
  createEntropy,
  EPOCH,
  KEYS,
  Log,
  RELAY,
  RELAY_HEX,
  ScriptedRelay,
  SECOND_EPOCH,
  SECRET,
  START_WALL_MS,
} from "./scripted-relay.ts";
import { toySuite as suite } from "./toy-suite.ts";

/** One device: its machine, its store, its network that does what the test says, and its two clocks. */
class Device {
  readonly now = { monoMs: 0, wallMs: START_WALL_MS };
  readonly disk: Disk;
  readonly marks = new Set<string>();
  client!: Client;
  store!: DeviceStore;
  relay = new ScriptedRelay();
  /** The present connection; 0 when there is none. */
  connection = 0;
  dials = 0;
  /** Operations are kept from the store until this is false. */
  isStoreSlow = false;
  /** So many transactions from now on find the disk full. */
  failingTransactions = 0;
  readonly #events: ClientEvent[] = [];
  #pending: DeviceOperation[] = [];
  readonly #config: ClientConfig;
  readonly #entropy = createEntropy();

  constructor(config: Partial<ClientConfig> = {}, isStoreSlow = false) {
    this.#config = { ...DEFAULT_CLIENT_CONFIG, ...config };
    const kernel = new Kernel({ seedLo: 1, seedHi: 0, startWallMs: 0, eventBudget: 1000 });
    this.disk = kernel.addHost("device", new ToyProgram()).disk;
    this.isStoreSlow = isStoreSlow;
    this.start();
  }

  /** A new process on the same disk. */
  start(): void {
    this.store = new DeviceStore(this.disk, new RecordWriter(), new HexNames());
    const mark = (name: string): void => void this.marks.add(name);
    const options = { relays: [RELAY], groupSecret: SECRET, config: this.#config };
    this.client = new Client(options, { entropy: this.#entropy, suite, mark });
    this.connection = 0;
    this.#settle();
  }

  input(input: Input<ClientCommand, never>): void {
    this.client.handle(input, this.now);
    this.#settle();
  }

  command(command: ClientCommand): void {
    this.input({ type: "command", command });
  }

  push(ref: number, ttlS = 0, body = Uint8Array.of(ref)): void {
    this.command({ type: "push", ref, body, ttlS });
  }

  /** The dial comes through, and both sides shake hands. */
  opens(relay = new ScriptedRelay()): void {
    this.relay = relay;
    this.input({ type: "opened", connection: this.connection, address: RELAY.endpoint });
  }

  closes(): void {
    const { connection } = this;
    this.connection = 0;
    this.input({ type: "closed", connection });
  }

  /** The relay says these in one piece. */
  hears(...messages: readonly Message[]): void {
    this.hearsBytes(concatBytes(...messages.map((message) => this.relay.encode(message))));
  }

  hearsBytes(bytes: Uint8Array): void {
    this.input({ type: "bytes", connection: this.connection, bytes });
  }

  welcome(log: Log): void {
    const { epoch, max, floor } = log.head;
    const limits = { frameBytesMax: FRAME_BYTES_MAX, payloadBytesMax: PAYLOAD_BYTES_MAX, quotaLeftBytes: 1e6 };
    this.hears({ type: "Welcome", version: 2, epoch, max, floor, pending: 0, ...limits });
  }

  /** Wants a connection and gets it. */
  connect(log: Log): void {
    this.command({ type: "connect" });
    this.opens();
    this.welcome(log);
  }

  /** Time passes; at each deadline on the way the machine is told. */
  pass(ms: number): void {
    const untilMs = this.now.monoMs + ms;
    for (let turn = 0; ; turn++) {
      const dueMs = this.client.deadline();
      if (dueMs === undefined || dueMs > untilMs) break;
      if (turn > 10_000) throw new Error("the machine wants to be told the time for ever");
      this.#setMono(Math.max(dueMs, this.now.monoMs));
      this.input({ type: "deadline" });
    }
    this.#setMono(untilMs);
  }

  #setMono(monoMs: number): void {
    this.now.wallMs += monoMs - this.now.monoMs;
    this.now.monoMs = monoMs;
  }

  /** What the client said since the last time, keep-alive aside. */
  said(): Message[] {
    return this.relay.heard.splice(0).filter(({ type }) => type !== "Ping");
  }

  saidTypes(): MessageType[] {
    return this.said().map(({ type }) => type);
  }

  /** Numbers (`ref` of `push`) of the pushes that the client said since the last time. */
  saidPushes(): number[] {
    return this.said().flatMap((message) => (message.type === "Push" ? [content(message)!.body[0]!] : []));
  }

  /** Events of these types since the last time; all others are dropped. */
  told<T extends ClientEvent["type"]>(...types: readonly T[]): Extract<ClientEvent, { type: T }>[] {
    const isWanted = (event: ClientEvent): event is Extract<ClientEvent, { type: T }> =>
      types.includes(event.type as T);
    return this.#events.splice(0).filter(isWanted);
  }

  /** The store does what it was kept from. */
  storeCatchesUp(): void {
    this.isStoreSlow = false;
    this.#settle();
  }

  /** The relay answers every Push and Pull honestly until nothing more comes; at most so many turns. */
  converse(log: Log, turns = 50): Message[] {
    const all: Message[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const said = this.said();
      all.push(...said);
      const answers = said.flatMap((message): Message[] => {
        if (message.type === "Pull") return [log.page(message.after, message.limit)];
        if (message.type !== "Push") return [];
        const answer = log.append(message.blobId.slice(), message.payload.slice());
        return answer.type === "accepted" ? [{ ...answer, type: "PushAck" }] : [];
      });
      if (answers.length === 0) break;
      this.hears(...answers);
    }
    return all;
  }

  get cursor(): number | undefined {
    return this.client.positionAt(RELAY_HEX)?.contiguous.cursor;
  }

  /** First bytes of what was delivered. */
  inbox(): number[] {
    return this.store.inbox.map(({ body }) => body[0]!);
  }

  #settle(): void {
    for (;;) {
      for (let output = this.client.poll(); output !== undefined; output = this.client.poll()) {
        switch (output.type) {
          case "dial":
            this.connection = output.connection;
            this.dials += 1;
            break;
          case "close":
            expect(output.connection).toBe(this.connection);
            this.connection = 0;
            break;
          case "send": {
            expect(output.connection, "sent on the open connection").toBe(this.connection);
            const answer = this.relay.receive(output.bytes);
            const { connection } = this;
            if (answer !== undefined) this.client.handle({ type: "bytes", connection, bytes: answer }, this.now);
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
      if (this.isStoreSlow || this.#pending.length === 0) return;
      const isFailing = this.failingTransactions > 0;
      if (isFailing) this.failingTransactions -= 1;
      this.disk.full ||= isFailing;
      this.store.stage(this.#pending.splice(0), this.now);
      if (isFailing) this.disk.full = false;
      for (const answer of this.store.commit()) this.client.handle({ type: "stored", answer }, this.now);
    }
  }
}

function content({ blobId, payload }: { readonly blobId: Uint8Array; readonly payload: Uint8Array }) {
  const about = { suite, key: KEYS.encryption, groupId: KEYS.groupId, kind: BlobKind.data };
  const opened = openBlob({ ...about, blobId, payload });
  return opened.ok ? opened.value : undefined;
}
function refusal(message: MessageType, blobId: Uint8Array | null, retryAfterMs: number): Message {
  const code = retryAfterMs > 0 ? ErrorCode.RateLimited : ErrorCode.BlobConflict;
  return { type: "Error", code, retryable: retryAfterMs > 0, retryAfterMs, subject: { message, blobId } };
}
const ack = (push: Message, cursor: number, epoch = EPOCH): Message => {
  if (push.type !== "Push") throw new Error("only a Push gets a PushAck");
  return { type: "PushAck", blobId: push.blobId, cursor, chain: new Uint8Array(32).fill(cursor), epoch };
};
const whys = (device: Device): unknown[] => device.told("disconnected").map(({ why, retryInMs }) => [why, retryInMs]);

describe("a device and its relay", () => {
  it("meet: a signed Hello without history, a Welcome, and nothing to do", () => {
    const device = new Device();
    device.command({ type: "connect" });
    device.opens();
    const [hello] = device.relay.heard.splice(0) as [Hello];
    expect(hello).toMatchObject({ type: "Hello", versions: [2], epoch: null, contiguous: START, highest: START });
    expect(isHelloSigned(suite, hello, device.relay.channel.handshakeHash!)).toBe(true);
    device.welcome(new Log());
    expect(device.said()).toEqual([]);
    expect(device.told("ready", "connecting", "connected").map(({ type }) => type)).toEqual([
      "ready",
      "connecting",
      "connected",
    ]);
    expect(device.client.waitingFor()).toEqual([]);
    expect(device.client.resources()).toEqual({
      connections: 1,
      outbox: 0,
      inFlight: 0,
      queuedBytes: 0,
      queuedRows: 0,
      pulls: 0,
      requests: 0,
      jobs: 0,
      early: 0,
    });
  });

  it("push, acknowledge, notify, pull and take in, the device's own blobs like all others", () => {
    const device = new Device();
    const log = new Log().add(100);
    device.connect(log);
    device.converse(log);
    device.push(1);
    const said = device.converse(log);
    expect(said.map(({ type }) => type)).toEqual(["Push", "Pull", "Ack"]);
    expect(device.told("acked").map(({ position }) => position.cursor)).toEqual([2]);
    log.add(101);
    device.hears({ type: "Notify", latest: 3 });
    expect(device.converse(log)).toMatchObject([
      { type: "Pull", after: 2 },
      { type: "Ack", cursor: 3 },
    ]);
    expect([device.inbox(), device.cursor]).toEqual([[100, 1, 101], 3]);
    expect(device.client.waitingFor()).toEqual([]);
  });

  it("understand each other however their bytes are cut", () => {
    const device = new Device();
    const log = new Log().add(100);
    device.connect(log);
    device.said();
    for (const byte of device.relay.encode(log.page(0))) device.hearsBytes(Uint8Array.of(byte));
    expect([device.inbox(), device.cursor]).toEqual([[100], 1]);
  });

  it("go through a long log page by page, and move on only after each is durable", () => {
    const device = new Device({ pullLimit: 2 });
    const log = new Log();
    for (let number = 1; number <= 5; number++) log.add(number);
    device.connect(log);
    device.said();
    device.isStoreSlow = true;
    device.hears(log.page(0, 2));
    expect([device.cursor, device.saidTypes()]).toEqual([0, []]);
    device.storeCatchesUp();
    expect(device.cursor).toBe(2);
    const said = device.converse(log).map((message) => [message.type, "after" in message ? message.after : 0]);
    expect(said).toEqual([
      ["Ack", 0],
      ["Pull", 2],
      ["Ack", 0],
      ["Pull", 4],
      ["Ack", 0],
    ]);
    expect([device.inbox(), device.cursor]).toEqual([[1, 2, 3, 4, 5], 5]);
  });

  it("poll while nothing is told, so that a lost Notify costs one poll at most", () => {
    const device = new Device({ pollMs: 20_000 });
    const log = new Log();
    device.connect(log);
    device.said();
    device.pass(19_999);
    device.hears({ type: "Pong", token: 0 });
    expect(device.saidTypes()).toEqual([]);
    device.pass(1);
    expect(device.said()).toEqual([{ type: "Pull", after: 0, limit: 100, bytesMax: 512 * 1024 }]);
    device.hears(log.page(0));
    device.command({ type: "pull" });
    expect(device.saidTypes()).toEqual(["Pull"]);
  });
});

describe("pushing", () => {
  it("before the store has answered is done once it has, in order, and before anyone is connected", () => {
    const device = new Device({}, true);
    device.push(1);
    device.command({ type: "connect" });
    device.push(2);
    expect([device.dials, device.told("queued")]).toEqual([0, []]);
    device.storeCatchesUp();
    expect(device.told("queued").map(({ ref, sequence }) => [ref, sequence])).toEqual([
      [1, 1],
      [2, 2],
    ]);
    device.opens();
    device.said();
    device.welcome(new Log());
    expect(device.saidPushes()).toEqual([1, 2]);
  });

  it("sends nothing that is not durable", () => {
    const device = new Device();
    device.connect(new Log());
    device.said();
    device.isStoreSlow = true;
    device.push(1);
    expect([device.saidTypes(), device.told("queued")]).toEqual([[], []]);
    device.storeCatchesUp();
    expect(device.saidPushes()).toEqual([1]);
  });

  it("chains a device's blobs to each other, over restarts", () => {
    const device = new Device();
    device.push(1);
    device.start();
    device.push(2);
    device.connect(new Log());
    const pushes = device.said().filter((message) => message.type === "Push");
    const [one, two] = pushes.map((push) => content(push)!);
    expect([one?.sequence, two?.sequence]).toEqual([1, 2]);
    expect([one?.previous, two?.previous]).toEqual([new Uint8Array(32), suite.hash(pushes[0]!.payload)]);
    expect(one?.sender).toEqual(device.told("ready")[0]!.deviceId);
  });

  it("keeps to its window, and fills it up with each answer", () => {
    const device = new Device({ pushWindow: 2 });
    device.connect(new Log());
    device.said();
    for (const ref of [1, 2, 3, 4]) device.push(ref);
    const [first, second, ...none] = device.said();
    expect([content(first as never)?.body[0], content(second as never)?.body[0], none]).toEqual([1, 2, []]);
    device.hears(ack(first!, 1), ack(second!, 2));
    expect(device.saidPushes()).toEqual([3, 4]);
  });

  describe("has a queue with bounds", () => {
    /** Of the pushes since the last time, in the order in which they were told. */
    const outcomes = (device: Device): string[] =>
      device.told("queued", "push-failed").map((event) => {
        return `${event.ref} ${event.type === "queued" ? "queued" : event.error.type}`;
      });

    it("of rows: what is beyond is refused at once, with the bounds, takes no number, and nothing of it is stored", () => {
      const device = new Device({ queueRowsMax: 2, queueBytesMax: 5000 });
      for (const ref of [1, 2, 3]) device.push(ref);
      const [one, two, three] = device.told("queued", "push-failed");
      expect([one, two]).toMatchObject([{ type: "queued" }, { type: "queued" }]);
      const bytes = 2 * sealedBytes(1, 0);
      const error = { type: "QueueFull", rows: 2, bytes, rowsMax: 2, bytesMax: 5000 };
      expect(three).toEqual({ type: "push-failed", ref: 3, error });
      expect(device.store.outbox(RELAY_HEX).map(({ sequence }) => sequence)).toEqual([1, 2]);
      const log = new Log();
      device.connect(log);
      const [first] = device.said().filter(({ type }) => type === "Push");
      device.hears(ack(first!, 1));
      device.push(4);
      expect(outcomes(device)).toEqual(["4 queued"]);
      const [four] = device.said().filter(({ type }) => type === "Push");
      expect(content(four as never)).toMatchObject({ sequence: 3, givenUp: [] });
    });

    it("of sealed bytes, to the last one", () => {
      const device = new Device({ queueBytesMax: sealedBytes(1, 0) + sealedBytes(1000, 0) });
      device.push(1);
      device.push(2, 0, new Uint8Array(1200));
      device.push(3, 0, new Uint8Array(1000));
      device.push(4);
      expect(outcomes(device)).toEqual(["1 queued", "2 QueueFull", "3 queued", "4 QueueFull"]);
    });

    it("that stand over a restart of the process", () => {
      const device = new Device({ queueRowsMax: 2 });
      for (const ref of [1, 2]) device.push(ref);
      device.start();
      device.push(3);
      expect(outcomes(device)).toEqual(["1 queued", "2 queued", "3 QueueFull"]);
    });

    it("that count what the store has not answered yet, and what came before it had answered at all", () => {
      const device = new Device({ queueRowsMax: 2 }, true);
      for (const ref of [1, 2, 3]) device.push(ref);
      expect(outcomes(device), "before the store has told anything").toEqual(["3 QueueFull"]);
      device.storeCatchesUp();
      device.connect(new Log());
      const [first] = device.said().filter(({ type }) => type === "Push");
      device.hears(ack(first!, 1));
      device.isStoreSlow = true;
      for (const ref of [4, 5]) device.push(ref);
      expect(outcomes(device), "while one is being stored").toEqual(["1 queued", "2 queued", "5 QueueFull"]);
      device.storeCatchesUp();
      expect(outcomes(device)).toEqual(["4 queued"]);
    });

    it("with room again for what the store could not keep, what was refused for good, and what was over", () => {
      const device = new Device({ queueRowsMax: 1 });
      device.disk.full = true;
      device.push(1);
      device.disk.full = false;
      device.push(2);
      device.connect(new Log());
      const [two] = device.said().filter(({ type }) => type === "Push");
      device.hears(refusal("Push", (two as { blobId: Uint8Array }).blobId, 0));
      device.push(3, 1);
      device.push(4);
      device.closes();
      device.pass(10_000);
      device.opens();
      device.welcome(new Log());
      device.push(5);
      expect(outcomes(device)).toEqual(["1 StorageFull", "2 queued", "3 queued", "4 QueueFull", "5 queued"]);
    });

    it("that what is sent again to a relay that lost its data does not use up", () => {
      const device = new Device({ queueRowsMax: 2 });
      const log = new Log();
      device.connect(log);
      for (const ref of [1, 2]) device.push(ref);
      const pushes = device.said().filter(({ type }) => type === "Push");
      device.hears(...pushes.map((push, i) => ack(push, i + 1)));
      device.closes();
      device.pass(60_000);
      device.opens();
      device.welcome(new Log(SECOND_EPOCH));
      expect(device.client.resources()).toMatchObject({ outbox: 2, queuedRows: 0, queuedBytes: 0 });
      device.push(3);
      device.push(4);
      expect(outcomes(device)).toEqual(["1 queued", "2 queued", "3 queued", "4 queued"]);
    });
  });

  it("refuses at once a body that fits into no blob", () => {
    const device = new Device();
    device.push(1, 0, new Uint8Array(BODY_BYTES_MAX + 1));
    expect(device.told("push-failed")).toMatchObject([
      { ref: 1, error: { type: "TooLarge", bytesMax: BODY_BYTES_MAX } },
    ]);
    device.push(2, 0, new Uint8Array(BODY_BYTES_MAX));
    expect(device.told("queued")).toMatchObject([{ ref: 2, sequence: 1 }]);
  });

  it("never says a ttl that its relay could not understand", () => {
    const device = new Device();
    device.connect(new Log());
    device.said();
    for (const ttlS of [TTL_S_MAX + 1, 1.5, -1]) expect(() => device.push(1, ttlS)).not.toThrow();
    for (const message of device.said()) {
      if (message.type === "Push") expect(message.ttlS).toBeLessThanOrEqual(TTL_S_MAX);
    }
  });

  it("after a retryable refusal waits as long as it was told, and goes on in the same order", () => {
    const device = new Device({ pushWindow: 3 });
    const log = new Log();
    device.connect(log);
    device.said();
    for (const ref of [1, 2, 3, 4]) device.push(ref);
    const pushes = device.said();
    device.hears(...pushes.map((push) => refusal("Push", "blobId" in push ? (push.blobId as Uint8Array) : null, 2500)));
    expect(device.told("refused").map(({ retryable }) => retryable)).toEqual([true, true, true]);
    device.push(5);
    device.pass(2499);
    expect(device.saidPushes()).toEqual([]);
    device.pass(1);
    // One finds out whether it is over; then the window opens by one with each answer.
    const [first, ...none] = device.said();
    expect([first, none]).toEqual([pushes[0], []]);
    device.hears(ack(first!, 1));
    expect(device.saidPushes()).toEqual([2, 3]);
    device.hears(ack(pushes[1]!, 2));
    expect(device.saidPushes()).toEqual([4, 5]);
    expect(device.client.outbox().length).toBe(3);
  });

  it("after one retryable refusal upon the other waits twice as long each time, thirty seconds at most", () => {
    const device = new Device({ pollMs: 1e6, keepAliveMs: 1e6 });
    device.connect(new Log());
    device.said();
    device.push(1);
    const waits: number[] = [];
    for (let refusals = 0; refusals < 7; refusals++) {
      const [push] = device.said();
      device.hears(refusal("Push", (push as { blobId: Uint8Array }).blobId, 1));
      const sinceMs = device.now.monoMs;
      while (device.relay.heard.length === 0) device.pass(500);
      waits.push(device.now.monoMs - sinceMs);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("after a refusal that names no time waits a second", () => {
    const device = new Device();
    device.connect(new Log());
    device.said();
    device.push(1);
    const [push] = device.said();
    device.hears({ ...refusal("Push", (push as { blobId: Uint8Array }).blobId, 1), retryAfterMs: 0 } as Message);
    device.pass(999);
    expect(device.saidPushes()).toEqual([]);
    device.pass(1);
    expect(device.saidPushes()).toEqual([1]);
  });

  it("after a definite refusal gives up, lets the rest go on, and tells the number in its next blob", () => {
    const device = new Device();
    device.connect(new Log());
    device.said();
    device.push(1);
    device.push(2);
    const [one, two] = device.said();
    device.hears(refusal("Push", (one as { blobId: Uint8Array }).blobId, 0));
    expect(device.told("refused")).toMatchObject([{ code: ErrorCode.BlobConflict, retryable: false }]);
    device.hears(ack(two!, 1));
    expect(device.client.outbox()).toEqual([]);
    device.push(3);
    const [three] = device.said().filter(({ type }) => type === "Push");
    expect(content(three as never)).toMatchObject({ sequence: 3, givenUp: [1] });
    device.push(4);
    const [four] = device.said().filter(({ type }) => type === "Push");
    expect(content(four as never)).toMatchObject({ sequence: 4, givenUp: [] });
    device.start();
    expect(device.client.outbox().length).toBe(2);
  });

  it("gives up at the end of its ttl, and says whether it may have arrived", () => {
    const device = new Device();
    device.push(1, 10);
    device.push(2, 3600);
    device.pass(10_000);
    device.connect(new Log());
    expect(device.told("gave-up")).toMatchObject([{ wasSent: false }]);
    expect(device.saidPushes()).toEqual([2]);
    device.closes();
    device.pass(3_600_000);
    device.opens();
    device.welcome(new Log());
    expect(device.told("gave-up")).toMatchObject([{ wasSent: true }]);
    device.push(3);
    const [three] = device.said().filter(({ type }) => type === "Push");
    expect(content(three as never)).toMatchObject({ sequence: 3, givenUp: [1, 2] });
  });

  it("tells when the store cannot keep a push, and what it announced is announced again", () => {
    const device = new Device();
    const log = new Log();
    device.connect(log);
    device.push(1);
    const blobId = (device.said().find(({ type }) => type === "Push") as { blobId: Uint8Array }).blobId;
    device.hears(refusal("Push", blobId, 0));
    device.disk.full = true;
    device.push(2);
    expect(device.told("push-failed")).toEqual([{ type: "push-failed", ref: 2, error: { type: "StorageFull" } }]);
    device.disk.full = false;
    device.push(3);
    const push = device.said().find(({ type }) => type === "Push");
    expect(content(push as never)).toMatchObject({ sequence: 3, givenUp: [1, 2] });
  });

  it("uses no number twice, though the process died after the store had failed", () => {
    const device = new Device();
    device.push(1);
    device.failingTransactions = 1;
    device.push(2);
    expect(device.told("push-failed").length).toBe(1);
    device.start();
    device.push(3);
    device.connect(new Log());
    const contents = device.said().flatMap((message) => (message.type === "Push" ? [content(message)!] : []));
    expect(contents.map(({ sequence, givenUp }) => [sequence, givenUp])).toEqual([
      [1, []],
      [3, [2]],
    ]);
  });
});

describe("hints and answers that nobody asked for", () => {
  it("PushAck, Notify and Welcome move no pull position", () => {
    const device = new Device();
    const log = new Log();
    device.push(1);
    device.connect(log);
    const push = device.said().find(({ type }) => type === "Push")!;
    device.hears({ type: "Notify", latest: 9 }, ack(push, 7));
    expect(device.client.positionAt(RELAY_HEX)).toMatchObject({ contiguous: START, highest: { cursor: 7 } });
    expect(device.said()).toMatchObject([{ type: "Pull", after: 0 }]);
    device.closes();
    device.pass(6000);
    device.opens();
    expect(device.said()).toMatchObject([{ type: "Hello", epoch: EPOCH, contiguous: START, highest: { cursor: 7 } }]);
    device.hears({
      type: "Welcome",
      version: 2,
      epoch: EPOCH,
      max: { cursor: 12, chain: new Uint8Array(32) },
      floor: 1,
      pending: 12,
      frameBytesMax: 1,
      payloadBytesMax: 1,
      quotaLeftBytes: 1,
    });
    expect(device.cursor).toBe(0);
    expect(device.said()).toMatchObject([{ type: "Pull", after: 0 }]);
  });

  it("a PushAck of an unknown blob and a page that was not asked for are harmless", () => {
    const device = new Device();
    const log = new Log().add(100);
    device.connect(new Log());
    device.said();
    device.hears(
      { type: "PushAck", blobId: RELAY.id.slice(16), cursor: 3, chain: RELAY.id, epoch: EPOCH },
      log.page(0),
    );
    expect([device.cursor, device.inbox(), device.saidTypes(), device.told("disconnected")]).toEqual([0, [], [], []]);
    expect([...device.marks]).toEqual(expect.arrayContaining(["client.ack.unexpected", "client.page.unexpected"]));
  });

  it("an Error about nothing of ours is harmless", () => {
    const device = new Device();
    device.connect(new Log());
    device.said();
    device.hears(refusal("Push", RELAY.id.slice(16), 0), refusal("Pull", null, 1000), refusal("Ack", null, 0));
    expect(device.told("refused", "pull-failed", "disconnected")).toEqual([]);
    device.pass(1000);
    expect(device.saidTypes()).toEqual([]);
  });

  it("a cursor that the log does not reach makes no storm of pulls", () => {
    const device = new Device();
    const log = new Log().add(1);
    device.connect(log);
    device.converse(log);
    device.hears({ type: "Notify", latest: 1000 });
    const pulls = device.converse(log).filter(({ type }) => type === "Pull");
    expect(pulls.length).toBeLessThanOrEqual(2);
  });

  it("a message that only a device may say, or bytes that are none, end the session", () => {
    for (const what of ["Push", "Pull", "garbage", "frame"] as const) {
      const device = new Device();
      device.connect(new Log());
      device.said();
      if (what === "Push") device.hears({ type: "Push", blobId: RELAY.id.slice(16), payload: RELAY.id, ttlS: 0 });
      else if (what === "Pull") device.hears({ type: "Pull", after: 0, limit: 1, bytesMax: 1 });
      else if (what === "garbage") device.hearsBytes(Uint8Array.of(0, 20, ...RELAY.id));
      else {
        const sealed = device.relay.channel.seal(Uint8Array.of(0xc1));
        if (sealed.ok) device.hearsBytes(sealed.value);
      }
      expect([whys(device).length, device.connection], what).toEqual([1, 0]);
    }
  });
});

describe("a page that cannot be believed", () => {
  const log = new Log().add(1).add(2).add(3);
  const good = log.page(0);
  const spoiled: { readonly [what: string]: PullResponse } = {
    "leaves a cursor out": { ...good, blobs: good.blobs.filter(({ cursor }) => cursor !== 2) },
    "has another chain": { ...good, chain: new Uint8Array(32).fill(1) },
    "has other bytes": { ...good, blobs: good.blobs.map((blob) => ({ ...blob, payload: good.blobs[0]!.payload })) },
    "answers another question": log.page(1),
    "says that more remains and brings nothing": { ...good, through: 0, blobs: [], chain: START.chain, hasMore: true },
  };
  for (const [what, page] of Object.entries(spoiled)) {
    it(`${what}: refused whole, nothing moves, and the honest page is taken at the next try`, () => {
      const device = new Device();
      device.connect(log);
      device.said();
      device.hears(page);
      expect(device.told("page-refused").length).toBe(1);
      expect([device.cursor, device.inbox(), device.connection]).toEqual([0, [], 0]);
      device.pass(1000);
      device.opens();
      expect(device.said()).toMatchObject([{ type: "Hello", contiguous: START }]);
      device.welcome(log);
      device.converse(log);
      expect([device.cursor, device.inbox()]).toEqual([3, [1, 2, 3]]);
    });
  }
});

describe("a relay that denies what it told before", () => {
  const log = new Log().add(1).add(2).add(3);

  it.each([
    ["rolled-back", { cursor: 2, chain: log.rows[1]!.chain }],
    ["forked", { cursor: 3, chain: new Uint8Array(32).fill(1) }],
  ] as const)("in its own epoch is accused of it and left: %s", (what, max) => {
    const device = new Device();
    device.connect(log);
    device.converse(log);
    device.closes();
    device.pass(1000);
    device.opens();
    device.said();
    log.head = { ...log.head, max };
    device.welcome(log);
    log.head = { ...log.head, max: { cursor: 3, chain: log.rows[2]!.chain } };
    expect(device.told("accused")).toMatchObject([{ what, cursor: 3, sender: null }]);
    expect([device.connection, device.said()]).toEqual([0, []]);
    // It thinks better of it.
    device.pass(10_000);
    device.opens();
    device.welcome(log);
    expect([device.told("accused"), device.client.positionAt(RELAY_HEX)?.contiguous.cursor]).toEqual([[], 3]);
  });

  it("one blob at two cursors: accused, and delivered once", () => {
    const twice = new Log().add(1);
    const payload = twice.rows[0]!.payload!;
    twice.append(new Uint8Array(16).fill(9), payload);
    const again = { ...twice.rows[1]!, blobId: twice.rows[0]!.blobId };
    const chain = new ChainHasher(suite).next(twice.rows[0]!.chain, 2, again.blobId, suite.hash(payload));
    twice.rows[1] = { ...again, chain };
    twice.head = { ...twice.head, max: { cursor: 2, chain } };
    const device = new Device();
    device.connect(twice);
    device.converse(twice);
    expect(device.told("accused")).toMatchObject([{ what: "replayed", cursor: 2, sender: RELAY.id }]);
    expect([device.inbox(), device.cursor]).toEqual([[1], 2]);
  });
});

describe("what is special about some cursors", () => {
  it("a blob that cannot be opened goes to quarantine, is told, and the others go on", () => {
    const device = new Device();
    const log = new Log().add(1).add(2, false).add(3);
    device.connect(log);
    device.converse(log);
    expect([device.inbox(), device.cursor]).toEqual([[1, 3], 3]);
    expect(device.told("quarantined")).toMatchObject([{ cursor: 2, why: "Refused" }]);
    expect(device.store.quarantine.map(({ cursor }) => cursor)).toEqual([2]);
  });

  it("cursors that are gone are told as lost history, durably", () => {
    const device = new Device();
    const log = new Log().add(1).add(2).add(3);
    log.expire(1);
    log.expire(2);
    device.connect(log);
    device.converse(log);
    expect(device.told("lost-history").map(({ range }) => range)).toEqual([{ from: 1, to: 2, why: "expired" }]);
    expect(device.store.lost).toMatchObject([{ from: 1, to: 2, why: "expired" }]);
    expect([device.inbox(), device.cursor]).toEqual([[3], 3]);
  });
});

describe("a new epoch", () => {
  it("found at the next Welcome: everything is sent again, the log read from its start, nothing delivered twice", () => {
    const device = new Device();
    const log = new Log();
    device.connect(log);
    device.push(1);
    device.push(2);
    device.converse(log);
    device.hears({ type: "Bye", reason: "epoch" });
    expect(whys(device)).toEqual([["epoch-changed", 1000]]);
    device.pass(1000);
    device.opens();
    expect(device.said()).toMatchObject([{ type: "Hello", epoch: EPOCH, contiguous: { cursor: 2 } }]);
    const renewed = new Log(SECOND_EPOCH).add(100);
    device.welcome(renewed);
    expect(device.told("epoch-changed")).toMatchObject([{ epoch: SECOND_EPOCH }]);
    expect(device.client.positionAt(RELAY_HEX)).toEqual({ epoch: SECOND_EPOCH, contiguous: START, highest: START });
    const said = device.converse(renewed);
    expect(said.slice(0, 3)).toMatchObject([{ type: "Push" }, { type: "Push" }, { type: "Pull", after: 0 }]);
    expect([device.inbox(), device.cursor]).toEqual([[1, 2, 100], 3]);
    expect(device.client.outbox()).toEqual([]);
  });

  it("betrayed by a PushAck in mid-session: the session ends, the push stays owed", () => {
    const device = new Device();
    device.connect(new Log());
    device.said();
    device.push(1);
    device.hears(ack(device.said()[0]!, 1, SECOND_EPOCH));
    expect([whys(device), device.client.outbox().length]).toEqual([[["epoch-changed", 1000]], 1]);
    device.pass(1000);
    device.opens();
    device.said();
    device.welcome(new Log(SECOND_EPOCH));
    expect(device.saidPushes()).toEqual([1]);
  });

  it("is begun in the store before anything is asked or sent in it", () => {
    const device = new Device();
    device.push(1);
    device.isStoreSlow = true;
    device.connect(new Log().add(100));
    expect(device.saidTypes()).toEqual(["Hello"]);
    expect(device.client.waitingFor()).toContainEqual({ relay: RELAY_HEX, what: "its store to start a new epoch" });
    device.storeCatchesUp();
    expect(device.saidTypes()).toEqual(["Push", "Pull"]);
  });

  it("that the store cannot begin: the session ends and is tried again", () => {
    const device = new Device();
    device.disk.full = true;
    device.connect(new Log());
    expect(whys(device)).toEqual([["store-failed", 1000]]);
    device.disk.full = false;
    device.pass(1000);
    device.opens();
    device.welcome(new Log());
    expect(device.client.positionAt(RELAY_HEX)?.epoch).toEqual(EPOCH);
  });
});

describe("losing and finding the relay", () => {
  it("waits 1, 2, 4 … 30 seconds between dials that come to nothing", () => {
    const device = new Device();
    device.command({ type: "connect" });
    const waits: unknown[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      device.input({ type: "refused", connection: device.connection });
      const [[why, retryInMs]] = whys(device) as [[string, number]];
      waits.push(retryInMs);
      expect(why).toBe("refused");
      const { dials } = device;
      device.pass(retryInMs - 1);
      expect(device.dials).toBe(dials);
      device.pass(1);
      expect(device.dials).toBe(dials + 1);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("counts its attempts on through short sessions, and anew after 30 seconds of a live one", () => {
    const device = new Device({ keepAliveMs: 100_000, pollMs: 100_000 });
    const log = new Log();
    const live = (ms: number): unknown => {
      device.opens();
      device.welcome(log);
      device.pass(ms);
      device.closes();
      const [[, retryInMs]] = whys(device) as [[string, number]];
      device.pass(retryInMs);
      return retryInMs;
    };
    device.command({ type: "connect" });
    expect([live(0), live(29_999), live(5), live(30_000), live(5)]).toEqual([1000, 2000, 4000, 1000, 2000]);
  });

  it("dials at once when the application asks, whatever the wait", () => {
    const device = new Device();
    device.command({ type: "connect" });
    device.input({ type: "refused", connection: device.connection });
    device.command({ type: "connect" });
    expect(device.dials).toBe(2);
    device.command({ type: "connect" });
    expect(device.dials).toBe(2);
  });

  it("gives a dial, a handshake and a Welcome thirty seconds together", () => {
    for (const stage of ["dial", "handshake", "welcome"]) {
      const device = new Device();
      device.command({ type: "connect" });
      device.pass(20_000);
      if (stage === "handshake") device.input({ type: "opened", connection: 4711, address: "elsewhere" });
      if (stage === "welcome") device.opens();
      device.pass(9999);
      expect(whys(device)).toEqual([]);
      device.pass(1);
      expect(whys(device), stage).toEqual([["connect-timeout", 1000]]);
    }
  });

  it("finds silence: a Ping after 15 seconds, the end 10 seconds later", () => {
    const device = new Device();
    device.connect(new Log());
    device.relay.heard.length = 0;
    device.pass(14_999);
    expect(device.relay.heard).toEqual([]);
    device.pass(1);
    expect(device.relay.heard.splice(0)).toEqual([{ type: "Ping", token: 0 }]);
    device.hears({ type: "Pong", token: 0 });
    device.pass(15_000);
    expect(device.relay.heard).toContainEqual({ type: "Ping", token: 1 });
    device.pass(9999);
    expect(whys(device)).toEqual([]);
    device.pass(1);
    expect(whys(device)).toEqual([["silent", 1000]]);
  });

  it("answers a Ping", () => {
    const device = new Device();
    device.connect(new Log());
    device.said();
    device.hears({ type: "Ping", token: 77 });
    expect(device.said()).toEqual([{ type: "Pong", token: 77 }]);
  });

  it("gives up on a request that is never answered, although the relay is otherwise heard", () => {
    for (const request of ["push", "pull"] as const) {
      const device = new Device({ pollMs: 1_000_000 });
      device.connect(new Log());
      if (request === "push") device.push(1);
      else device.command({ type: "pull" });
      for (let second = 0; second < 29; second++) {
        device.pass(1000);
        device.hears({ type: "Pong", token: 0 });
      }
      expect(whys(device)).toEqual([]);
      device.pass(1000);
      expect(whys(device), request).toEqual([["silent", 1000]]);
      expect(device.client.outbox().length).toBe(request === "push" ? 1 : 0);
    }
  });

  it("is patient with a push that the relay is still taking in, and no longer", () => {
    const device = new Device({ pollMs: 1_000_000 });
    device.connect(new Log());
    device.push(1);
    for (let second = 0; second < 120; second += 2) {
      device.pass(2000);
      device.hears({ type: "Ping", token: 0 });
    }
    expect(whys(device)).toEqual([]);
    device.pass(25_000);
    expect(whys(device)).toEqual([["silent", 1000]]);
  });

  it("says that it lives while a long page comes in, every two seconds", () => {
    const device = new Device({ pollMs: 1_000_000 });
    const log = new Log().add(1);
    device.connect(log);
    device.relay.heard.length = 0;
    const page = device.relay.encode(log.page(0));
    for (let at = 0; at < 100; at++) {
      device.hearsBytes(page.subarray(at, at + 1));
      device.pass(100);
    }
    expect(device.relay.heard.splice(0).map(({ type }) => type)).toEqual(["Ping", "Ping", "Ping", "Ping"]);
    device.hearsBytes(page.subarray(100));
    device.pass(5000);
    expect(device.relay.heard.map(({ type }) => type)).toEqual(["Ack"]);
  });

  it("is patient with an answer that is on its way, however slow", () => {
    const device = new Device({ pollMs: 1_000_000 });
    const log = new Log().add(1);
    device.connect(log);
    device.said();
    const page = device.relay.encode(log.page(0));
    for (let at = 0; at < page.length; at += 50) {
      device.pass(9000);
      device.hearsBytes(page.subarray(at, at + 50));
    }
    expect([device.now.monoMs > 60_000, whys(device), device.inbox()]).toEqual([true, [], [1]]);
  });

  it("shows a relay with another key nothing of itself", () => {
    const device = new Device();
    device.command({ type: "connect" });
    const impostor = new ScriptedRelay(new Uint8Array(32).fill(77));
    device.opens(impostor);
    expect(whys(device)).toEqual([["wrong-relay", 1000]]);
    expect([impostor.receivedBytes, impostor.channel.remoteStatic, impostor.heard]).toEqual([34, undefined, []]);
    device.pass(1000);
    device.opens();
    device.welcome(new Log());
    expect(device.told("connected").length).toBe(1);
  });

  it("leaves when the application wishes, says so, and owes what it owed when it comes back", () => {
    const device = new Device();
    const log = new Log();
    device.connect(log);
    device.push(1);
    device.push(2);
    device.said();
    device.command({ type: "disconnect" });
    expect(device.said()).toEqual([{ type: "Bye", reason: "closed" }]);
    expect([whys(device), device.connection, device.client.deadline()]).toEqual([
      [["closed-by-application", null]],
      0,
      undefined,
    ]);
    device.push(3);
    device.connect(log);
    expect(device.saidPushes()).toEqual([1, 2, 3]);
    device.closes();
    device.command({ type: "disconnect" });
    expect(device.client.deadline()).toBeUndefined();
  });

  it("hears nothing more from a connection that it has left", () => {
    const device = new Device();
    const log = new Log().add(1);
    device.connect(log);
    const { connection, relay } = device;
    const late = relay.encode(log.page(0));
    device.command({ type: "disconnect" });
    device.input({ type: "bytes", connection, bytes: late });
    device.input({ type: "closed", connection });
    device.told("disconnected");
    device.connect(log);
    device.input({ type: "closed", connection });
    device.input({ type: "opened", connection, address: RELAY.endpoint });
    expect([device.told("disconnected"), device.inbox()]).toEqual([[], []]);
    device.converse(log);
    expect(device.inbox()).toEqual([1]);
  });

  it("owes after a restart what it owed before", () => {
    const device = new Device();
    const log = new Log();
    device.connect(log);
    device.push(1);
    device.converse(log);
    device.push(2);
    device.start();
    device.connect(log);
    expect(device.said()).toMatchObject([{ type: "Hello", epoch: EPOCH, contiguous: { cursor: 1 } }, { type: "Push" }]);
  });

  it("turns away from a relay that welcomes it in another version", () => {
    const device = new Device();
    device.command({ type: "connect" });
    device.opens();
    const limits = { frameBytesMax: 1, payloadBytesMax: 1, quotaLeftBytes: 1 };
    device.hears({ type: "Welcome", version: 3, epoch: EPOCH, max: START, floor: 1, pending: 0, ...limits });
    expect([whys(device), device.client.positionAt(RELAY_HEX)]).toEqual([[["rejected", 1000]], undefined]);
  });

  it("turned away at its Hello tries again later, and keeps everything", () => {
    const device = new Device();
    device.push(1);
    device.command({ type: "connect" });
    device.opens();
    device.hears(refusal("Hello", null, 0));
    expect([whys(device), device.client.outbox().length]).toEqual([[["rejected", 1000]], 1]);
  });

  it("knows the reasons of a Bye, and takes every other for a close", () => {
    const reasons = {
      replaced: "replaced",
      shutdown: "relay-shutdown",
      epoch: "epoch-changed",
      "": "closed",
      tired: "closed",
    };
    for (const [reason, why] of Object.entries(reasons)) {
      const device = new Device();
      device.connect(new Log());
      device.hears({ type: "Bye", reason });
      expect(device.told("disconnected").map((event) => event.why)).toEqual([why]);
    }
  });

  it("takes a Bye for a close that names what every object has", () => {
    for (const reason of ["constructor", "toString", "__proto__"]) {
      const device = new Device();
      device.connect(new Log());
      device.hears({ type: "Bye", reason });
      expect(device.told("disconnected").map((event) => event.why)).toEqual(["closed"]);
    }
  });
});

describe("a device whose session was replaced", () => {
  function replacedAfter(device: Device, liveMs: number): unknown {
    device.opens();
    device.welcome(new Log());
    device.pass(liveMs);
    device.hears({ type: "Bye", reason: "replaced" });
    const [[why, retryInMs]] = whys(device) as [[string, number]];
    expect(why).toBe("replaced");
    device.pass(retryInMs);
    return retryInMs;
  }

  it("waits 30 seconds, then twice as long each time", () => {
    const device = new Device();
    device.command({ type: "connect" });
    expect([0, 10, 10, 10].map((ms) => replacedAfter(device, ms))).toEqual([30_000, 60_000, 120_000, 240_000]);
  });

  it("makes way longer and longer for a copy of itself that comes back every 30 seconds", () => {
    const device = new Device({ keepAliveMs: 1e6, pollMs: 1e6 });
    device.command({ type: "connect" });
    expect([30_005, 30_005, 60_005].map((ms) => replacedAfter(device, ms))).toEqual([30_000, 60_000, 120_000]);
  });
});

describe("a store in trouble", () => {
  it("that cannot load is asked again a second later", () => {
    const device = new Device({}, true);
    device.disk.full = true;
    device.storeCatchesUp();
    expect(device.told("store-failed", "ready").map(({ type }) => type)).toEqual(["store-failed"]);
    device.push(1);
    device.disk.full = false;
    device.pass(1000);
    expect(device.told("ready", "queued").map(({ type }) => type)).toEqual(["ready", "queued"]);
  });

  it("that cannot take a page in: nothing moves, and the page is asked for again a second later", () => {
    const device = new Device();
    const log = new Log().add(1);
    device.connect(log);
    device.said();
    device.disk.full = true;
    device.hears(log.page(0));
    expect([device.cursor, device.inbox(), device.saidTypes()]).toEqual([0, [], []]);
    device.disk.full = false;
    device.pass(999);
    expect(device.saidTypes()).toEqual([]);
    device.pass(1);
    device.converse(log);
    expect([device.cursor, device.inbox()]).toEqual([1, [1]]);
  });

  it("that is slow while connections come and go loses no page and begins no epoch twice over", () => {
    const device = new Device();
    const log = new Log().add(1).add(2);
    device.connect(log);
    device.said();
    device.isStoreSlow = true;
    device.hears(log.page(0));
    device.closes();
    device.pass(1000);
    device.opens();
    device.welcome(log);
    expect(device.saidTypes()).toEqual(["Hello"]);
    device.storeCatchesUp();
    device.converse(log);
    expect([device.cursor, device.inbox(), device.client.waitingFor()]).toEqual([2, [1, 2], []]);
  });
});

describe("a pull that the relay refuses for now", () => {
  it("is asked again after the time that it named", () => {
    const device = new Device();
    const log = new Log().add(1);
    device.connect(log);
    device.said();
    device.hears(refusal("Pull", null, 3000));
    expect(device.told("pull-failed").length).toBe(1);
    device.pass(2999);
    expect(device.saidTypes()).toEqual([]);
    device.pass(1);
    device.converse(log);
    expect(device.inbox()).toEqual([1]);
  });
});
