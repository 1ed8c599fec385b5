/**
 * A client's connection to one relay: dial, handshake, Hello's turn, keep-alive, and the wait before the next attempt.
 * It moves between six phases by one total table, and tells the link above it what came of it through `next()`. It
 * never decides what is synchronised, nor which relay is wanted.
 */
import type { BytePool } from "../bytes.ts";
import type { Context } from "../context.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import type { RelayAddress } from "../ids.ts";
import { assertInvariant } from "../invariant.ts";
import { PROGRESS_MS } from "../limits.ts";
import type { ConnectionId, Now } from "../machine.ts";
import { SecureChannel } from "../noise/channel.ts";
import { OutputQueue } from "../output-queue.ts";
import { PROLOGUE } from "../prologue.ts";
import type { MessageCodec } from "../wire/codec.ts";
import type { Message } from "../wire/messages.ts";
import { backoffMs, replacedMs } from "./backoff.ts";
import type { ClientConfig } from "./config.ts";
import { BACKOFF } from "./config.ts";
import type { DisconnectWhy } from "./events.ts";

/** `offline` by the application's wish; `waiting` for the next attempt; `joining` from Hello to Welcome. */
export type Phase = "offline" | "waiting" | "dialling" | "handshaking" | "joining" | "live";

type Happening = "wanted" | "unwanted" | "opened" | "established" | "welcomed" | "lost" | "due";

/** Where each happening leads; null = it means nothing in that phase. */
const TRANSITIONS: { readonly [P in Phase]: { readonly [H in Happening]: Phase | null } } = {
  offline: {
    wanted: "dialling",
    unwanted: null,
    opened: null,
    established: null,
    welcomed: null,
    lost: null,
    due: null,
  },
  waiting: {
    wanted: "dialling",
    unwanted: "offline",
    opened: null,
    established: null,
    welcomed: null,
    lost: null,
    due: "dialling",
  },
  dialling: {
    wanted: null,
    unwanted: "offline",
    opened: "handshaking",
    established: null,
    welcomed: null,
    lost: "waiting",
    due: "waiting",
  },
  handshaking: {
    wanted: null,
    unwanted: "offline",
    opened: null,
    established: "joining",
    welcomed: null,
    lost: "waiting",
    due: "waiting",
  },
  joining: {
    wanted: null,
    unwanted: "offline",
    opened: null,
    established: null,
    welcomed: "live",
    lost: "waiting",
    due: "waiting",
  },
  live: {
    wanted: null,
    unwanted: "offline",
    opened: null,
    established: null,
    welcomed: null,
    lost: "waiting",
    due: "waiting",
  },
};

export type ConnectorNews =
  | { readonly type: "connecting" }
  /** The handshake is done: the client says Hello, bound to this hash. */
  | { readonly type: "established"; readonly handshakeHash: Uint8Array }
  | { readonly type: "message"; readonly message: Message }
  /** `retryInMs` is null when the application wanted it so. */
  | { readonly type: "lost"; readonly why: DisconnectWhy; readonly retryInMs: number | null };

