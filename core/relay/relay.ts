/**
 * The relay as a machine: it accepts connections, proves who is there, and moves sealed blobs between devices of a
 * group through its store. It knows no plaintext and decides nothing that outlives a session: what is durable is
 * decided by `core/log` inside the store.
 *
 * Order of calls: `handle`, then `poll` until empty, then `deadline` (see `core/machine.ts`). Inputs go to
 * `connections` (bytes, timers), `requests` (messages, which make operations) and `answers` (what the store says, which
 * makes messages); here is only the relay's own life: its key, its sweeps, its end.
 */
import type { Context } from "../context.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import { assertInvariant, unreachable } from "../invariant.ts";
import { Jobs } from "../jobs.ts";
import type { ConnectionId, Input, Machine, Now } from "../machine.ts";
import { OutputQueue } from "../output-queue.ts";
import { ErrorCode } from "../wire/error-code.ts";
import { Admission } from "./admission.ts";
import { Answers, STORAGE_RETRY_MS } from "./answers.ts";
import type { RelayConfig } from "./config.ts";
import { Connections, type RelayOutput } from "./connections.ts";
import type { RelayCommand, RelayEvent } from "./events.ts";
import type { Job } from "./job.ts";
import { Requests } from "./requests.ts";
import type { Session } from "./session.ts";
import { Sessions } from "./sessions.ts";
import type { RelayAnswer, RelayOperation } from "./store.ts";

export class Relay implements Machine<RelayCommand, RelayEvent, RelayOperation, RelayAnswer> {
  readonly #config: RelayConfig;
  readonly #context: Context;
  readonly #outputs = new OutputQueue<RelayOutput>();
  readonly #jobs = new Jobs<Job>();
  readonly #sessions = new Sessions();
  readonly #admission: Admission;
  readonly #connections: Connections;
  readonly #requests: Requests;
  readonly #answers: Answers;
  #identity: Uint8Array | undefined;
  #nextSweepMs: number | undefined;
  #isStopping = false;
  #isStopped = false;

