import { describe, expect, it } from "vitest";
import { BytePool, concatBytes, encodeHex } from "../bytes.ts";
import { portableSuite as suite } from "../crypto/portable.ts";
import { SecureChannel } from "../noise/channel.ts";
import { PROLOGUE } from "../prologue.ts";
import { MessageCodec } from "../wire/codec.ts";
import type { Message } from "../wire/messages.ts";
import { DEFAULT_CLIENT_CONFIG } from "./config.ts";
import type { ConnectorNews, ConnectorOutput } from "./connector.ts";
import { Connector, createDialNumbers } from "./connector.ts";

const RELAY_KEY = new Uint8Array(32).fill(2);
const RELAY = { id: suite.dhPublicKey(RELAY_KEY), endpoint: "relay:4040" };

/** A connector, what it put out, and the relay's end of its connection. */
class Line {
  readonly outputs: ConnectorOutput[] = [];
  readonly connector: Connector;
  nowMs = 0;
  relay = this.#responder();
  readonly #codec = new MessageCodec();

  constructor() {
    const entropy = { fill: (_: string, out: Uint8Array) => void out.fill(3), below: () => 0 };
    const context = { entropy, suite, mark: () => {} };
    const codec = new MessageCodec();
    const { outputs } = this;
    const numbers = createDialNumbers();
    this.connector = new Connector(RELAY, DEFAULT_CLIENT_CONFIG, context, codec, new BytePool(), outputs, numbers);
    this.connector.identify(new Uint8Array(32).fill(1));
  }

  #responder(staticKey = RELAY_KEY): SecureChannel {
    const ephemeral = new Uint8Array(32).fill(4);
    const pool = new BytePool();
    return new SecureChannel({ suite, role: "responder", prologue: PROLOGUE, staticKey, ephemeral, pool });
  }

  get now() {
    return { monoMs: this.nowMs, wallMs: 0 };
  }

  /** What was put out since the last time, in words; bytes go to the relay's end. */
  out(): string[] {
    return this.outputs.splice(0).map((output) => {
      if (output.type === "send") this.relay.receive(output.bytes);
      return `${output.type} ${output.connection}`;
    });
  }

  news(): ConnectorNews[] {
    const all: ConnectorNews[] = [];
    for (let news = this.connector.next(); news !== undefined; news = this.connector.next()) all.push(news);
    return all;
  }

  types(): string[] {
    return this.news().map((news) => (news.type === "lost" ? `lost: ${news.why} ${news.retryInMs}` : news.type));
  }

  /** The relay's end says these in one piece. */
  hears(connection: number, ...messages: readonly Message[]): void {
    const sealed = messages.map((message) => {
      const bytes = this.relay.seal(this.#codec.encode(message));
      if (!bytes.ok) throw new Error(bytes.error.type);
      return bytes.value;
    });
    this.connector.received(connection, concatBytes(...sealed), this.now);
  }

  /** Up to where the client says Hello. */
  shakeHands(connection: number, relayKey = RELAY_KEY): void {
    this.relay = this.#responder(relayKey);
    this.connector.opened(connection, this.now);
    this.out();
    this.connector.received(connection, this.relay.pollSend()!, this.now);
  }

  live(): this {
    this.connector.want(this.now);
    this.shakeHands(1);
    this.connector.welcomed(this.now);
    this.out();
    this.news();
    return this;
  }
}

