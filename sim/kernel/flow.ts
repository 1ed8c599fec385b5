/**
 * A flow: one direction of one connection, as an ordered stream of segments.
 *
 * Segments arrive in the order in which they were sent, at the earliest when their stream's profile and shapers allow,
 * and wait here (`held`) while the stream is blocked or the receiving host has no power, as TCP would keep sending them
 * again. Gates that drop or break are applied on arrival. The rules for what is in flight stand in toxic.ts.
 * Connections send and receive through their two flows.
 */
import { Action } from "./action.ts";
import type { Cause } from "./choices.ts";
import type { Connection } from "./connection.ts";
import { Line, PIECES_MAX } from "./line.ts";
import type { ActiveToxic, LinkStream } from "./link.ts";
import { createLane } from "./scheduler.ts";
import type { Entry, Lane } from "./scheduler.ts";
import { Tamperer } from "./tamperer.ts";

export const SEGMENT = { syn: 0, accept: 1, refuse: 2, chunk: 3, fin: 4, reset: 5 } as const;
export type SegmentKind = (typeof SEGMENT)[keyof typeof SEGMENT];

const SEGMENT_BYTES = 1460;
const RETRANSMIT_FIRST_MS = 200;
const RETRANSMIT_MS_MAX = 3200;
/** A segment lost this often in a row gets through: a bound for the loop, far beyond any real one. */
const LOSSES_MAX = 16;
/** Held segments arrive a chosen 0 … this after the way is free: TCP tries again at its own times. */
const RELEASE_MS_MAX = 1000;

/** Something on its way. */
export class Segment implements Entry {
  readonly kind: SegmentKind;
  readonly flow: Flow;
  readonly bytes: Uint8Array;
  readonly cause: Cause;

  constructor(kind: SegmentKind, flow: Flow, bytes: Uint8Array, cause: Cause) {
    this.kind = kind;
    this.flow = flow;
    this.bytes = bytes;
    this.cause = cause;
  }

  get lane(): Lane | undefined {
    return this.flow.lane;
  }

  fire(): void {
    this.flow.arrive(this);
  }
}

export const NO_BYTES = new Uint8Array(0);

export class Flow {
  readonly connection: Connection;
  readonly stream: LinkStream;
  private readonly held: Segment[] = [];
  /** No segment arrives before this. */
  private lastMs = 0;
  /** `bandwidth`: what waits for the line. */
  private line: Line | undefined;
  /** `timeout`: when the connection breaks, if nothing is dropped before. */
  private timeoutDueMs = 0;
  private isResetArmed = false;
  /** The sending host lost power: nobody sends again what does not get through at once. */
  private isSenderGone = false;
  private isCut = false;
  /** Made when somebody asks. */
  private ownLane: Lane | undefined;
  private readonly tamperer: Tamperer | undefined;
  private passed: Map<ActiveToxic, number> | undefined;

  constructor(connection: Connection, stream: LinkStream) {
    this.connection = connection;
    this.stream = stream;
    const { framing } = stream.network;
    if (framing !== undefined) this.tamperer = new Tamperer(framing, stream);
  }

  /** None where nobody is there who could tell what comes of it: the connection is gone, or the receiver has no power. */
  get lane(): Lane | undefined {
    const { connection } = this;
    const { dialler, isOver } = connection;
    const receiver = connection.receiverOf(this) ?? dialler.host;
    if (isOver || this.isCut || !receiver.isPowered) return undefined;
    const direction = this === connection.up ? "up" : "down";
    this.ownLane ??= createLane(`${dialler.host.name} ${dialler.id} ${direction}`, "flow", receiver.name);
    return this.ownLane;
  }

  send(kind: SegmentKind, bytes: Uint8Array, cause: Cause): void {
    const { network, profile, shapers } = this.stream;
    let atMs = network.scheduler.nowMs + profile.latencyMs;
    if (profile.jitterMs > 0) atMs += network.choices.choose(network.jitterLabel, cause, profile.jitterMs + 1);
    if (shapers.length === 0 && this.line === undefined) this.launch(kind, bytes, cause, atMs);
    else this.sendShaped(kind, bytes, cause, atMs);
  }

  /** At the end of the stream, perhaps not the first time. */
  arrive(segment: Segment): void {
    if (this.isCut || this.connection.isOver) return;
    if (this.held.length === 0 && this.pass(segment)) return;
    if (this.isSenderGone) {
      this.isCut = true;
      return;
    }
    if (this.held.length > 0 && this.stream.blocks > 0) this.touchBlocks();
    this.held.push(segment);
  }

