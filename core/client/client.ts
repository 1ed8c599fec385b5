/**
 * A device as a machine: it seals what its application pushes into the durable sent log, sends each row to its relays
 * until it has a definite answer, and pulls the group's log page by page into the durable inbox. What it delivers is
 * committed; what it tells its application are hints to look there.
 *
 * Order of calls: `handle`, then `poll` until empty, then `deadline` (see `core/machine.ts`). It takes the
 * application's commands, seals, and talks to the store; all that belongs to one relay is its `RelayLink`'s, and which
 * relay it is connected to is decided by the `Itinerary`.
 */
import { BytePool } from "../bytes.ts";
import type { Context } from "../context.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import type { RelayAddress } from "../ids.ts";
import { assertInvariant, unreachable } from "../invariant.ts";
import { Jobs } from "../jobs.ts";
import { ChainHasher } from "../log/chain.ts";
import type { ConnectionId, Input, Machine, Now, Output } from "../machine.ts";
import { OutputQueue } from "../output-queue.ts";
import type { Redacted } from "../redacted.ts";
import { MessageCodec } from "../wire/codec.ts";
import { RETRY_MS } from "./backoff.ts";
import type { ClientConfig } from "./config.ts";
import type { Connector } from "./connector.ts";
import { createDialNumbers } from "./connector.ts";
import { Copies } from "./copies.ts";
import type { ClientCommand, ClientEvent, RequestCommand } from "./events.ts";
import { EarlyCommands } from "./early-commands.ts";
import { Itinerary } from "./itinerary.ts";
import type { ClientJob, LinkPort } from "./link-port.ts";
import { QueueMeter } from "./queue-meter.ts";
import { RelayLink } from "./relay-link.ts";
import { Sealer } from "./sealer.ts";
import { SenderChains } from "./sender-chains.ts";
import type { OutboxRow, SentLog } from "./sent-log.ts";
import type { DeviceAnswer, DeviceOperation, EpochPosition, SentRow } from "./store.ts";

export interface ClientOptions {
  /** In order of preference, at least one, each id once. */
  readonly relays: readonly RelayAddress[];
  readonly groupSecret: Redacted<Uint8Array>;
  readonly config: ClientConfig;
}

/** Something that it waits for, in plain words; `relay` is null when it is none of theirs. */
export interface Waiting {
  readonly relay: string | null;
  readonly what: string;
}

type ClientOutput = Output<DeviceOperation, ClientEvent>;

export class Client implements Machine<ClientCommand, ClientEvent, DeviceOperation, DeviceAnswer> {
  readonly #config: ClientConfig;
  readonly #context: Context;
  readonly #sealer: Sealer;
  readonly #outputs = new OutputQueue<ClientOutput>();
  readonly #jobs = new Jobs<ClientJob>();
  readonly #links: readonly RelayLink[];
  readonly #copies: Copies;
  readonly #itinerary: Itinerary;

  readonly #early: EarlyCommands;
  /** Relays of which the store has not told yet. */
  #unloaded = 0;
  #isReady = false;
  #loadAtMs: number | undefined;

