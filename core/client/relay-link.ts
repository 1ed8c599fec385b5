/**
 * All that a device has with one of its relays: the connection, the position in that relay's log, what is owed to it
 * and what is asked of it. It sends and pulls whenever its session is live and in step; the client above says when to
 * connect and when to leave, seals, and hands it the store's answers. Links know nothing of each other: what one
 * answer means over all relays is asked of `Copies`.
 *
 * The one thing that moves the position is a page that was checked and committed (invariant 5).
 */
import { encodeHex, isEqualBytes } from "../bytes.ts";
import type { BlobId, Epoch, Position, RelayAddress } from "../ids.ts";
import { START } from "../ids.ts";
import type { Now } from "../machine.ts";
import { signHello } from "../wire/hello-signature.ts";
import type { PullResponse, PushAck, Welcome } from "../wire/messages.ts";
import { WIRE_VERSION } from "../wire/messages.ts";
import { Connector } from "./connector.ts";
import type { Phase } from "./connector.ts";
import type { DisconnectWhy } from "./events.ts";
import type { InboxItem } from "../inbox/take.ts";
import type { LinkPort, Taking } from "./link-port.ts";
import { hearMessage } from "./link-messages.ts";
import { checkPage } from "./page-check.ts";
import { Puller } from "./puller.ts";
import { Pusher } from "./pusher.ts";
import { Requests } from "./requests.ts";
import type { SentLog } from "./sent-log.ts";
import type { DeviceAnswer, EpochPosition, SentRow } from "./store.ts";

/** Answer time-outs that one request may take while the relay is otherwise heard. */
const PATIENCE = 3;

export class RelayLink {
  /** The relay's id in hex. */
  readonly relay: string;
  readonly connector: Connector;
  readonly requests = new Requests();
  readonly #port: LinkPort;
  readonly #pusher: Pusher;
  readonly #puller: Puller;

  /** As the store has it or is about to. */
  #position: EpochPosition | undefined;

  // The present session, from Welcome on.
  /** The log that it serves, for whoever compares places: another object for another epoch. */
  #log: object = {};
  /** The relay's epoch; the position is in it once `#isInStep`. */
  #epoch: Epoch | undefined;
  #isInStep = false;

  constructor(address: RelayAddress, port: LinkPort) {
    const { config, context, codec, pool, outputs, nextConnection } = port;
    this.relay = encodeHex(address.id);
    this.#port = port;
    this.#pusher = new Pusher(this.relay, port);
    this.#puller = new Puller(config.pollMs);
    this.connector = new Connector(address, config, context, codec, pool, outputs, nextConnection);
  }

  // ── what the client asks and does ─────────────────────────────────────────────────────────────────────────────────

  get phase(): Phase {
    return this.connector.phase;
  }

  get isLive(): boolean {
    return this.connector.isLive;
  }

  /** On the way from a dial to a Welcome. */
  get isConnecting(): boolean {
    const { phase } = this.connector;
    return phase === "dialling" || phase === "handshaking" || phase === "joining";
  }

  get isInStep(): boolean {
    return this.connector.isLive && this.#isInStep;
  }

  /** What is owed to it. */
  get outbox(): SentLog {
    return this.#pusher.outbox;
  }

  get isOwed(): boolean {
    return this.outbox.size > 0;
  }

  /** Live, with nothing owed, asked or known to be there. */
  get isSettled(): boolean {
    const { sentMs, isTaking, latest } = this.#puller;
    const isIdle = sentMs === undefined && !isTaking && this.requests.size === 0;
    return this.isInStep && isIdle && !this.isOwed && latest <= this.#position!.contiguous.cursor;
  }

  /** Where this device stands there; undefined before its first Welcome. */
  get position(): EpochPosition | undefined {
    return this.#position;
  }

  load(answer: Extract<DeviceAnswer, { type: "loaded" }>): void {
    this.connector.identify(answer.identity);
    this.#position = answer.position ?? undefined;
    this.outbox.load(answer.outbox);
  }

  connect(now: Now): void {
    this.connector.want(now);
  }

  leave(why: DisconnectWhy): void {
    this.connector.unwant(why);
  }

  /** The client decides when it is tried again. */
  rest(): void {
    this.connector.rest();
  }

  pull(): void {
    this.#puller.want();
  }

