/**
 * The relay as a machine: it accepts connections, proves who is there, and moves sealed blobs between devices of a
 * group through its store. It knows no plaintext and decides nothing that outlives a session: what is durable is
 * decided by `core/log` inside the store.
 *
 * Order of calls: `handle`, then `poll` until empty, then `deadline` (see `core/machine.ts`). Nothing is answered to a
 * device before the store has answered (invariant 4).
 */
import { BytePool, encodeHex, EMPTY } from "../bytes.ts";
import type { Context } from "../context.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import { EPOCH_BYTES } from "../ids.ts";
import { unreachable } from "../invariant.ts";
import { Jobs } from "../jobs.ts";
import { groupIdOf } from "../keys.ts";
import { FRAME_BYTES_MAX, HELLO_BYTES_MAX, PAYLOAD_BYTES_MAX } from "../limits.ts";
import type { AppendAnswer, AppendItem } from "../log/append.ts";
import type { ConnectionId, Input, Machine, Now, Output } from "../machine.ts";
import { SecureChannel } from "../noise/channel.ts";
import { OutputQueue } from "../output-queue.ts";
import { PROLOGUE } from "../prologue.ts";
import { MessageCodec } from "../wire/codec.ts";
import { ErrorCode } from "../wire/error-code.ts";
import { isHelloSigned } from "../wire/hello-signature.ts";
import type { ErrorSubject, Hello, Message, Pull, Push } from "../wire/messages.ts";
import { WIRE_VERSION } from "../wire/messages.ts";
import type { RelayConfig } from "./config.ts";
import type { Session } from "./session.ts";
import { DeviceRates } from "./device-rates.ts";
import { Sessions } from "./sessions.ts";
import type { RelayAnswer, RelayOperation } from "./store.ts";
import { Timeouts } from "./timeouts.ts";
import { TokenBucket } from "./token-bucket.ts";

/** `shutdown`: stop accepting, finish what the store still owes, say Bye, then tell `stopped`. */
export type RelayCommand = { readonly type: "shutdown" };

export type RelayEvent =
  /** The relay knows its own key and takes part from here on. */
  | { readonly type: "ready"; readonly relayId: Uint8Array }
  | { readonly type: "stopped" }
  /** A connection was turned away or dropped, and why: for metrics and logs. */
  | { readonly type: "dropped"; readonly why: DropWhy };

export type DropWhy =
  | "too-many-sessions"
  | "too-many-from-address"
  | "not-ready"
  | "handshake-failed"
  | "handshake-timeout"
  | "idle"
  | "invalid-message"
  | "unauthorized"
  | "version"
  | "replaced"
  | "epoch"
  | "store-failed"
  | "overloaded";

type RelayOutput = Output<RelayOperation, RelayEvent>;
/** What an answer of the store is for. The group outlives the session: others hear of a blob whose pusher has gone. */
type Job =
  | { readonly for: "load" | "sweep" }
  | { readonly for: Wait; readonly connection: ConnectionId; readonly groupHex: string };
type Wait = "admit" | "append" | "page" | "acknowledge";

/** How long a relay that cannot store asks a device to wait. */
const STORAGE_RETRY_MS = 1000;
/** After a message that comes at a bad moment. */
const BUSY_RETRY_MS = 200;
const NO_SUBJECT: ErrorSubject = { message: null, blobId: null };

export class Relay implements Machine<RelayCommand, RelayEvent, RelayOperation, RelayAnswer> {
  readonly #config: RelayConfig;
  readonly #context: Context;
  readonly #codec = new MessageCodec();
  readonly #pool = new BytePool();
  readonly #outputs = new OutputQueue<RelayOutput>();
  readonly #sessions = new Sessions();
  readonly #greeting: Timeouts<Session>;
  readonly #idle: Timeouts<Session>;
  readonly #jobs = new Jobs<Job>();
  #identity: Uint8Array | undefined;
  readonly #rates = new DeviceRates();
  #total: TokenBucket | undefined;
  #nextSweepMs: number | undefined;
  #isStopping = false;
  #isStopped = false;