  /** The way may be free again: what is held arrives a chosen time later. */
  releaseLater(): void {
    const first = this.held[0];
    if (first === undefined) return;
    const { network } = this.stream;
    const delayMs = network.choices.choose(network.retransmitLabel, first.cause, RELEASE_MS_MAX + 1);
    network.scheduler.push(network.scheduler.nowMs + delayMs, new Action(first.cause, () => this.release()));
  }

  private release(): void {
    const { held } = this;
    let passed = 0;
    while (passed < held.length && !this.connection.isOver && this.pass(held[passed]!)) passed += 1;
    held.splice(0, this.connection.isOver ? held.length : passed);
  }

  /** The sending host lost power. What is held is lost, and with it all that comes after. */
  senderLost(): void {
    this.isSenderGone = true;
    if (this.held.length === 0) return;
    this.held.length = 0;
    this.isCut = true;
  }

  /** A `timeout` toxic begins to count for this connection. */
  armTimeout(toxic: ActiveToxic, timeoutMs: number): void {
    if (timeoutMs === 0) return;
    const { scheduler } = this.stream.network;
    this.timeoutDueMs = scheduler.nowMs + timeoutMs;
    scheduler.push(this.timeoutDueMs, new Action(scheduler.cause, () => this.expire(toxic)));
  }

  /** A toxic's time is up. */
  private expire(toxic: ActiveToxic): void {
    if (this.connection.isOver) return;
    const { scheduler } = this.stream.network;
    if (toxic.spec.type === "timeout") {
      if (toxic.isRemoved) return;
      if (this.timeoutDueMs > scheduler.nowMs) {
        scheduler.push(this.timeoutDueMs, new Action(scheduler.cause, () => this.expire(toxic)));
        return;
      }
      toxic.touch();
    }
    this.connection.break();
  }

  /** False when it must be held. */
  private pass(segment: Segment): boolean {
    const { stream, connection } = this;
    if (stream.blocks > 0) {
      this.touchBlocks();
      return false;
    }
    const receiver = connection.receiverOf(this);
    if (receiver !== undefined && !receiver.isPowered) {
      stream.network.awaitPower(receiver, this);
      return false;
    }
    if (this.isResetArmed && segment.kind === SEGMENT.chunk) return true;
    let bytes = segment.bytes;
    if (this.tamperer !== undefined) {
      if (segment.kind === SEGMENT.chunk) bytes = this.tamperer.feed(bytes, segment.cause);
      else this.receiveRest(this.tamperer.release(), segment.cause);
      if (bytes.length === 0 && segment.kind === SEGMENT.chunk) return true;
    }
    let isLimited = false;
    if (stream.gates.length > 0 && segment.kind === SEGMENT.chunk) {
      for (const toxic of stream.gates) {
        const { spec } = toxic;
        if (spec.type === "timeout") {
          toxic.touch();
          this.timeoutDueMs = stream.network.scheduler.nowMs + spec.timeoutMs;
          return true;
        }
        if (spec.type === "reset_peer") {
          toxic.touch();
          this.isResetArmed = true;
          const { scheduler } = stream.network;
          scheduler.push(scheduler.nowMs + spec.timeoutMs, new Action(segment.cause, () => this.expire(toxic)));
          return true;
        }
        if (spec.type === "limit_data") {
          const left = this.countPassed(toxic, spec.bytes, bytes.length);
          if (left > 0) continue;
          toxic.touch();
          isLimited = true;
          bytes = bytes.subarray(0, bytes.length + left);
        }
      }
    }
    if (!isLimited || bytes.length > 0) connection.receive(this, segment.kind, bytes, segment.cause);
    if (isLimited) connection.break();
    return true;
  }

  /** How many bytes `limit_data` has left after these; negative: so many of them are too much. */
  private countPassed(toxic: ActiveToxic, limit: number, length: number): number {
    this.passed ??= new Map();
    const sum = (this.passed.get(toxic) ?? 0) + length;
    this.passed.set(toxic, Math.min(sum, limit));
    return limit - sum;
  }

  private touchBlocks(): void {
    for (const toxic of this.stream.gates) if (toxic.spec.type === "blocked") toxic.touch();
  }

  /** A `tamper` toxic is gone: what it held back arrives. */
  untamper(toxic: ActiveToxic): void {
    if (this.tamperer !== undefined)
      this.receiveRest(this.tamperer.release(toxic), this.stream.network.scheduler.cause);
  }