  constructor(options: ClientOptions, context: Context) {
    const { relays, groupSecret, config } = options;
    this.#config = config;
    this.#context = context;
    const pool = context.pool ?? new BytePool();
    this.#sealer = new Sealer(context, groupSecret, pool);
    const outboxes: SentLog[] = [];
    this.#copies = new Copies(outboxes, new QueueMeter(config));
    this.#early = new EarlyCommands(config);
    const port: LinkPort = {
      config,
      context,
      sealer: this.#sealer,
      copies: this.#copies,
      chains: new SenderChains(),
      codec: new MessageCodec(),
      pool,
      hasher: new ChainHasher(context.suite),
      outputs: this.#outputs,
      nextConnection: createDialNumbers(),
      job: (job) => this.#jobs.add(job),
      ask: (operation) => this.#ask(operation),
      tell: (event) => this.#tell(event),
      welcomed: (link, now) => this.#itinerary.welcomed(link, now),
      lost: (link, loss, now) => this.#itinerary.lost(link, loss, now),
      revoked: () => this.#itinerary.unwant("revoked"),
      expired: (entry) => this.#expired(entry),
      giveUp: (sequence) => this.#giveUp(sequence),
    };
    this.#links = relays.map((address) => new RelayLink(address, port));
    for (const link of this.#links) outboxes.push(link.outbox);
    const ids = new Set(this.#links.map(({ relay }) => relay));
    assertInvariant(relays.length > 0 && ids.size === relays.length, "a device has relays, each once");
    this.#itinerary = new Itinerary(this.#links, config, port.tell, context.mark);
    this.#load();
  }

  handle(input: Input<ClientCommand, DeviceAnswer>, now: Now): void {
    switch (input.type) {
      case "opened":
        this.#connectorOf(input.connection)?.opened(input.connection, now);
        break;
      case "bytes":
        this.#connectorOf(input.connection)?.received(input.connection, input.bytes, now);
        break;
      case "closed":
      case "refused":
        this.#connectorOf(input.connection)?.ended(input.connection, input.type, now);
        break;
      case "deadline":
        this.#expire(now);
        break;
      case "stored":
        this.#answered(input.answer, now);
        break;
      case "command":
        if (this.#isReady) this.#command(input.command, now);
        else this.#tooEarly(input.command);
        break;
      default:
        unreachable(input);
    }
    this.#hear(now);
    for (const link of this.#links) link.advance(now);
    if (this.#links.length === 1) return;
    this.#itinerary.advance(now);
    this.#hear(now);
  }

  poll(): ClientOutput | undefined {
    return this.#outputs.poll();
  }

  deadline(): number | undefined {
    let earliest = this.#itinerary.deadline();
    for (const link of this.#links) earliest = Math.min(earliest, link.deadline());
    if (this.#loadAtMs !== undefined) earliest = Math.min(earliest, this.#loadAtMs);
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
  }

  // ── what an observer may ask ──────────────────────────────────────────────────────────────────────────────────────

  /** What it holds on to, for leak checks. */
  resources(): { readonly [what: string]: number } {
    let connections = 0;
    let outbox = 0;
    let inFlight = 0;
    let pulls = 0;
    let requests = 0;
    for (const link of this.#links) {
      const counts = link.counts();
      connections += counts.connections;
      outbox += link.outbox.size;
      inFlight += link.outbox.inFlight;
      pulls += counts.pulls;
      requests += counts.requests;
    }
    const { rows: queuedRows, bytes: queuedBytes } = this.#copies.queue;
    return {
      connections,
      outbox,
      inFlight,
      pulls,
      requests,
      queuedRows,
      queuedBytes,
      jobs: this.#jobs.size,
      early: this.#early.size,
    };
  }

  /** The most preferred relay that is live, by its id in hex. */
  get activeRelay(): string | undefined {
    return this.#itinerary.active?.relay;
  }

  /** Where this device stands at a relay (id in hex); undefined before its first Welcome there. */
  positionAt(relay: string): EpochPosition | undefined {
    for (const link of this.#links) if (link.relay === relay) return link.position;
    return undefined;
  }

  /** Blob ids, in hex, of everything queued that some relay owes a definite answer. */
  outbox(): string[] {
    return this.#copies.blobs();
  }

  /** How many of those this relay (id in hex) owes one. */
  owedBy(relay: string): number {
    return this.#links.find((link) => link.relay === relay)?.outbox.size ?? 0;
  }

  /** Empty when nothing is owed either way, as far as it knows. */
  waitingFor(): Waiting[] {
    const waiting: Waiting[] = [];
    if (!this.#isReady) waiting.push({ relay: null, what: "its store to load" });
    if (this.#itinerary.active === undefined) {
      waiting.push({ relay: null, what: `a connection (${this.#links.map(({ phase }) => phase).join(", ")})` });
    }
    for (const link of this.#links) {
      for (const what of link.waitingFor()) waiting.push({ relay: link.relay, what });
    }
    return waiting;
  }

  // ── the application ───────────────────────────────────────────────────────────────────────────────────────────────

  #command(command: ClientCommand, now: Now): void {
    switch (command.type) {
      case "push":
        return this.#push(command.ref, command.body, command.ttlS, now);
      case "pull":
        for (const link of this.#links) link.pull();
        return;
      case "connect":
        return this.#itinerary.want(now);
      case "disconnect":
        return this.#itinerary.unwant("closed-by-application");
      case "delete":
      case "list-devices":
      case "revoke":
      case "put-invite":
      case "cancel-invite":
        return this.#request(command);
      default:
        unreachable(command);
    }
  }

  #push(ref: number, body: Uint8Array, ttlS: number, now: Now): void {
    const { queue } = this.#copies;
    const sealed = this.#sealer.seal(body, ttlS === 0 ? this.#config.ttlS : ttlS, now.wallMs, queue);
    if (!sealed.ok) return this.#tell({ type: "push-failed", ref, error: sealed.error });
    const { row, announced } = sealed.value;
    queue.add(row.payload.length);
    const id = this.#jobs.add({ for: "stage", ref, sealed: sealed.value });
    this.#ask({ id, type: "stage", row, announced: announced.length });
  }

  #tooEarly(command: ClientCommand): void {
    this.#context.mark("client.early-command");
    const error = this.#early.add(command);
    if (error !== undefined) this.#tell({ type: "push-failed", ref: error.ref, error: error.full });
  }

  #request(command: RequestCommand): void {
    const { active } = this.#itinerary;
    if (active !== undefined) return active.requests.add(command);
    const { ref } = command;
    this.#context.mark("client.request.offline");
    this.#tell({ type: "request-failed", ref, why: "offline", code: null, retryAfterMs: null });
  }

  // ── the relays ────────────────────────────────────────────────────────────────────────────────────────────────────

  #connectorOf(connection: ConnectionId): Connector | undefined {
    for (const { connector } of this.#links) if (connector.owns(connection)) return connector;
    return undefined;
  }

  /** Until no connection has anything more to tell: what one tells may make the itinerary dial another. */
  #hear(now: Now): void {
    let isAny = true;
    while (isAny) {
      isAny = false;
      for (const link of this.#links) isAny = link.hear(now) || isAny;
    }
  }

  #expire(now: Now): void {
    for (const { connector } of this.#links) connector.expire(now);
    this.#itinerary.expire(now);
    if (this.#loadAtMs !== undefined && this.#loadAtMs <= now.monoMs) {
      this.#context.mark("client.load-again");
      this.#load();
    }
    for (const link of this.#links) link.expireSession(now);
  }

  #expired(entry: OutboxRow): void {
    this.#context.mark("client.push.gave-up");
    const wasSent = this.#copies.giveUp(entry);
    this.#tell({ type: "gave-up", blobId: entry.row.blobId, wasSent });
    this.#giveUp(entry.row.sequence);
  }

  #giveUp(sequence: number): void {
    this.#sealer.giveUp(sequence);
    const id = this.#jobs.add({ for: "give-up" });
    this.#ask({ id, type: "give-up", sequence });
  }

  // ── the store ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One operation for each relay, in one transaction. */
  #load(): void {
    this.#loadAtMs = undefined;
    this.#unloaded = this.#links.length;
    for (const link of this.#links) {
      const fresh = new Uint8Array(KEY_BYTES);
      this.#context.entropy.fill("identity", fresh);
      const id = this.#jobs.add({ for: "load", link });
      this.#ask({ id, type: "load", fresh, relay: link.relay });
    }
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
        if (job.for === "load") this.#loaded(job.link, answer, now);
        return;
      case "staged":
        if (job.for === "stage") this.#staged(job.ref, job.sealed.row);
        return;
      case "done":
        return;
      case "rebased":
        if (job.for === "rebase") job.link.rebased(job.epoch, answer.outbox);
        return;
      case "taken":
        if (job.for === "take") job.link.taken(job.epoch, job.through, job.page, answer.inbox);
        return;
      case "failed":
        this.#context.mark("client.store-failed");
        this.#tell({ type: "store-failed", error: answer.error });
        return this.#storeFailed(job, answer, now);
      default:
        unreachable(answer);
    }
  }

  #loaded(link: RelayLink, answer: Extract<DeviceAnswer, { type: "loaded" }>, now: Now): void {
    link.load(answer);
    this.#unloaded -= 1;
    if (this.#unloaded > 0) return;
    this.#copies.loaded();
    this.#isReady = true;
    this.#tell({ type: "ready", deviceId: this.#sealer.load(answer) });
    for (const command of this.#early.takeAll()) this.#command(command, now);
  }

  #staged(ref: number, row: SentRow): void {
    for (const { outbox } of this.#links) outbox.add(row);
    this.#tell({ type: "queued", ref, blobId: row.blobId, sequence: row.sequence });
  }

  #storeFailed(job: ClientJob, answer: Extract<DeviceAnswer, { type: "failed" }>, now: Now): void {
    switch (job.for) {
      case "load":
        this.#loadAtMs = now.monoMs + RETRY_MS;
        return;
      case "stage":
        this.#context.mark("client.push.taken-back");
        this.#copies.queue.remove(job.sealed.row.payload.length);
        this.#sealer.takeBack(job.sealed);
        this.#giveUp(job.sealed.row.sequence);
        return this.#tell({ type: "push-failed", ref: job.ref, error: answer.error });
      case "rebase":
        this.#context.mark("client.rebase-failed");
        return job.link.connector.lose("store-failed", now);
      case "take":
        return job.link.takeFailed(now);
      case "acked":
      case "give-up":
        this.#context.mark("client.answer-unstored");
        // The row is still in the sent log: after a restart it is sent again and gets the same answer.
        return;
      default:
        unreachable(job);
    }
  }
}