  constructor(config: RelayConfig, context: Context) {
    this.#config = config;
    this.#context = context;
    this.#greeting = new Timeouts(config.handshakeTimeoutMs);
    this.#idle = new Timeouts(config.idleTimeoutMs);
    this.#load();
  }

  handle(input: Input<RelayCommand, RelayAnswer>, now: Now): void {
    switch (input.type) {
      case "opened":
        this.#accept(input.connection, input.address, now);
        break;
      case "bytes":
        this.#receive(input.connection, input.bytes, now);
        break;
      case "closed":
      case "refused": {
        const session = this.#sessions.at(input.connection);
        if (session !== undefined) this.#forget(session);
        break;
      }
      case "deadline":
        this.#expire(now);
        break;
      case "stored":
        this.#answered(input.answer, now);
        break;
      case "command":
        this.#isStopping = true;
        this.#context.mark("relay.shutdown");
        this.#stopIfDone();
        break;
      default:
        unreachable(input);
    }
  }

  poll(): RelayOutput | undefined {
    return this.#outputs.poll();
  }

  deadline(): number | undefined {
    if (this.#isStopped) return undefined;
    const greeting = this.#greeting.earliest() ?? Number.POSITIVE_INFINITY;
    const idle = this.#idle.earliest() ?? Number.POSITIVE_INFINITY;
    const earliest = Math.min(greeting, idle, this.#nextSweepMs ?? Number.POSITIVE_INFINITY);
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
  }

  /** What it holds on to, for leak checks and metrics. */
  resources(): { readonly [what: string]: number } {
    return {
      sessions: this.#sessions.size,
      liveGroups: this.#sessions.groups,
      timers: this.#greeting.size + this.#idle.size,
      jobs: this.#jobs.size,
    };
  }

  // ── connections ───────────────────────────────────────────────────────────────────────────────────────────────────

  #accept(connection: ConnectionId, address: string, now: Now): void {
    if (this.#identity === undefined || this.#isStopping) return this.#turnAway(connection, "not-ready");
    if (this.#sessions.size >= this.#config.sessionsMax) return this.#turnAway(connection, "too-many-sessions");
    if (this.#sessions.countAt(address) >= this.#config.sessionsPerAddressMax) {
      return this.#turnAway(connection, "too-many-from-address");
    }
    const ephemeral = new Uint8Array(KEY_BYTES);
    this.#context.entropy.fill("ephemeral", ephemeral);
    const session: Session = {
      connection,
      address,
      channel: new SecureChannel({
        suite: this.#context.suite,
        role: "responder",
        prologue: PROLOGUE,
        staticKey: this.#identity,
        ephemeral,
        rekeyAfterMessages: this.#config.rekeyAfterMessages,
        frameBytesMax: HELLO_BYTES_MAX,
        pool: this.#pool,
      }),
      phase: "greeting",
      membership: undefined,
      bucket: undefined,
      lastHeardMs: now.monoMs,
      servedMax: 0,
      acknowledged: 0,
      isPaging: false,
      batch: [],
    };
    this.#sessions.add(session);
    this.#greeting.arm(session, now.monoMs);
  }

  #turnAway(connection: ConnectionId, why: DropWhy): void {
    this.#context.mark("relay.turn-away");
    this.#outputs.push({ type: "close", connection });
    this.#outputs.push({ type: "event", event: { type: "dropped", why } });
  }

  #receive(connection: ConnectionId, bytes: Uint8Array, now: Now): void {
    const session = this.#sessions.at(connection);
    if (session === undefined) return;
    session.lastHeardMs = now.monoMs;
    const { channel } = session;
    const received = channel.receive(bytes);
    for (let out = channel.pollSend(); out !== undefined; out = channel.pollSend()) {
      this.#outputs.push({ type: "send", connection, bytes: out });
    }
    for (let frame = channel.pollFrame(); frame !== undefined; frame = channel.pollFrame()) {
      const parsed = this.#codec.parse(frame);
      if (!parsed.ok) {
        this.#refuse(session, ErrorCode.InvalidMessage, NO_SUBJECT);
        return this.#drop(session, "invalid-message");
      }
      this.#message(session, parsed.value, now);
      // A message can end its own session; what came after it is void.
      if (this.#sessions.at(connection) !== session) return;
    }
    if (!received.ok) {
      return this.#drop(session, channel.handshakeHash === undefined ? "handshake-failed" : "invalid-message");
    }
    this.#flushBatch(session);
  }

  #expire(now: Now): void {
    for (let s = this.#greeting.takeDue(now.monoMs); s !== undefined; s = this.#greeting.takeDue(now.monoMs)) {
      this.#context.mark("relay.handshake-timeout");
      this.#drop(s, "handshake-timeout");
    }
    for (let s = this.#idle.takeDue(now.monoMs); s !== undefined; s = this.#idle.takeDue(now.monoMs)) {
      // Armed once, not at every byte: a session is dropped after one to two idle times of silence.
      if (s.lastHeardMs + this.#config.idleTimeoutMs > now.monoMs) this.#idle.arm(s, now.monoMs);
      else {
        this.#context.mark("relay.idle");
        this.#drop(s, "idle");
      }
    }
    if (this.#nextSweepMs !== undefined && this.#nextSweepMs <= now.monoMs) {
      this.#rates.forgetFull(now.monoMs);
      this.#nextSweepMs = undefined;
      const { dedupeRetentionS } = this.#config;
      if (this.#identity === undefined) this.#load();
      else this.#ask({ id: this.#jobs.add({ for: "sweep" }), type: "sweep", dedupeRetentionS });
    }
  }

  #drop(session: Session, why: DropWhy): void {
    this.#outputs.push({ type: "close", connection: session.connection });
    this.#outputs.push({ type: "event", event: { type: "dropped", why } });
    this.#forget(session);
  }

  #bye(session: Session, reason: string, why: DropWhy): void {
    this.#send(session, { type: "Bye", reason });
    this.#drop(session, why);
  }

  #forget(session: Session): void {
    this.#sessions.remove(session);
    this.#greeting.disarm(session);
    this.#idle.disarm(session);
    this.#stopIfDone();
  }