  deadline(): number {
    let earliest = this.connector.deadline() ?? Number.POSITIVE_INFINITY;
    if (!this.isInStep) return earliest;
    earliest = Math.min(earliest, this.#puller.dueMs);
    return Math.min(earliest, this.#impatientMs, this.#pusher.dueMs);
  }

  /** Patience and polls, after the connector has been told the time. */
  expireSession(now: Now): void {
    if (!this.isInStep) return;
    if (this.#impatientMs <= now.monoMs) {
      this.#port.context.mark("client.unanswered");
      return this.connector.lose("silent", now);
    }
    this.#puller.expire(now.monoMs);
  }

  /** Takes what the connection has to tell; false when that was nothing. */
  hear(now: Now): boolean {
    let isAny = false;
    for (let news = this.connector.next(); news !== undefined; news = this.connector.next()) {
      isAny = true;
      switch (news.type) {
        case "connecting":
          this.#port.tell({ type: "connecting", relay: this.relay });
          break;
        case "established":
          // What came in the same piece may have ended the connection already.
          if (this.phase === "joining") this.#hello(news.handshakeHash);
          break;
        case "message":
          hearMessage(this, news.message, now);
          break;
        case "lost":
          this.#lost(news.why, news.retryInMs, now);
          break;
      }
    }
    return isAny;
  }

  /** Does whatever is due and possible: sends what is queued, asks for what is known to be there. */
  advance(now: Now): void {
    if (!this.isInStep) return;
    const { config } = this.#port;
    this.#pusher.advance(now, this.connector);
    const request = this.requests.send(now.monoMs);
    if (request !== undefined) this.connector.send(request);
    const after = this.#position!.contiguous.cursor;
    if (!this.#puller.isDue(after, now.monoMs)) return;
    this.#puller.sent(now.monoMs);
    this.#port.tell({ type: "pulling", relay: this.relay, after });
    this.connector.send({ type: "Pull", after, limit: config.pullLimit, bytesMax: config.pullBytesMax });
  }

  // ── what the relay says, one method for each message that means something ─────────────────────────────────────────

  /** The relay says that this device is revoked: the client leaves all of them. */
  revoked(): void {
    this.#port.context.mark("client.revoked");
    this.#port.revoked();
  }

  welcome(welcome: Welcome, now: Now): void {
    if (welcome.version !== WIRE_VERSION) return this.connector.lose("rejected", now);
    const { tell } = this.#port;
    const { relay } = this;
    const denied = this.#denied(welcome);
    if (denied !== undefined) {
      this.#port.context.mark("client.relay.dishonest");
      tell({ type: "accused", relay, what: denied, cursor: this.#position!.highest.cursor, sender: null });
      return this.connector.lose("dishonest", now);
    }
    this.connector.welcomed(now);
    this.#epoch = welcome.epoch.slice();
    this.#puller.welcomed(welcome.max.cursor, now.monoMs);
    tell({ type: "connected", relay, epoch: this.#epoch, max: welcome.max.cursor });
    tell({ type: "notified", relay, by: "Welcome", cursor: welcome.max.cursor });
    this.#port.welcomed(this, now);
    if (this.#position !== undefined && isEqualBytes(this.#position.epoch, this.#epoch)) {
      this.#isInStep = true;
      return;
    }
    this.#log = {};
    const epoch = this.#epoch;
    const id = this.#port.job({ for: "rebase", link: this, epoch });
    this.#port.ask({ id, type: "rebase", relay, epoch });
  }

  acked(ack: PushAck, now: Now): void {
    const { relay } = this;
    const { context, tell } = this.#port;
    if (!isEqualBytes(ack.epoch, this.#epoch!)) return this.connector.lose("epoch-changed", now);
    const entry = this.#pusher.acked(ack.blobId);
    if (entry === undefined) return context.mark("client.ack.unexpected");
    const position: Position = { cursor: ack.cursor, chain: ack.chain.slice() };
    const epoch = this.#epoch!;
    if (ack.cursor > this.#position!.contiguous.cursor + 1) context.mark("client.cursor.gap");
    this.#raiseHighest(position);
    this.#puller.heard(ack.cursor);
    const { sequence } = entry.row;
    const id = this.#port.job({ for: "acked" });
    this.#port.ask({ id, type: "acked", relay, epoch, sequence, position });
    tell({ type: "acked", relay, blobId: entry.row.blobId, epoch, position });
    tell({ type: "notified", relay, by: "PushAck", cursor: ack.cursor });
  }

  pulled(page: PullResponse, now: Now): void {
    const { relay } = this;
    const { context, hasher, sealer, tell } = this.#port;
    if (!this.#puller.answered(now.monoMs)) return context.mark("client.page.unexpected");
    const { through, max, hasMore, gone } = page;
    if (through > Math.max(page.after, this.#puller.latest)) context.mark("client.page.unhinted");
    tell({ type: "pulled", relay, through, max, blobs: page.blobs.length, hasMore, gone });
    const hashes = page.blobs.map(({ payload }) => context.suite.hash(payload));
    const checked = checkPage(hasher, this.#position!.contiguous, page, hashes);
    if (!checked.ok) {
      context.mark("client.page.refused");
      tell({ type: "page-refused", relay, error: checked.error });
      return this.connector.lose("page-refused", now);
    }
    this.#puller.believed(max, hasMore);
    if (through === page.after) return;
    if (hasMore) context.mark("client.page.more");
    const items = page.blobs.map((blob) => sealer.open(blob));
    for (let i = 0; i < items.length; i++) this.#suspect(items[i]!, hashes[i]!);
    const epoch = this.#epoch!;
    const lost = gone.map(({ from, to, why }) => ({ from, to, why }));
    this.#puller.taking();
    const id = this.#port.job({ for: "take", link: this, epoch, through: checked.value, page: { items, gone } });
    this.#port.ask({ id, type: "take", relay, epoch, items, lost, through: checked.value });
  }

  notified(cursor: number): void {
    if (this.#puller.isTaking) this.#port.context.mark("client.hint.while-taking");
    this.#port.tell({ type: "notified", relay: this.relay, by: "Notify", cursor });
    this.#puller.heard(cursor);
  }

  get tell(): LinkPort["tell"] {
    return this.#port.tell;
  }

  isOwn(device: Uint8Array): boolean {
    const own = this.#port.sealer.deviceId;
    return own !== undefined && isEqualBytes(own, device);
  }

  unexpected(): void {
    this.#port.context.mark("client.answer.unexpected");
  }

  pullRefused(code: number, waitMs: number, now: Now): void {
    if (!this.#puller.refused(now.monoMs + waitMs)) return;
    this.#port.context.mark("client.pull.refused");
    this.#port.tell({ type: "pull-failed", relay: this.relay, why: `refused (${code})` });
  }

  pushRefused(blobId: BlobId, code: number, retryable: boolean, waitMs: number, now: Now): void {
    this.#pusher.refused(blobId, code, retryable, waitMs, now);
  }

  requestRefused(message: string | null, code: number, retryAfterMs: number | null): void {
    const ref = this.requests.refused(message);
    if (ref !== undefined) this.#port.tell({ type: "request-failed", ref, why: "refused", code, retryAfterMs });
  }

  // ── the store's answers ───────────────────────────────────────────────────────────────────────────────────────────

  rebased(epoch: Epoch, rows: readonly SentRow[]): void {
    if (this.#position !== undefined) {
      this.#port.context.mark("client.epoch-changed");
      this.#port.tell({ type: "epoch-changed", relay: this.relay, epoch });
    }
    this.#position = { epoch, contiguous: START, highest: START };
    if (rows.length > this.outbox.size) this.#port.context.mark("client.push.owed-anew");
    this.#port.copies.owedAnew(this.outbox, rows);
    this.outbox.load(rows);
    // The connection may have gone, or found yet another epoch, while the store was at work.
    this.#isInStep = this.#epoch !== undefined && isEqualBytes(this.#epoch, epoch);
    if (!this.#isInStep) this.#port.context.mark("client.rebase-outrun");
  }

  taken(epoch: Epoch, through: Position, page: Taking, rows: number): void {
    const { relay } = this;
    const { context, tell } = this.#port;
    this.#puller.taken();
    for (const { cursor, blobId, why } of page.items) {
      if (why !== null) tell({ type: "quarantined", relay, cursor, blobId: blobId.slice(), why });
    }
    for (const { from, to, why } of page.gone) {
      context.mark("client.lost-history");
      tell({ type: "lost-history", relay, epoch, range: { from, to, why } });
    }
    tell({ type: "inbox", relay, rows, through, epoch });
    if (this.#position === undefined || !isEqualBytes(this.#position.epoch, epoch)) {
      return context.mark("client.page.of-old-epoch");
    }
    const { contiguous: before, highest } = this.#position;
    if (highest.cursor > before.cursor + 1 && through.cursor >= highest.cursor)
      context.mark("client.cursor.gap-refill");
    this.#position = { epoch, contiguous: through, highest };
    this.#raiseHighest(through);
    if (this.isInStep) this.connector.send({ type: "Ack", cursor: through.cursor });
    else context.mark("client.page.after-session");
  }

  takeFailed(now: Now): void {
    this.#port.context.mark("client.page.take-failed");
    this.#puller.takeFailed(now.monoMs);
  }

  // ── what an observer may ask ──────────────────────────────────────────────────────────────────────────────────────

  /** Connections, and requests of any kind without an answer. */
  counts(): { readonly connections: number; readonly pulls: number; readonly requests: number } {
    return {
      connections: this.phase === "offline" || this.phase === "waiting" ? 0 : 1,
      pulls: this.#puller.sentMs === undefined ? 0 : 1,
      requests: this.requests.size,
    };
  }

  /** What it waits for from this relay, in plain words. */
  waitingFor(): string[] {
    const waiting: string[] = [];
    if (this.isLive && !this.#isInStep) waiting.push("its store to start a new epoch");
    if (this.outbox.size > 0) {
      waiting.push(`${this.outbox.size} acknowledgements (${this.outbox.inFlight} under way)`);
    }
    const at = this.#position?.contiguous.cursor ?? 0;
    const { latest, isTaking, sentMs } = this.#puller;
    if (latest > at) waiting.push(`cursors ${at + 1} to ${latest}`);
    if (isTaking) waiting.push("a page to be committed");
    else if (sentMs !== undefined) waiting.push("an answer to a pull");
    if (this.requests.size > 0) waiting.push(`${this.requests.size} answers to requests`);
    return waiting;
  }

  /** `monoMs` at which something has waited too long for its answer: since it was asked, or since the last progress. */
  get #impatientMs(): number {
    const asked = Math.min(
      this.#puller.sentMs ?? Number.POSITIVE_INFINITY,
      this.requests.sentMs ?? Number.POSITIVE_INFINITY,
    );
    const pushed = this.outbox.oldestSentMs() ?? Number.POSITIVE_INFINITY;
    const { progressMs, pushProgressMs } = this.connector;
    const oldest = Math.min(Math.max(asked, progressMs), Math.max(pushed, pushProgressMs));
    return oldest + PATIENCE * this.#port.config.answerTimeoutMs;
  }

  #hello(handshakeHash: Uint8Array): void {
    const { context, sealer } = this.#port;
    const position = this.#position;
    const fields = {
      type: "Hello",
      versions: [WIRE_VERSION],
      groupKey: sealer.keys.groupKey,
      epoch: position?.epoch ?? null,
      contiguous: position?.contiguous ?? START,
      highest: position?.highest ?? START,
    } as const;
    this.connector.send(signHello(context.suite, sealer.keys.signingSeed, fields, handshakeHash));
  }

  #raiseHighest(position: Position): void {
    const { epoch, contiguous, highest } = this.#position!;
    if (position.cursor > highest.cursor) this.#position = { epoch, contiguous, highest: position };
  }

  /** An honest relay that is in the epoch of Hello holds what Hello told of; otherwise it begins another one. */
  #denied({ epoch, max }: Welcome): "rolled-back" | "forked" | undefined {
    if (this.#position === undefined || !isEqualBytes(this.#position.epoch, epoch)) return undefined;
    const { cursor, chain } = this.#position.highest;
    if (max.cursor < cursor) return "rolled-back";
    return max.cursor === cursor && !isEqualBytes(max.chain, chain) ? "forked" : undefined;
  }

  /** The page is taken all the same: who is accused is for the application to judge. */
  #suspect({ cursor, content }: InboxItem, hash: Uint8Array): void {
    if (content === null) return;
    const { sender, sequence, previous } = content;
    const what = this.#port.chains.see(sender, sequence, hash, previous, { log: this.#log, cursor });
    if (what === undefined) return;
    this.#port.context.mark(`client.${what}`);
    this.#port.tell({ type: "accused", relay: this.relay, what, cursor, sender });
  }

  #lost(why: DisconnectWhy, retryInMs: number | null, now: Now): void {
    const { tell } = this.#port;
    const wasLive = this.#epoch !== undefined;
    this.#epoch = undefined;
    this.#isInStep = false;
    this.#pusher.lost();
    if (this.#puller.lost()) {
      this.#port.context.mark("client.pull.lost");
      tell({ type: "pull-failed", relay: this.relay, why });
    }
    for (const ref of this.requests.lost()) {
      tell({ type: "request-failed", ref, why: "disconnected", code: null, retryAfterMs: null });
    }
    tell({ type: "disconnected", relay: this.relay, why, retryInMs });
    this.#port.lost(this, { why, retryInMs, wasLive }, now);
  }
}