describe("the connector", () => {
  it("goes from wish to live, one step per happening", () => {
    const line = new Line();
    const { connector } = line;
    expect([connector.phase, connector.deadline()]).toEqual(["offline", undefined]);
    connector.want(line.now);
    expect([connector.phase, line.outputs.splice(0)]).toEqual([
      "dialling",
      [{ type: "dial", connection: 1, address: "relay:4040" }],
    ]);
    connector.opened(1, line.now);
    expect([connector.phase, line.out()]).toEqual(["handshaking", ["send 1"]]);
    connector.received(1, line.relay.pollSend()!, line.now);
    expect([connector.phase, line.out(), line.relay.isEstablished]).toEqual(["joining", ["send 1"], true]);
    const [connecting, established] = line.news();
    expect([connecting?.type, established?.type]).toEqual(["connecting", "established"]);
    const hash = established?.type === "established" ? established.handshakeHash : new Uint8Array(0);
    expect(encodeHex(hash)).toBe(encodeHex(line.relay.handshakeHash!));
    connector.welcomed(line.now);
    expect([connector.phase, connector.isLive]).toEqual(["live", true]);
  });

  it("hands on every message of a piece, in order, and seals what is sent", () => {
    const line = new Line().live();
    line.hears(1, { type: "Ping", token: 1 }, { type: "Notify", latest: 2 });
    expect(line.news()).toEqual([
      { type: "message", message: { type: "Ping", token: 1 } },
      { type: "message", message: { type: "Notify", latest: 2 } },
    ]);
    line.connector.send({ type: "Pong", token: 1 });
    expect(line.out()).toEqual(["send 1"]);
    expect(new MessageCodec().parse(line.relay.pollFrame()!)).toEqual({ ok: true, value: { type: "Pong", token: 1 } });
  });

  it("ignores whatever means nothing in its phase, and every connection but its own", () => {
    const line = new Line();
    const { connector } = line;
    connector.unwant();
    connector.opened(1, line.now);
    connector.received(1, Uint8Array.of(1), line.now);
    connector.ended(1, "closed", line.now);
    connector.welcomed(line.now);
    connector.lose("closed", line.now);
    connector.expire(line.now);
    expect([connector.phase, line.outputs, line.news()]).toEqual(["offline", [], []]);
    connector.want(line.now);
    connector.want(line.now);
    connector.welcomed(line.now);
    connector.opened(3, line.now);
    connector.ended(3, "refused", line.now);
    expect([connector.phase, line.out(), line.types()]).toEqual(["dialling", ["dial 1"], ["connecting"]]);
  });

  it("uses odd numbers, each once", () => {
    const line = new Line();
    const { connector } = line;
    connector.want(line.now);
    for (const connection of [1, 3, 5]) {
      connector.ended(connection, "refused", line.now);
      connector.want(line.now);
    }
    expect(line.out()).toEqual(["dial 1", "dial 3", "dial 5", "dial 7"]);
  });

  it("closes what it gives up, and not what has ended by itself", () => {
    const line = new Line().live();
    line.connector.ended(1, "closed", line.now);
    expect([line.out(), line.types(), line.connector.phase]).toEqual([[], ["lost: closed 1000"], "waiting"]);
    const other = new Line().live();
    other.connector.lose("page-refused", other.now);
    expect([other.out(), other.types(), other.connector.phase]).toEqual([
      ["close 1"],
      ["lost: page-refused 1000"],
      "waiting",
    ]);
  });

  it("says Bye only where it was welcomed", () => {
    const live = new Line().live();
    live.connector.unwant();
    expect([live.out(), live.types(), live.connector.phase]).toEqual([
      ["send 1", "close 1"],
      ["lost: closed-by-application null"],
      "offline",
    ]);
    const dialling = new Line();
    dialling.connector.want(dialling.now);
    dialling.connector.unwant();
    expect(dialling.out()).toEqual(["dial 1", "close 1"]);
  });

  it("has one bound from the dial to the Welcome, then waits, then dials again", () => {
    const line = new Line();
    const { connector } = line;
    connector.want(line.now);
    line.nowMs = 20_000;
    line.shakeHands(1);
    expect([connector.phase, connector.deadline(), line.out()]).toEqual(["joining", 30_000, ["send 1"]]);
    line.nowMs = 29_999;
    connector.expire(line.now);
    expect(connector.phase).toBe("joining");
    line.nowMs = 30_000;
    connector.expire(line.now);
    expect([connector.phase, connector.deadline(), line.out()]).toEqual(["waiting", 31_000, ["close 1"]]);
    line.nowMs = 31_000;
    connector.expire(line.now);
    expect([connector.phase, line.out()]).toEqual(["dialling", ["dial 3"]]);
  });

  it("asks after silence, is content with any byte, and gives up when there is none", () => {
    const line = new Line().live();
    const { connector } = line;
    expect(connector.deadline()).toBe(15_000);
    line.nowMs = 15_000;
    connector.expire(line.now);
    expect([line.out(), connector.deadline()]).toEqual([["send 1"], 25_000]);
    line.nowMs = 24_999;
    connector.received(1, Uint8Array.of(0), line.now);
    expect(connector.deadline()).toBe(39_999);
    line.nowMs = 39_999;
    connector.expire(line.now);
    line.nowMs = 49_999;
    connector.expire(line.now);
    expect([line.types(), connector.phase]).toEqual([["lost: silent 1000"], "waiting"]);
  });

  it("takes an answer for progress whatever comes with it, and a hint alone for none", () => {
    const hint = { type: "Notify", latest: 1 } as const;
    const pong = { type: "Pong", token: 1 } as const;
    const answer = { type: "Devices", devices: [] } as const;
    for (const [messages, isProgress] of [
      [[answer, hint], true],
      [[hint, answer], true],
      [[answer, pong], true],
      [[hint, pong], false],
    ] as const) {
      const line = new Line().live();
      line.nowMs = 7;
      line.hears(1, ...messages);
      const { progressMs, pushProgressMs } = line.connector;
      expect([messages, progressMs, pushProgressMs]).toEqual([messages, isProgress ? 7 : 0, isProgress ? 7 : 0]);
    }
  });

  it("leaves a relay with another key before it has shown its own", () => {
    const line = new Line();
    line.connector.want(line.now);
    line.news();
    line.shakeHands(1, new Uint8Array(32).fill(9));
    expect([line.out(), line.types(), line.relay.remoteStatic]).toEqual([
      ["close 1"],
      ["lost: wrong-relay 1000"],
      undefined,
    ]);
  });

  it("leaves a relay whose bytes are no handshake, or whose frames are no messages", () => {
    const handshaking = new Line();
    handshaking.connector.want(handshaking.now);
    handshaking.connector.opened(1, handshaking.now);
    handshaking.news();
    handshaking.connector.received(1, new Uint8Array(98).fill(0xff), handshaking.now);
    expect(handshaking.types()).toEqual(["lost: handshake-failed 1000"]);
    const live = new Line().live();
    const sealed = live.relay.seal(Uint8Array.of(0xc1));
    if (sealed.ok) live.connector.received(1, sealed.value, live.now);
    expect(live.types()).toEqual(["lost: invalid-message 1000"]);
  });

  it("calls bytes that break a live session no failed handshake", () => {
    const line = new Line().live();
    line.connector.received(1, Uint8Array.of(0, 20, ...RELAY.id), line.now);
    expect(line.types()).toEqual(["lost: invalid-message 1000"]);
  });
});