  #stopIfDone(): void {
    if (!this.#isStopping || this.#isStopped || this.#jobs.size > 0) return;
    this.#isStopped = true;
    for (const session of [...this.#sessions.all()]) {
      if (session.phase === "live") this.#send(session, { type: "Bye", reason: "shutdown" });
      this.#outputs.push({ type: "close", connection: session.connection });
      this.#sessions.remove(session);
      this.#greeting.disarm(session);
      this.#idle.disarm(session);
    }
    this.#outputs.push({ type: "event", event: { type: "stopped" } });
  }

  // ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #message(session: Session, message: Message, now: Now): void {
    if (session.phase !== "live") {
      if (message.type === "Hello" && session.phase === "greeting") return this.#hello(session, message);
      if (message.type === "Bye") return this.#forgetClosed(session);
      this.#refuse(session, ErrorCode.InvalidMessage, { message: message.type, blobId: null });
      return this.#drop(session, "invalid-message");
    }
    const waitMs = this.#overRateMs(session, now);
    if (waitMs > 0) return this.#limitRate(session, message, waitMs);
    if (this.#isStopping && (message.type === "Push" || message.type === "Pull")) {
      const subject: ErrorSubject = { message: message.type, blobId: message.type === "Push" ? message.blobId : null };
      return this.#refuse(session, ErrorCode.RelayShuttingDown, subject, BUSY_RETRY_MS);
    }
    switch (message.type) {
      case "Push":
        return this.#push(session, message);
      case "Pull":
        return this.#pull(session, message);
      case "Ack":
        return this.#acknowledge(session, message.cursor);
      case "Ping":
        return this.#send(session, { type: "Pong", token: message.token });
      case "Bye":
        return this.#forgetClosed(session);
      case "Pong":
        return;
      case "Hello":
      case "Welcome":
      case "PushAck":
      case "PullResponse":
      case "Notify":
      case "Error":
        this.#refuse(session, ErrorCode.InvalidMessage, { message: message.type, blobId: null });
        return this.#drop(session, "invalid-message");
      default:
        unreachable(message);
    }
  }

