/**
 * The line of one flow under `bandwidth`: what is sent waits here and leaves piece by piece, at the rate that holds when
 * a piece begins. A piece that has left has its arrival time; what still waits follows the toxics: slower when another
 * comes, at once when the last one goes. A flow has one only while something waits.
 */
import { Action } from "./action.ts";
import type { Cause } from "./choices.ts";
import type { Flow, SegmentKind } from "./flow.ts";

/** A chunk is never cut into more. */
export const PIECES_MAX = 256;
/** The line is looked at so often: a piece takes no longer, unless the chunk would have too many. */
const PIECES_PER_S = 10;

export interface LineItem {
  readonly kind: SegmentKind;
  readonly bytes: Uint8Array;
  readonly cause: Cause;
  /** From leaving the line to its arrival. */
  readonly delayMs: number;
  /** 0 = not sliced. */
  readonly sliceBytes: number;
  readonly sliceDelayMs: number;
}

export class Line {
  private readonly flow: Flow;
  private readonly waiting: LineItem[] = [];
  /** How much of the first item has left, and in how many pieces. */
  private start = 0;
  private pieces = 0;
  /** The end of the piece that is leaving; 0 = none is. */
  private leaving = 0;
  private freeUs = 0;
  /** Timers of an earlier pace mean nothing. */
  private pace = 0;

  constructor(flow: Flow) {
    this.flow = flow;
  }

  push(item: LineItem): void {
    this.waiting.push(item);
    if (this.waiting.length === 1) this.advance();
  }

  /** Toxics came or went. */
  repace(): void {
    if (this.rate() > 0 || this.waiting.length === 0) return;
    this.pace += 1;
    this.leaving = 0;
    this.advance();
  }

  /** A piece has left. */
  private left(pace: number): void {
    if (pace !== this.pace || this.flow.connection.isOver) return;
    this.launch(this.leaving);
    this.leaving = 0;
    this.advance();
  }

  private advance(): void {
    const { network } = this.flow.stream;
    for (let item = this.waiting[0]; item !== undefined; item = this.waiting[0]) {
      const rate = this.rate();
      const end = this.endOfPiece(item, rate);
      if (rate === 0 || end === this.start) {
        this.launch(end);
        continue;
      }
      const startUs = Math.max(this.freeUs, network.scheduler.nowMs * 1000);
      this.freeUs = startUs + Math.ceil(((end - this.start) * 1_000_000) / rate);
      this.leaving = end;
      const { pace } = this;
      network.scheduler.push(Math.ceil(this.freeUs / 1000), new Action(item.cause, () => this.left(pace)));
      return;
    }
    this.flow.lineEmpty();
  }

  private endOfPiece(item: LineItem, rate: number): number {
    const { network } = this.flow.stream;
    const { length } = item.bytes;
    let size = rate > 0 ? Math.max(1, Math.floor(rate / PIECES_PER_S)) : length;
    if (item.sliceBytes > 0) size = Math.min(size, network.drawSlice(item.sliceBytes, item.cause));
    return Math.min(length, this.start + Math.max(size, Math.ceil(length / PIECES_MAX)));
  }

  private launch(end: number): void {
    const item = this.waiting[0]!;
    const { kind, bytes, cause, delayMs, sliceDelayMs } = item;
    const atMs = this.flow.stream.network.scheduler.nowMs + delayMs + this.pieces * sliceDelayMs;
    this.flow.launch(
      kind,
      this.start === 0 && end === bytes.length ? bytes : bytes.subarray(this.start, end),
      cause,
      atMs,
    );
    this.start = end;
    this.pieces += 1;
    if (end < bytes.length) return;
    this.waiting.shift();
    this.start = 0;
    this.pieces = 0;
  }

  /** Bytes per second of the narrowest toxic; 0 = as fast as it goes. */
  private rate(): number {
    let rate = 0;
    for (const { spec } of this.flow.stream.shapers) {
      if (spec.type === "bandwidth") rate = rate === 0 ? spec.bytesPerS : Math.min(rate, spec.bytesPerS);
    }
    return rate;
  }
}