  private receiveRest(bytes: Uint8Array, cause: Cause): void {
    if (bytes.length > 0 && !this.connection.isOver) this.connection.receive(this, SEGMENT.chunk, bytes, cause);
  }

  /** Nothing waits for the line any more. */
  lineEmpty(): void {
    this.line = undefined;
  }

  /** `bandwidth` toxics came or went. */
  repace(): void {
    this.line?.repace();
  }

  launch(kind: SegmentKind, bytes: Uint8Array, cause: Cause, atMs: number): void {
    if (atMs > this.lastMs) this.lastMs = atMs;
    this.stream.network.scheduler.push(this.lastMs, new Segment(kind, this, bytes, cause));
  }

  private sendShaped(kind: SegmentKind, bytes: Uint8Array, cause: Cause, plainMs: number): void {
    const { network, shapers } = this.stream;
    let atMs = plainMs;
    let isNarrow = false;
    let sliceBytes = 0;
    let sliceDelayMs = 0;
    for (const toxic of shapers) {
      const { spec } = toxic;
      switch (spec.type) {
        case "latency":
          atMs += spec.latencyMs + network.choices.choose(network.jitterLabel, cause, spec.jitterMs + 1);
          toxic.touch();
          break;
        case "loss": {
          const delayMs = this.lossDelay(toxic, spec.permille, spec.burst, bytes.length, cause);
          if (delayMs > 0) toxic.touch();
          atMs += delayMs;
          break;
        }
        case "slow_close":
          if (kind !== SEGMENT.fin) break;
          atMs += spec.delayMs;
          toxic.touch();
          break;
        case "bandwidth":
          if (kind !== SEGMENT.chunk) break;
          isNarrow = true;
          toxic.touch();
          break;
        case "slicer":
          if (kind !== SEGMENT.chunk || bytes.length <= spec.averageBytes) break;
          sliceBytes = sliceBytes === 0 ? spec.averageBytes : Math.min(sliceBytes, spec.averageBytes);
          sliceDelayMs += spec.delayMs;
          toxic.touch();
          break;
        default:
      }
    }
    if (isNarrow || this.line !== undefined) {
      const delayMs = atMs - network.scheduler.nowMs;
      this.line ??= new Line(this);
      this.line.push({ kind, bytes, cause, delayMs, sliceBytes, sliceDelayMs });
    } else if (sliceBytes > 0) {
      this.sendSlices(bytes, cause, atMs, sliceBytes, sliceDelayMs);
    } else {
      this.launch(kind, bytes, cause, atMs);
    }
  }

  private sendSlices(bytes: Uint8Array, cause: Cause, plainMs: number, sliceBytes: number, sliceDelayMs: number): void {
    const { network } = this.stream;
    const smallest = Math.ceil(bytes.length / PIECES_MAX);
    let atMs = plainMs;
    for (let start = 0; start < bytes.length;) {
      const end = Math.min(bytes.length, start + Math.max(network.drawSlice(sliceBytes, cause), smallest));
      this.launch(SEGMENT.chunk, bytes.subarray(start, end), cause, atMs);
      atMs += sliceDelayMs;
      start = end;
    }
  }

  /** How long the slowest of the chunk's segments needs because of losses. */
  private lossDelay(toxic: ActiveToxic, permille: number, burst: number, length: number, cause: Cause): number {
    const { choices, lossLabel } = this.stream.network;
    // Mean run of losses = burst, share of lost segments = permille: the two ratios of the Gilbert–Elliott chain.
    const enterDen = burst === 1 ? 1000 : burst * (1000 - permille);
    let slowestMs = 0;
    for (let left = Math.max(1, length); left > 0; left -= SEGMENT_BYTES) {
      let delayMs = 0;
      let stepMs = RETRANSMIT_FIRST_MS;
      for (let losses = 0; losses < LOSSES_MAX; losses++) {
        const isLost =
          toxic.isInBurst && burst > 1
            ? choices.chance(lossLabel, cause, burst - 1, burst)
            : choices.chance(lossLabel, cause, permille, enterDen);
        toxic.isInBurst = isLost;
        if (!isLost) break;
        delayMs += stepMs;
        stepMs = Math.min(stepMs * 2, RETRANSMIT_MS_MAX);
      }
      if (delayMs > slowestMs) slowestMs = delayMs;
    }
    return slowestMs;
  }
}
