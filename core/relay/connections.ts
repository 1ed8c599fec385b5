/**
 * The relay's ends of its connections: their sealed channels, what is sent on them, and their timers. Whoever is dropped
 * is forgotten at once. Nothing is queued here: what is sent is the driver's, who bounds what a slow reader leaves
 * unsent and closes its connection; what this holds of a session does not grow with what that session does not read.
 */
import { BytePool } from "../bytes.ts";
import type { Context } from "../context.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import { FRAME_BYTES_MAX, HALF_FRAMES_BYTES_MAX, HELLO_BYTES_MAX, PROGRESS_MS } from "../limits.ts";
import type { ConnectionId, Now, Output } from "../machine.ts";
import { SecureChannel } from "../noise/channel.ts";
import type { OutputQueue } from "../output-queue.ts";
import { PROLOGUE } from "../prologue.ts";
import { MessageCodec } from "../wire/codec.ts";
import type { ErrorSubject, Message } from "../wire/messages.ts";
import type { RelayConfig } from "./config.ts";
import type { DropWhy, RelayEvent } from "./events.ts";
import { HalfFrames } from "./half-frames.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import type { RelayOperation } from "./store.ts";
import { Timeouts } from "./timeouts.ts";

export type RelayOutput = Output<RelayOperation, RelayEvent>;

export class Connections {
  readonly sessions: Sessions;
  readonly codec = new MessageCodec();
  readonly #config: RelayConfig;
  readonly #context: Context;
  readonly #outputs: OutputQueue<RelayOutput>;
  readonly #pool: BytePool;
  readonly #halfFrames = new HalfFrames<Session>(HALF_FRAMES_BYTES_MAX);
  readonly #greeting: Timeouts<Session>;
  readonly #idle: Timeouts<Session>;

  constructor(config: RelayConfig, context: Context, outputs: OutputQueue<RelayOutput>, sessions: Sessions) {
    this.#config = config;
    this.#context = context;
    this.#outputs = outputs;
    this.#pool = context.pool ?? new BytePool();
    this.sessions = sessions;
    this.#greeting = new Timeouts(config.handshakeTimeoutMs);
    this.#idle = new Timeouts(config.idleTimeoutMs);
  }

  get timers(): number {
    return this.#greeting.size + this.#idle.size;
  }

  /** When `expire` is due. */
  get dueMs(): number {
    return Math.min(this.#greeting.earliestMs, this.#idle.earliestMs);
  }

  /** The handshake's time runs from here on, through all that is read until the Welcome. */
  accept(connection: ConnectionId, address: string, staticKey: Uint8Array, now: Now): void {
    const ephemeral = new Uint8Array(KEY_BYTES);
    this.#context.entropy.fill("ephemeral", ephemeral);
    const session: Session = {
      connection,
      address,
      channel: new SecureChannel({
        suite: this.#context.suite,
        role: "responder",
        prologue: PROLOGUE,
        staticKey,
        ephemeral,
        rekeyAfterMessages: this.#config.rekeyAfterMessages,
        mark: this.#context.mark,
        frameBytesMax: HELLO_BYTES_MAX,
        pool: this.#pool,
      }),
      phase: "greeting",
      membership: undefined,
      lastHeardMs: now.monoMs,
      partialSinceMs: undefined,
      servedMax: 0,
      acknowledged: 0,
      isPaging: false,
      isListing: false,
      isAppending: false,
      batch: [],
    };
    this.sessions.add(session);
    this.#greeting.arm(session, now.monoMs);
  }

  /** After what came from it: frames that came in part take no more memory, over all sessions, than they may. */
  weigh(session: Session): void {
    this.#halfFrames.weigh(session);
    for (let late = this.#halfFrames.overdue(); late !== undefined; late = this.#halfFrames.overdue()) {
      this.#context.mark("relay.half-frame-dropped");
      this.drop(late, "overloaded");
    }
  }

  turnAway(connection: ConnectionId, why: DropWhy): void {
    this.#context.mark("relay.turn-away");
    this.#outputs.push({ type: "close", connection });
    this.#outputs.push({ type: "event", event: { type: "dropped", why } });
  }

  /** Makes the session the live one of its device, and sends the one before it away. */
  enliven(session: Session, now: Now): void {
    const older = this.sessions.enliven(session);
    if (older !== undefined) {
      this.#context.mark("relay.session-replaced");
      this.bye(older, "replaced", "replaced");
    }
    session.phase = "live";
    session.channel.allowFrames(FRAME_BYTES_MAX);
    this.#greeting.disarm(session);
    this.#idle.arm(session, now.monoMs);
  }

  expire(now: Now): void {
    for (let s = this.#greeting.takeDue(now.monoMs); s !== undefined; s = this.#greeting.takeDue(now.monoMs)) {
      this.#context.mark("relay.handshake-timeout");
      this.drop(s, "handshake-timeout");
    }
    for (let s = this.#idle.takeDue(now.monoMs); s !== undefined; s = this.#idle.takeDue(now.monoMs)) {
      // Armed once, not at every byte: a session is dropped after one to two idle times of silence.
      if (s.lastHeardMs + this.#config.idleTimeoutMs > now.monoMs) this.#idle.arm(s, now.monoMs);
      else {
        this.#context.mark("relay.idle");
        this.drop(s, "idle");
      }
    }
  }

  /** What the channel has to say by itself: its part of the handshake. */
  flush(session: Session): void {
    const { channel, connection } = session;
    for (let bytes = channel.pollSend(); bytes !== undefined; bytes = channel.pollSend()) {
      this.#outputs.push({ type: "send", connection, bytes });
    }
  }

  send(session: Session, message: Message): void {
    this.sendBody(session, this.codec.encode(message));
  }

  /** A message that was encoded once for many. */
  sendBody(session: Session, body: Uint8Array): void {
    const sealed = session.channel.seal(body);
    if (!sealed.ok) return this.drop(session, "invalid-message");
    this.#outputs.push({ type: "send", connection: session.connection, bytes: sealed.value });
  }

  /** Bytes came, whole frames or not: a long frame under way is answered by a Ping now and then, as a sign of progress. */
  heard(session: Session, isWhole: boolean, now: Now): void {
    if (isWhole || session.phase !== "live") {
      session.partialSinceMs = undefined;
    } else if (session.partialSinceMs === undefined) {
      session.partialSinceMs = now.monoMs;
    } else if (now.monoMs - session.partialSinceMs >= PROGRESS_MS) {
      session.partialSinceMs = now.monoMs;
      this.#context.mark("relay.progress");
      this.send(session, { type: "Ping", token: 0 });
    }
  }

  /** An Error, retryable when it names a time. Nothing before the handshake is over. */
  refuse(session: Session, code: number, subject: ErrorSubject, retryAfterMs = 0): void {
    if (!session.channel.isEstablished) return;
    this.send(session, { type: "Error", code, retryable: retryAfterMs > 0, retryAfterMs, subject });
  }

  bye(session: Session, reason: string, why: DropWhy): void {
    this.send(session, { type: "Bye", reason });
    this.drop(session, why);
  }

  drop(session: Session, why: DropWhy): void {
    this.#outputs.push({ type: "close", connection: session.connection });
    this.#outputs.push({ type: "event", event: { type: "dropped", why } });
    this.forget(session);
  }

  /** As the device wished. */
  close(session: Session): void {
    this.#outputs.push({ type: "close", connection: session.connection });
    this.forget(session);
  }

  forget(session: Session): void {
    this.sessions.remove(session);
    this.#halfFrames.forget(session);
    this.#greeting.disarm(session);
    this.#idle.disarm(session);
  }
}