  /** Every message is charged. What has an answer is refused with a time; the rest goes unheard. */
  #limitRate(session: Session, message: Message, waitMs: number): void {
    this.#context.mark("relay.rate-limited");
    if (message.type === "Bye") return this.#forgetClosed(session);
    if (message.type !== "Push" && message.type !== "Pull") return;
    const subject: ErrorSubject = { message: message.type, blobId: message.type === "Push" ? message.blobId : null };
    this.#refuse(session, ErrorCode.RateLimited, subject, waitMs);
  }

  #forgetClosed(session: Session): void {
    this.#outputs.push({ type: "close", connection: session.connection });
    this.#forget(session);
  }

  #hello(session: Session, hello: Hello): void {
    const { suite, entropy } = this.#context;
    if (!hello.versions.includes(WIRE_VERSION)) {
      this.#refuse(session, ErrorCode.VersionUnsupported, { message: "Hello", blobId: null });
      return this.#drop(session, "version");
    }
    if (!isHelloSigned(suite, hello, session.channel.handshakeHash!)) {
      this.#context.mark("relay.hello.unauthorized");
      this.#refuse(session, ErrorCode.Unauthorized, { message: "Hello", blobId: null });
      return this.#drop(session, "unauthorized");
    }
    const group = groupIdOf(suite, hello.groupKey);
    const device = session.channel.remoteStatic!.slice();
    session.membership = { group, groupHex: encodeHex(group), device, deviceHex: encodeHex(device) };
    session.phase = "joining";
    const freshEpoch = new Uint8Array(EPOCH_BYTES);
    entropy.fill("epoch", freshEpoch);
    const claim = { epoch: hello.epoch, contiguous: hello.contiguous, highest: hello.highest };
    const { groupsMax } = this.#config;
    this.#ask({ id: this.#jobFor(session, "admit"), type: "admit", group, device, claim, freshEpoch, groupsMax });
  }

  #push(session: Session, push: Push): void {
    const { blobId } = push;
    if (push.payload.length > PAYLOAD_BYTES_MAX) {
      return this.#refuse(session, ErrorCode.BlobTooLarge, { message: "Push", blobId });
    }
    const payloadHash = this.#context.suite.hash(push.payload);
    session.batch.push({ blobId, payload: push.payload, payloadHash, ttlS: push.ttlS });
  }

  /** Pushes that came in one piece are appended as one batch; what they belong to is this turn's transaction. */
  #flushBatch(session: Session): void {
    if (session.batch.length === 0) return;
    const items: AppendItem[] = session.batch.splice(0);
    const { group, device } = session.membership!;
    const { defaultTtlS, groupBytesMax } = this.#config;
    const heldBytesMax = groupBytesMax;
    this.#ask({ id: this.#jobFor(session, "append"), type: "append", group, device, items, defaultTtlS, heldBytesMax });
  }

  #pull(session: Session, pull: Pull): void {
    // A page may be a megabyte: one at a time for each session.
    if (session.isPaging) {
      return this.#refuse(session, ErrorCode.RateLimited, { message: "Pull", blobId: null }, BUSY_RETRY_MS);
    }
    session.isPaging = true;
    // What was pushed before this Pull in the same piece comes before it in the store, too.
    this.#flushBatch(session);
    const limit = Math.max(1, Math.min(pull.limit, this.#config.pullLimitMax));
    const { group } = session.membership!;
    const { after, bytesMax } = pull;
    this.#ask({ id: this.#jobFor(session, "page"), type: "page", group, after, limit, bytesMax });
  }

  #acknowledge(session: Session, claimed: number): void {
    const cursor = Math.min(claimed, session.servedMax);
    if (cursor <= session.acknowledged) return;
    session.acknowledged = cursor;
    const { group, device } = session.membership!;
    this.#ask({ id: this.#jobFor(session, "acknowledge"), type: "acknowledge", group, device, cursor });
  }

  #overRateMs(session: Session, now: Now): number {
    const { messagesPerMinute, messagesBurst, totalMessagesPerSecond } = this.#config;
    if (session.bucket === undefined) {
      const { groupHex, deviceHex } = session.membership!;
      const fresh = (): TokenBucket => new TokenBucket(messagesPerMinute, 60_000, messagesBurst, now.monoMs);
      session.bucket = this.#rates.of(`${groupHex}/${deviceHex}`, fresh);
    }
    this.#total ??= new TokenBucket(totalMessagesPerSecond, 1000, totalMessagesPerSecond, now.monoMs);
    return session.bucket.take(now.monoMs) || this.#total.take(now.monoMs);
  }

  // ── the store's answers ───────────────────────────────────────────────────────────────────────────────────────────

  #ask(operation: RelayOperation): void {
    this.#outputs.push({ type: "store", operation });
  }

  #jobFor(session: Session, wait: Wait): number {
    return this.#jobs.add({ for: wait, connection: session.connection, groupHex: session.membership!.groupHex });
  }

  #answered(answer: RelayAnswer, now: Now): void {
    const job = this.#jobs.take(answer.id);
    const session = "connection" in job ? this.#sessions.at(job.connection) : undefined;
    switch (answer.type) {
      case "loaded":
        this.#loaded(answer.identity, now);
        break;
      case "admitted":
        if (answer.isRenewed && "groupHex" in job) this.#renewed(job.groupHex);
        if (session !== undefined && !this.#isStopping) this.#admitted(session, answer, now);
        break;
      case "full":
        if (session !== undefined) this.#overloaded(session);
        break;
      case "appended":
        if (session !== undefined) this.#acknowledgePushes(session, answer.answers);
        if (answer.answers.some((one) => one.type === "accepted" && one.isNew) && "groupHex" in job) {
          this.#notify(job.groupHex, session, answer.max);
        }
        break;
      case "paged":
        if (session !== undefined) this.#paged(session, answer);
        break;
      case "acknowledged":
        break;
      case "swept":
        if (answer.gone > 0) this.#context.mark("relay.swept");
        this.#nextSweepMs = now.monoMs + this.#config.sweepMs;
        break;
      case "failed":
        this.#failed(job, session, now);
        break;
      default:
        unreachable(answer);
    }
    this.#stopIfDone();
  }

  /** Asks for the relay's own key; the one drawn here is kept if the store has none. */
  #load(): void {
    const fresh = new Uint8Array(KEY_BYTES);
    this.#context.entropy.fill("identity", fresh);
    this.#ask({ id: this.#jobs.add({ for: "load" }), type: "load", fresh });
  }

  #loaded(identity: Uint8Array, now: Now): void {
    this.#identity = identity;
    this.#nextSweepMs = now.monoMs + this.#config.sweepMs;
    const relayId = this.#context.suite.dhPublicKey(identity);
    this.#outputs.push({ type: "event", event: { type: "ready", relayId } });
  }

  /** Sessions of the old epoch find out by starting anew, even if the one whose claim showed it has gone. */
  #renewed(groupHex: string): void {
    this.#context.mark("relay.epoch-renewed");
    for (const other of [...this.#sessions.liveOf(groupHex)]) this.#bye(other, "epoch", "epoch");
  }

  #admitted(session: Session, answer: Extract<RelayAnswer, { type: "admitted" }>, now: Now): void {
    const { head } = answer;
    const older = this.#sessions.enliven(session);
    if (older !== undefined) {
      this.#context.mark("relay.session-replaced");
      this.#bye(older, "replaced", "replaced");
    }
    session.phase = "live";
    session.channel.allowFrames(FRAME_BYTES_MAX);
    this.#greeting.disarm(session);
    this.#idle.arm(session, now.monoMs);
    this.#send(session, {
      type: "Welcome",
      version: WIRE_VERSION,
      epoch: head.epoch,
      max: head.max,
      floor: head.floor,
      pending: answer.pending,
      frameBytesMax: FRAME_BYTES_MAX,
      payloadBytesMax: PAYLOAD_BYTES_MAX,
      quotaLeftBytes: Math.max(0, this.#config.groupBytesMax - head.heldBytes),
    });
  }

  #overloaded(session: Session): void {
    this.#refuse(session, ErrorCode.RelayOverloaded, { message: "Hello", blobId: null }, STORAGE_RETRY_MS);
    this.#drop(session, "overloaded");
  }

  #acknowledgePushes(session: Session, answers: readonly AppendAnswer[]): void {
    for (const answer of answers) {
      switch (answer.type) {
        case "accepted": {
          const { blobId, cursor, chain, epoch } = answer;
          this.#send(session, { type: "PushAck", blobId, cursor, chain, epoch });
          if (!answer.isNew) this.#context.mark("relay.push.repeated");
          break;
        }
        case "conflict":
          this.#refuse(session, ErrorCode.BlobConflict, { message: "Push", blobId: answer.blobId });
          break;
        case "quota": {
          const subject: ErrorSubject = { message: "Push", blobId: answer.blobId };
          this.#refuse(session, ErrorCode.GroupQuotaExceeded, subject, STORAGE_RETRY_MS);
          break;
        }
        default:
          unreachable(answer);
      }
    }
  }

  /** Tells the other live devices of the group; the one that pushed knows. Encoded once, sealed per session. */
  #notify(groupHex: string, except: Session | undefined, latest: number): void {
    if (!this.#config.notify) return;
    let body: Uint8Array = EMPTY;
    for (const session of this.#sessions.liveOf(groupHex)) {
      if (session === except) continue;
      if (body === EMPTY) body = this.#codec.encode({ type: "Notify", latest });
      this.#sendBody(session, body);
    }
  }

  #paged(session: Session, answer: Extract<RelayAnswer, { type: "paged" }>): void {
    const { page } = answer;
    session.isPaging = false;
    if (page === null) {
      this.#refuse(session, ErrorCode.InvalidMessage, { message: "Pull", blobId: null });
      return this.#drop(session, "invalid-message");
    }
    if (page.hasMore) this.#context.mark("relay.page.more");
    if (page.gone.length > 0) this.#context.mark("relay.page.gone");
    session.servedMax = Math.max(session.servedMax, page.through);
    this.#send(session, { type: "PullResponse", ...page });
  }

  /** The transaction did not happen: whoever waits for it is told to try again. */
  #failed(job: Job, session: Session | undefined, now: Now): void {
    this.#context.mark("relay.store-failed");
    if (job.for === "sweep") this.#nextSweepMs = now.monoMs + this.#config.sweepMs;
    if (job.for === "load") this.#nextSweepMs = now.monoMs + STORAGE_RETRY_MS;
    if (session === undefined) return;
    if (job.for === "acknowledge") session.acknowledged = 0;
    const subject: ErrorSubject = { message: job.for === "page" ? "Pull" : null, blobId: null };
    this.#refuse(session, ErrorCode.StorageFailed, subject, STORAGE_RETRY_MS);
    // Which blobs of the batch it was is known to the store no more; the device sends again after a new Hello.
    if (job.for !== "acknowledge") this.#drop(session, "store-failed");
  }

  // ── sending ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #refuse(session: Session, code: number, subject: ErrorSubject, retryAfterMs = 0): void {
    if (!session.channel.isEstablished) return;
    this.#send(session, { type: "Error", code, retryable: retryAfterMs > 0, retryAfterMs, subject });
  }

  #send(session: Session, message: Message): void {
    this.#sendBody(session, this.#codec.encode(message));
  }

  #sendBody(session: Session, body: Uint8Array): void {
    const sealed = session.channel.seal(body);
    if (!sealed.ok) return this.#drop(session, "invalid-message");
    this.#outputs.push({ type: "send", connection: session.connection, bytes: sealed.value });
  }
}
