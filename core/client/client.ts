/**
 * A device as a machine: it seals what its application pushes into the durable sent log, sends each row until it has a
 * definite answer, and pulls the group's log page by page into the durable inbox. What it delivers is committed; what
 * it tells its application are hints to look there.
 *
 * Order of calls: `handle`, then `poll` until empty, then `deadline` (see `core/machine.ts`). The one thing that moves
 * the pull position is a page that was checked and committed (invariant 5): PushAck, Notify and Welcome only say that
 * there is something to pull.
 */
import { BytePool, encodeHex, isEqualBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import type { Epoch, Position, RelayAddress } from "../ids.ts";
import { START } from "../ids.ts";
import type { InboxItem } from "../inbox/take.ts";
import { unreachable } from "../invariant.ts";
import { Jobs } from "../jobs.ts";
import { ChainHasher } from "../log/chain.ts";
import type { Input, Machine, Now, Output } from "../machine.ts";
import { OutputQueue } from "../output-queue.ts";
import type { Redacted } from "../redacted.ts";
import { MessageCodec } from "../wire/codec.ts";
import { signHello } from "../wire/hello-signature.ts";
import type { Bye, ErrorMessage, Message, PullResponse, PushAck, Welcome } from "../wire/messages.ts";
import { WIRE_VERSION } from "../wire/messages.ts";
import { doubledMs, RETRY_MS } from "./backoff.ts";
import type { ClientConfig } from "./config.ts";
import { Connector } from "./connector.ts";
import type { ClientCommand, ClientEvent, DisconnectWhy } from "./events.ts";
import { checkPage } from "./page-check.ts";
import { Puller } from "./puller.ts";
import type { Sealed } from "./sealer.ts";
import { Sealer } from "./sealer.ts";
import type { OutboxRow } from "./sent-log.ts";
import { SentLog } from "./sent-log.ts";
import type { DeviceAnswer, DeviceOperation, EpochPosition, SentRow } from "./store.ts";

export interface ClientOptions {
  readonly relay: RelayAddress;
  readonly groupSecret: Redacted<Uint8Array>;
  readonly config: ClientConfig;
}

type ClientOutput = Output<DeviceOperation, ClientEvent>;

/** What an answer of the store is for. */
type Job =
  | { readonly for: "load" }
  | { readonly for: "stage"; readonly ref: number; readonly sealed: Sealed }
  | { readonly for: "acked" | "give-up" }
  | { readonly for: "rebase"; readonly epoch: Epoch }
  | { readonly for: "take"; readonly epoch: Epoch; readonly through: Position; readonly page: Taking };

interface Taking {
  readonly items: readonly InboxItem[];
  readonly gone: PullResponse["gone"];
}

/** Answer time-outs that one request may take while the relay is otherwise heard. */
const PATIENCE = 3;

const BYE_WHYS: ReadonlyMap<string, DisconnectWhy> = new Map([
  ["replaced", "replaced"],
  ["shutdown", "relay-shutdown"],
  ["epoch", "epoch-changed"],
]);

export class Client implements Machine<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer> {
  readonly #options: ClientOptions;
  readonly #context: Context;
  readonly #sealer: Sealer;
  readonly #relayHex: string;
  readonly #hasher: ChainHasher;
  readonly #outputs = new OutputQueue<ClientOutput>();
  readonly #connector: Connector;
  readonly #outbox = new SentLog();
  readonly #puller: Puller;
  readonly #jobs = new Jobs<Job>();

  /** As the store has it or is about to. */
  #position: EpochPosition | undefined;

  /** Commands that came before the store had answered. */
  #early: ClientCommand[] = [];
  #loadAtMs: number | undefined;

  // The present session, from Welcome on.
  /** The relay's epoch; the position is in it once `#isInStep`. */
  #epoch: Epoch | undefined;
  #isInStep = false;
  #pushNotBeforeMs = 0;
  /** Refusals in a row: the wait doubles, and one row at a time finds out whether it is over. */
  #holds = 0;

  constructor(options: ClientOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    const pool = new BytePool();
    this.#sealer = new Sealer(context, options.groupSecret, pool);
    this.#relayHex = encodeHex(options.relay.id);
    this.#hasher = new ChainHasher(context.suite);
    this.#puller = new Puller(options.config.pollMs);
    const codec = new MessageCodec();
    this.#connector = new Connector(options.relay, options.config, context, codec, pool, this.#outputs);
    this.#load();
  }

  handle(input: Input<ClientCommand, DeviceAnswer>, now: Now): void {
    switch (input.type) {
      case "opened":
        this.#connector.opened(input.connection, now);
        break;
      case "bytes":
        this.#connector.received(input.connection, input.bytes, now);
        break;
      case "closed":
      case "refused":
        this.#connector.ended(input.connection, input.type, now);
        break;
      case "deadline":
        this.#expire(now);
        break;
      case "stored":
        this.#answered(input.answer, now);
        break;
      case "command":
        if (this.#sealer.deviceId === undefined) this.#early.push(input.command);
        else this.#command(input.command, now);
        break;
      default:
        unreachable(input);
    }
    for (let news = this.#connector.next(); news !== undefined; news = this.#connector.next()) {
      switch (news.type) {
        case "connecting":
          this.#tell({ type: "connecting" });
          break;
        case "established":
          // What came in the same piece may have ended the connection already.
          if (this.#connector.phase === "joining") this.#hello(news.handshakeHash);
          break;
        case "message":
          this.#message(news.message, now);
          break;
        case "lost":
          this.#lost(news.why, news.retryInMs);
          break;
        default:
          unreachable(news);
      }
    }
    this.#advance(now);
  }

  poll(): ClientOutput | undefined {
    return this.#outputs.poll();
  }

  deadline(): number | undefined {
    let earliest = this.#connector.deadline() ?? Number.POSITIVE_INFINITY;
    if (this.#loadAtMs !== undefined) earliest = Math.min(earliest, this.#loadAtMs);
    if (this.#connector.isLive && this.#isInStep) {
      const patienceMs = PATIENCE * this.#options.config.answerTimeoutMs;
      earliest = Math.min(earliest, this.#puller.dueMs);
      const oldest = Math.min(this.#puller.sentMs ?? earliest, this.#outbox.oldestSentMs() ?? earliest);
      earliest = Math.min(earliest, Math.max(oldest, this.#connector.progressMs) + patienceMs);
      if (this.#outbox.inFlight < this.#outbox.size && this.#pushNotBeforeMs > 0) {
        earliest = Math.min(earliest, this.#pushNotBeforeMs);
      }
    }
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
  }

  /** What it holds on to, for leak checks. */
  resources(): { readonly [what: string]: number } {
    return {
      connections: this.#connector.phase === "offline" || this.#connector.phase === "waiting" ? 0 : 1,
      outbox: this.#outbox.size,
      inFlight: this.#outbox.inFlight,
      pulls: this.#puller.sentMs === undefined ? 0 : 1,
      jobs: this.#jobs.size,
      early: this.#early.length,
    };
  }

  /** Where this device stands; undefined before its first Welcome. */
  get position(): EpochPosition | undefined {
    return this.#position;
  }

  /** Blob ids, in hex, of everything queued that has no definite answer in this epoch. */
  outbox(): string[] {
    return Array.from(this.#outbox.rows(), (entry) => entry.blobHex);
  }

  /** What it waits for, in plain words; empty when nothing is owed either way. */
  waitingFor(): string[] {
    const waiting: string[] = [];
    if (this.#sealer.deviceId === undefined) waiting.push("its store to load");
    if (!this.#connector.isLive) waiting.push(`a connection (${this.#connector.phase})`);
    else if (!this.#isInStep) waiting.push("its store to start a new epoch");
    if (this.#outbox.size > 0) {
      waiting.push(`${this.#outbox.size} acknowledgements (${this.#outbox.inFlight} under way)`);
    }
    const at = this.#position?.contiguous.cursor ?? 0;
    const { latest, isTaking, sentMs } = this.#puller;
    if (latest > at) waiting.push(`cursors ${at + 1} to ${latest}`);
    if (isTaking) waiting.push("a page to be committed");
    else if (sentMs !== undefined) waiting.push("an answer to a pull");
    return waiting;
  }

  // ── the application ───────────────────────────────────────────────────────────────────────────────────────────────

  #command(command: ClientCommand, now: Now): void {
    switch (command.type) {
      case "push":
        return this.#push(command.ref, command.body, command.ttlS, now);
      case "pull":
        return this.#puller.want();
      case "connect":
        return this.#connector.want(now);
      case "disconnect":
        return this.#connector.unwant();
      default:
        unreachable(command);
    }
  }

  #push(ref: number, body: Uint8Array, ttlS: number, now: Now): void {
    const sealed = this.#sealer.seal(body, ttlS === 0 ? this.#options.config.ttlS : ttlS, now.wallMs);
    if (!sealed.ok) return this.#tell({ type: "push-failed", ref, error: sealed.error });
    const { row, announced } = sealed.value;
    const id = this.#jobs.add({ for: "stage", ref, sealed: sealed.value });
    this.#ask({ id, type: "stage", row, announced: announced.length });
  }

  // ── the relay ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #hello(handshakeHash: Uint8Array): void {
    const position = this.#position;
    const fields = {
      type: "Hello",
      versions: [WIRE_VERSION],
      groupKey: this.#sealer.keys.groupKey,
      epoch: position?.epoch ?? null,
      contiguous: position?.contiguous ?? START,
      highest: position?.highest ?? START,
    } as const;
    this.#connector.send(signHello(this.#context.suite, this.#sealer.keys.signingSeed, fields, handshakeHash));
  }

  #message(message: Message, now: Now): void {
    if (message.type === "Bye") return this.#bye(message, now);
    if (message.type === "Error") return this.#refused(message, now);
    if (this.#connector.phase === "joining") {
      if (message.type === "Welcome") this.#welcome(message, now);
      else this.#connector.lose("invalid-message", now);
      return;
    }
    // What was read in the same piece as a message that ended the session is void.
    if (!this.#connector.isLive) return;
    switch (message.type) {
      case "PushAck":
        return this.#acked(message, now);
      case "PullResponse":
        return this.#pulled(message, now);
      case "Notify":
        this.#tell({ type: "notified", by: "Notify", cursor: message.latest });
        return this.#puller.heard(message.latest);
      case "Ping":
        return this.#connector.send({ type: "Pong", token: message.token });
      case "Pong":
        return;
      case "Hello":
      case "Welcome":
      case "Push":
      case "Pull":
      case "Ack":
        return this.#connector.lose("invalid-message", now);
      default:
        unreachable(message);
    }
  }

  #welcome(welcome: Welcome, now: Now): void {
    if (welcome.version !== WIRE_VERSION) return this.#connector.lose("rejected", now);
    this.#connector.welcomed(now);
    this.#epoch = welcome.epoch.slice();
    this.#puller.welcomed(welcome.max.cursor, now.monoMs);
    this.#tell({ type: "connected", epoch: this.#epoch, max: welcome.max.cursor });
    this.#tell({ type: "notified", by: "Welcome", cursor: welcome.max.cursor });
    if (this.#position !== undefined && isEqualBytes(this.#position.epoch, this.#epoch)) {
      this.#isInStep = true;
      return;
    }
    const epoch = this.#epoch;
    const id = this.#jobs.add({ for: "rebase", epoch });
    this.#ask({ id, type: "rebase", relay: this.#relayHex, epoch });
  }

  #acked(ack: PushAck, now: Now): void {
    const entry = this.#outbox.get(encodeHex(ack.blobId));
    if (!isEqualBytes(ack.epoch, this.#epoch!)) return this.#connector.lose("epoch-changed", now);
    if (entry === undefined) return this.#context.mark("client.ack.unexpected");
    this.#outbox.remove(entry);
    this.#holds = 0;
    const position: Position = { cursor: ack.cursor, chain: ack.chain.slice() };
    const epoch = this.#epoch!;
    this.#raiseHighest(position);
    this.#puller.heard(ack.cursor);
    const { sequence } = entry.row;
    const id = this.#jobs.add({ for: "acked" });
    this.#ask({ id, type: "acked", relay: this.#relayHex, epoch, sequence, position });
    this.#tell({ type: "acked", blobId: entry.row.blobId, epoch, position });
    this.#tell({ type: "notified", by: "PushAck", cursor: ack.cursor });
  }

  #raiseHighest(position: Position): void {
    const mine = this.#position!;
    if (position.cursor > mine.highest.cursor) this.#position = { ...mine, highest: position };
  }

  #pulled(page: PullResponse, now: Now): void {
    if (!this.#puller.answered(now.monoMs)) return this.#context.mark("client.page.unexpected");
    const { through, max, hasMore, gone } = page;
    this.#tell({ type: "pulled", through, max, blobs: page.blobs.length, hasMore, gone });
    const checked = checkPage(this.#context.suite, this.#hasher, this.#position!.contiguous, page);
    if (!checked.ok) {
      this.#context.mark("client.page.refused");
      this.#tell({ type: "page-refused", error: checked.error });
      return this.#connector.lose("page-refused", now);
    }
    this.#puller.believed(max, hasMore);
    if (through === page.after) return;
    if (hasMore) this.#context.mark("client.page.more");
    const items = page.blobs.map((blob) => this.#sealer.open(blob));
    const epoch = this.#epoch!;
    const lost = gone.map(({ from, to, why }) => ({ from, to, why }));
    this.#puller.taking();
    const id = this.#jobs.add({ for: "take", epoch, through: checked.value, page: { items, gone } });
    this.#ask({ id, type: "take", relay: this.#relayHex, epoch, items, lost, through: checked.value });
  }

  #refused(error: ErrorMessage, now: Now): void {
    const { code, retryable, subject } = error;
    const waitMs = Math.max(RETRY_MS, error.retryAfterMs);
    if (this.#connector.phase === "joining") return this.#connector.lose("rejected", now);
    if (subject.message === "Pull") {
      if (!this.#puller.refused(now.monoMs + waitMs)) return;
      return this.#tell({ type: "pull-failed", why: `refused (${code})` });
    }
    const entry = subject.blobId === null ? undefined : this.#outbox.get(encodeHex(subject.blobId));
    if (entry === undefined) return;
    this.#tell({ type: "refused", blobId: entry.row.blobId, code, retryable });
    if (!retryable) {
      this.#context.mark("client.push.refused");
      return this.#giveUp(entry);
    }
    this.#context.mark("client.push.held");
    this.#outbox.hold(entry);
    // Refusals of what was sent together count as one.
    if (this.#pushNotBeforeMs <= now.monoMs) this.#holds += 1;
    this.#pushNotBeforeMs = now.monoMs + Math.max(waitMs, doubledMs(RETRY_MS, this.#holds));
  }

  #bye(bye: Bye, now: Now): void {
    this.#connector.lose(BYE_WHYS.get(bye.reason) ?? "closed", now);
  }

  #lost(why: DisconnectWhy, retryInMs: number | null): void {
    this.#epoch = undefined;
    this.#isInStep = false;
    this.#outbox.holdAll();
    if (this.#puller.lost()) this.#tell({ type: "pull-failed", why });
    this.#pushNotBeforeMs = 0;
    this.#tell({ type: "disconnected", why, retryInMs });
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #expire(now: Now): void {
    this.#connector.expire(now);
    if (this.#loadAtMs !== undefined && this.#loadAtMs <= now.monoMs) this.#load();
    if (!this.#connector.isLive || !this.#isInStep) return;
    const patienceMs = PATIENCE * this.#options.config.answerTimeoutMs;
    const asked = Math.min(this.#puller.sentMs ?? now.monoMs, this.#outbox.oldestSentMs() ?? now.monoMs);
    if (Math.max(asked, this.#connector.progressMs) + patienceMs <= now.monoMs) {
      this.#context.mark("client.unanswered");
      return this.#connector.lose("silent", now);
    }
    this.#puller.expire(now.monoMs);
  }

  /** Does whatever is due and possible: sends what is queued, asks for what is known to be there. */
  #advance(now: Now): void {
    if (!this.#connector.isLive || !this.#isInStep) return;
    const { pushWindow, pullLimit, pullBytesMax } = this.#options.config;
    if (this.#pushNotBeforeMs <= now.monoMs) {
      this.#pushNotBeforeMs = 0;
      while (this.#outbox.inFlight < (this.#holds > 0 ? 1 : pushWindow)) {
        const entry = this.#outbox.nextToSend();
        if (entry === undefined) break;
        if (entry.row.expiresAtMs <= now.wallMs) {
          this.#context.mark("client.push.gave-up");
          this.#tell({ type: "gave-up", blobId: entry.row.blobId, wasSent: entry.wasSent });
          this.#giveUp(entry);
          continue;
        }
        const { blobId, payload, ttlS } = entry.row;
        this.#connector.send({ type: "Push", blobId, payload, ttlS });
        this.#outbox.sent(entry, now.monoMs);
      }
    }
    const after = this.#position!.contiguous.cursor;
    if (!this.#puller.isDue(after, now.monoMs)) return;
    this.#puller.sent(now.monoMs);
    this.#tell({ type: "pulling", after });
    this.#connector.send({ type: "Pull", after, limit: pullLimit, bytesMax: pullBytesMax });
  }

  #giveUp(entry: OutboxRow): void {
    this.#outbox.remove(entry);
    this.#giveUpNumber(entry.row.sequence);
  }

  #giveUpNumber(sequence: number): void {
    this.#sealer.giveUp(sequence);
    const id = this.#jobs.add({ for: "give-up" });
    this.#ask({ id, type: "give-up", sequence });
  }

  // ── the store's answers ───────────────────────────────────────────────────────────────────────────────────────────

  #load(): void {
    this.#loadAtMs = undefined;
    const fresh = new Uint8Array(KEY_BYTES);
    this.#context.entropy.fill("identity", fresh);
    const id = this.#jobs.add({ for: "load" });
    this.#ask({ id, type: "load", fresh, relay: this.#relayHex });
  }

  #ask(operation: DeviceOperation): void {
    this.#outputs.push({ type: "store", operation });
  }

  #tell(event: ClientEvent): void {
    this.#outputs.push({ type: "event", event });
  }

  #answered(answer: DeviceAnswer, now: Now): void {
    const job = this.#jobs.take(answer.id);
    switch (answer.type) {
      case "loaded":
        return this.#loaded(answer, now);
      case "staged":
        if (job.for === "stage") this.#staged(job.ref, job.sealed.row);
        return;
      case "done":
        return;
      case "rebased":
        if (job.for === "rebase") this.#rebased(job.epoch, answer.outbox);
        return;
      case "taken":
        if (job.for === "take") this.#taken(job, answer);
        return;
      case "failed":
        this.#context.mark("client.store-failed");
        this.#tell({ type: "store-failed", error: answer.error });
        return this.#storeFailed(job, answer, now);
      default:
        unreachable(answer);
    }
  }

  #loaded(answer: Extract<DeviceAnswer, { type: "loaded" }>, now: Now): void {
    const deviceId = this.#sealer.load(answer);
    this.#connector.identify(answer.identity);
    this.#position = answer.position ?? undefined;
    this.#outbox.load(answer.outbox);
    this.#tell({ type: "ready", deviceId });
    for (const command of this.#early.splice(0)) this.#command(command, now);
  }

  #staged(ref: number, row: SentRow): void {
    this.#outbox.add(row);
    this.#tell({ type: "queued", ref, blobId: row.blobId, sequence: row.sequence });
  }

  #rebased(epoch: Epoch, outbox: readonly SentRow[]): void {
    if (this.#position !== undefined) {
      this.#context.mark("client.epoch-changed");
      this.#tell({ type: "epoch-changed", epoch });
    }
    this.#position = { epoch, contiguous: START, highest: START };
    this.#outbox.load(outbox);
    // The connection may have gone, or found yet another epoch, while the store was at work.
    this.#isInStep = this.#epoch !== undefined && isEqualBytes(this.#epoch, epoch);
  }

  #taken(job: Extract<Job, { for: "take" }>, answer: Extract<DeviceAnswer, { type: "taken" }>): void {
    this.#puller.taken();
    const { epoch, through, page } = job;
    for (const item of page.items) {
      if (item.why === null) continue;
      this.#tell({ type: "quarantined", cursor: item.cursor, blobId: item.blobId, why: item.why });
    }
    for (const { from, to, why } of page.gone) {
      this.#context.mark("client.lost-history");
      this.#tell({ type: "lost-history", epoch, range: { from, to, why } });
    }
    this.#tell({ type: "inbox", rows: answer.inbox, through, epoch });
    if (this.#position === undefined || !isEqualBytes(this.#position.epoch, epoch)) return;
    this.#position = { ...this.#position, contiguous: through };
    this.#raiseHighest(through);
    if (this.#connector.isLive && this.#isInStep) this.#connector.send({ type: "Ack", cursor: through.cursor });
  }

  #storeFailed(job: Job, answer: Extract<DeviceAnswer, { type: "failed" }>, now: Now): void {
    switch (job.for) {
      case "load":
        this.#loadAtMs = now.monoMs + RETRY_MS;
        return;
      case "stage":
        this.#sealer.takeBack(job.sealed);
        this.#giveUpNumber(job.sealed.row.sequence);
        return this.#tell({ type: "push-failed", ref: job.ref, error: answer.error });
      case "rebase":
        return this.#connector.lose("store-failed", now);
      case "take":
        return this.#puller.takeFailed(now.monoMs);
      case "acked":
      case "give-up":
        // The row is still in the sent log: after a restart it is sent again and gets the same answer.
        return;
      default:
        unreachable(job);
    }
  }
}