export type ConnectorOutput =
  | { readonly type: "send"; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  | { readonly type: "dial"; readonly connection: ConnectionId; readonly address: string }
  | { readonly type: "close"; readonly connection: ConnectionId };

/** Odd numbers from 1, each once: for all connectors of one machine. */
export function createDialNumbers(): () => ConnectionId {
  let next: ConnectionId = 1;
  return () => {
    const number = next;
    next += 2;
    return number;
  };
}

export class Connector {
  readonly #relay: RelayAddress;
  readonly #config: ClientConfig;
  readonly #context: Context;
  readonly #codec: MessageCodec;
  readonly #pool: BytePool;
  readonly #outputs: { push(output: ConnectorOutput): void };
  readonly #nextConnection: () => ConnectionId;
  readonly #news = new OutputQueue<ConnectorNews>();

  #identity: Uint8Array | undefined;
  #phase: Phase = "offline";
  #connection: ConnectionId = -1;
  #channel: SecureChannel | undefined;
  #attempt = 0;
  #timesReplaced = 0;
  /** The end of waiting, or of connecting. */
  #dueMs = 0;
  #liveSinceMs = 0;
  #heardMs = 0;
  #progressMs = 0;
  #pushProgressMs = 0;
  /** Since when bytes of a frame came and none was whole, or since the relay was last told so. */
  #partialSinceMs: number | undefined;
  #pingedMs: number | undefined;
  #pings = 0;

  constructor(
    relay: RelayAddress,
    config: ClientConfig,
    context: Context,
    codec: MessageCodec,
    pool: BytePool,
    outputs: { push(output: ConnectorOutput): void },
    nextConnection: () => ConnectionId,
  ) {
    this.#relay = relay;
    this.#config = config;
    this.#context = context;
    this.#codec = codec;
    this.#pool = pool;
    this.#outputs = outputs;
    this.#nextConnection = nextConnection;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /**
   * When something other than a Pong or a Notify last came: an answer under way, however slow, is no silence, and a Ping of the relay
   * says that it is taking in a long push.
   */
  get progressMs(): number {
    return this.#progressMs;
  }

  /** The same of pushes alone. */
  get pushProgressMs(): number {
    return this.#pushProgressMs;
  }

  get isLive(): boolean {
    return this.#phase === "live";
  }

  next(): ConnectorNews | undefined {
    return this.#news.poll();
  }

  /** Whether this is the number of its present connection. */
  owns(connection: ConnectionId): boolean {
    return connection === this.#connection;
  }

  /** This device's private key: needed before the first dial. */
  identify(identity: Uint8Array): void {
    this.#identity = identity;
  }

  deadline(): number | undefined {
    if (this.#phase === "offline") return undefined;
    if (this.#phase !== "live") return this.#dueMs;
    if (this.#pingedMs !== undefined) return this.#pingedMs + this.#config.answerTimeoutMs;
    return this.#heardMs + this.#config.keepAliveMs;
  }

  /** The application wants a connection: now, whatever the wait. */
  want(now: Now): void {
    if (this.#move("wanted")) this.#dial(now);
  }

  /** Leaves, whatever is going on, and waits for nothing. */
  unwant(why: DisconnectWhy = "closed-by-application"): void {
    const wasLive = this.isLive;
    const hadConnection = this.#connection >= 0;
    this.#attempt = 0;
    const wasConnecting = hadConnection && !wasLive;
    if (!this.#move("unwanted")) return;
    if (wasConnecting) this.#context.mark("client.left-while-connecting");
    if (wasLive) this.send({ type: "Bye", reason: "closed" });
    if (hadConnection) this.#release(true);
    this.#news.push({ type: "lost", why, retryInMs: null });
  }

  /** Waits no longer for its next attempt, without a word: somebody else decides when it comes. Attempts count on. */
  rest(): void {
    if (this.#phase === "waiting") this.#move("unwanted");
  }

  opened(connection: ConnectionId, now: Now): void {
    if (connection !== this.#connection || !this.#move("opened")) return;
    this.#heardMs = now.monoMs;
    const ephemeral = new Uint8Array(KEY_BYTES);
    this.#context.entropy.fill("ephemeral", ephemeral);
    this.#channel = new SecureChannel({
      suite: this.#context.suite,
      role: "initiator",
      prologue: PROLOGUE,
      staticKey: this.#identity!,
      ephemeral,
      expectedRemote: this.#relay.id,
      rekeyAfterMessages: this.#config.rekeyAfterMessages,
      mark: this.#context.mark,
      pool: this.#pool,
    });
    const first = this.#channel.start();
    if (first !== undefined) this.#outputs.push({ type: "send", connection, bytes: first });
  }

  received(connection: ConnectionId, bytes: Uint8Array, now: Now): void {
    const channel = this.#channel;
    if (connection !== this.#connection || channel === undefined) return;
    this.#heardMs = now.monoMs;
    this.#pingedMs = undefined;
    const result = channel.receive(bytes);
    for (let out = channel.pollSend(); out !== undefined; out = channel.pollSend()) {
      this.#outputs.push({ type: "send", connection, bytes: out });
    }
    if (this.#phase === "handshaking" && channel.isEstablished && this.#move("established")) {
      this.#news.push({ type: "established", handshakeHash: channel.handshakeHash! });
    }
    let isProgress = false;
    let isPushProgress = false;
    let isWhole = false;
    for (let frame = channel.pollFrame(); frame !== undefined; frame = channel.pollFrame()) {
      const parsed = this.#codec.parse(frame);
      if (!parsed.ok) return this.lose("invalid-message", now);
      isWhole = true;
      const message = parsed.value;
      const { type } = message;
      // What a relay says that does not hear a word: no answer to anything, and no sign that one is under way.
      const isAnswer = type !== "Pong" && type !== "Notify";
      isProgress ||= isAnswer;
      // A page says nothing of a push: it can be answered for ever while the answer of a push is lost.
      isPushProgress ||= isAnswer && type !== "PullResponse";
      this.#news.push({ type: "message", message });
    }
    // A part of a frame is one, too: what it will be cannot be known yet.
    if (isProgress || !isWhole) this.#progressMs = now.monoMs;
    if (isPushProgress || !isWhole) this.#pushProgressMs = now.monoMs;
    if (result.ok) return this.#heard(isWhole, now);
    if (result.error.type === "WrongRemote") this.#context.mark("client.wrong-relay");
    if (result.error.type === "WrongRemote") this.lose("wrong-relay", now);
    else this.lose(channel.handshakeHash === undefined ? "handshake-failed" : "invalid-message", now);
  }

  /** The relay let this device in. */
  welcomed(now: Now): void {
    if (!this.#move("welcomed")) return;
    this.#liveSinceMs = now.monoMs;
  }

  ended(connection: ConnectionId, why: "closed" | "refused", now: Now): void {
    if (connection !== this.#connection) return;
    this.#connection = -1;
    if (why === "refused") this.#context.mark("client.refused");
    this.lose(why, now);
  }

  expire(now: Now): void {
    const dueMs = this.deadline();
    if (dueMs === undefined || dueMs > now.monoMs) return;
    if (this.#phase === "waiting") {
      if (this.#move("due")) this.#dial(now);
    } else if (this.#phase !== "live") {
      this.#context.mark("client.connect-timeout");
      this.lose("connect-timeout", now);
    } else if (this.#pingedMs === undefined) {
      this.#context.mark("client.keep-alive");
      this.#pingedMs = now.monoMs;
      this.send({ type: "Ping", token: this.#pings++ });
    } else {
      this.#context.mark("client.silent");
      this.lose("silent", now);
    }
  }

  /** Gives the connection up and waits for the next attempt. */
  lose(why: DisconnectWhy, now: Now): void {
    const wasLive = this.isLive;
    const { phase } = this;
    if (!this.#move("lost")) return;
    if (phase === "handshaking") this.#context.mark("client.lost-in-handshake");
    if (phase === "joining") this.#context.mark("client.lost-before-welcome");
    if (why === "replaced") this.#context.mark("client.replaced");
    this.#release(this.#connection >= 0);
    const livedMs = wasLive ? now.monoMs - this.#liveSinceMs : 0;
    if (livedMs >= BACKOFF.resetAfterMs) {
      if (this.#attempt > 0) this.#context.mark("client.backoff-reset");
      this.#attempt = 0;
    }
    // Two clones replace each other for ever: only a life longer than the last wait ends the doubling.
    if (livedMs > 2 * replacedMs(Math.max(0, this.#timesReplaced - 1))) this.#timesReplaced = 0;
    const retryInMs =
      why === "replaced" ? replacedMs(this.#timesReplaced++) : backoffMs(this.#attempt++, this.#context.entropy);
    this.#dueMs = now.monoMs + retryInMs;
    this.#news.push({ type: "lost", why, retryInMs });
  }

  send(message: Message): void {
    const sealed = this.#channel?.seal(this.#codec.encode(message));
    assertInvariant(sealed !== undefined && sealed.ok, "a message of ours is sealed on an open channel");
    this.#outputs.push({ type: "send", connection: this.#connection, bytes: sealed.value });
  }

  /** A relay that sends a long frame over a slow link hears from this device meanwhile: neither holds the other dead. */
  #heard(isWhole: boolean, now: Now): void {
    if (isWhole || !this.isLive) {
      this.#partialSinceMs = undefined;
    } else if (this.#partialSinceMs === undefined) {
      this.#partialSinceMs = now.monoMs;
    } else if (now.monoMs - this.#partialSinceMs >= PROGRESS_MS) {
      this.#partialSinceMs = now.monoMs;
      this.#context.mark("client.progress");
      this.send({ type: "Ping", token: this.#pings++ });
    }
  }

  #dial(now: Now): void {
    assertInvariant(this.#identity !== undefined, "a device dials with its identity");
    this.#dueMs = now.monoMs + this.#config.connectTimeoutMs;
    this.#connection = this.#nextConnection();
    this.#news.push({ type: "connecting" });
    this.#outputs.push({ type: "dial", connection: this.#connection, address: this.#relay.endpoint });
  }

  #release(mustClose: boolean): void {
    if (mustClose) this.#outputs.push({ type: "close", connection: this.#connection });
    this.#connection = -1;
    this.#channel = undefined;
    this.#pingedMs = undefined;
    this.#partialSinceMs = undefined;
  }

  #move(happening: Happening): boolean {
    const to = TRANSITIONS[this.#phase][happening];
    if (to === null) return false;
    this.#phase = to;
    return true;
  }
}