  constructor(config: RelayConfig, context: Context) {
    this.#config = config;
    this.#context = context;
    this.#admission = new Admission(config, this.#sessions);
    this.#connections = new Connections(config, context, this.#outputs, this.#sessions);
    this.#requests = new Requests({
      config,
      context,
      connections: this.#connections,
      admission: this.#admission,
      jobs: this.#jobs,
      outputs: this.#outputs,
    });
    this.#answers = new Answers(config, context, this.#connections);
    this.#load();
  }

  handle(input: Input<RelayCommand, RelayAnswer>, now: Now): void {
    switch (input.type) {
      case "opened":
        this.#accept(input.connection, input.address, now);
        break;
      case "bytes": {
        const session = this.#sessions.at(input.connection);
        if (session !== undefined) this.#receive(session, input.bytes, now);
        break;
      }
      case "closed":
      case "refused": {
        const session = this.#sessions.at(input.connection);
        if (session !== undefined) this.#connections.forget(session);
        break;
      }
      case "deadline":
        this.#connections.expire(now);
        this.#sweepIfDue(now);
        break;
      case "stored":
        this.#answered(input.answer, now);
        break;
      case "command":
        this.#isStopping = this.#requests.isStopping = this.#answers.isStopping = true;
        this.#context.mark("relay.shutdown");
        break;
      default:
        unreachable(input);
    }
    this.#stopIfDone();
  }

  poll(): RelayOutput | undefined {
    return this.#outputs.poll();
  }

  deadline(): number | undefined {
    if (this.#isStopped) return undefined;
    const earliest = Math.min(this.#connections.dueMs, this.#nextSweepMs ?? Number.POSITIVE_INFINITY);
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
  }

  /** What it holds on to, for leak checks and metrics. */
  resources(): { readonly [what: string]: number } {
    return {
      sessions: this.#sessions.size,
      liveGroups: this.#sessions.groups,
      addresses: this.#sessions.addresses,
      timers: this.#connections.timers,
      jobs: this.#jobs.size,
    };
  }

  /** Devices and addresses whose rates are remembered: falls with every sweep as they recover. For leak checks. */
  get rateEntries(): number {
    return this.#admission.entries;
  }

  #accept(connection: ConnectionId, address: string, now: Now): void {
    if (this.#identity === undefined || this.#isStopping) return this.#connections.turnAway(connection, "not-ready");
    const why = this.#admission.refusal(address, now.monoMs);
    if (why !== undefined) return this.#connections.turnAway(connection, why);
    this.#connections.accept(connection, address, this.#identity, now);
  }

  #receive(session: Session, bytes: Uint8Array, now: Now): void {
    session.lastHeardMs = now.monoMs;
    const { channel, connection } = session;
    const received = channel.receive(bytes);
    this.#connections.flush(session);
    let isWhole = false;
    for (let frame = channel.pollFrame(); frame !== undefined; frame = channel.pollFrame()) {
      isWhole = true;
      const parsed = this.#connections.codec.parse(frame);
      if (!parsed.ok) {
        this.#connections.refuse(session, ErrorCode.InvalidMessage, { message: null, blobId: null });
        return this.#connections.drop(session, "invalid-message");
      }
      this.#requests.take(session, parsed.value, now);
      // A message can end its own session; what came after it is void.
      if (this.#sessions.at(connection) !== session) return;
    }
    if (!received.ok) {
      this.#context.mark(channel.handshakeHash === undefined ? "relay.handshake-failed" : "relay.frame-refused");
      const why = channel.handshakeHash === undefined ? "handshake-failed" : "invalid-message";
      return this.#connections.drop(session, why);
    }
    this.#requests.flushBatch(session);
    this.#connections.heard(session, isWhole, now);
    this.#connections.weigh(session);
  }

  #sweepIfDue(now: Now): void {
    if (this.#nextSweepMs === undefined || this.#nextSweepMs > now.monoMs) return;
    this.#admission.forgetFull(now.monoMs);
    this.#nextSweepMs = undefined;
    if (this.#identity === undefined) {
      this.#context.mark("relay.load-again");
      return this.#load();
    }
    const { dedupeRetentionS, acknowledgedRetentionS } = this.#config;
    const id = this.#jobs.add({ for: "sweep" });
    this.#outputs.push({ type: "store", operation: { id, type: "sweep", dedupeRetentionS, acknowledgedRetentionS } });
  }

  /** Asks for the relay's own key; the one drawn here is kept if the store has none. */
  #load(): void {
    const fresh = new Uint8Array(KEY_BYTES);
    this.#context.entropy.fill("identity", fresh);
    const id = this.#jobs.add({ for: "load" });
    this.#outputs.push({ type: "store", operation: { id, type: "load", fresh } });
  }

  #answered(answer: RelayAnswer, now: Now): void {
    const job = this.#jobs.take(answer.id);
    if (answer.type === "failed") this.#context.mark("relay.store-failed");
    if (!("connection" in job)) return this.#answeredOwn(answer, now);
    assertInvariant(answer.type !== "loaded" && answer.type !== "swept", "a session's answer is for a session");
    const session = this.#sessions.at(job.connection);
    this.#answers.take(job, session, answer, now);
    if (session === undefined || job.for !== "append") return;
    session.isAppending = false;
    // Ended by its own answer: nobody waits for the rest.
    if (this.#sessions.at(job.connection) === session) this.#requests.flushBatch(session);
  }

  #answeredOwn(answer: RelayAnswer, now: Now): void {
    if (answer.type === "loaded") {
      this.#identity = answer.identity;
      const relayId = this.#context.suite.dhPublicKey(answer.identity);
      this.#outputs.push({ type: "event", event: { type: "ready", relayId } });
    }
    if (answer.type === "swept" && answer.gone > 0) this.#context.mark("relay.swept");
    const isSoon = this.#identity === undefined || (answer.type === "swept" && answer.hasMore);
    this.#nextSweepMs = now.monoMs + (isSoon ? Math.min(STORAGE_RETRY_MS, this.#config.sweepMs) : this.#config.sweepMs);
  }

  #stopIfDone(): void {
    if (!this.#isStopping || this.#isStopped || this.#jobs.size > 0) return;
    this.#isStopped = true;
    for (const session of [...this.#sessions.all()]) {
      if (session.phase === "live") this.#connections.send(session, { type: "Bye", reason: "shutdown" });
      this.#connections.close(session);
    }
    this.#outputs.push({ type: "event", event: { type: "stopped" } });
  }
}
