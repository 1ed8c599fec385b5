/**
 * A line of chunks and ends that wait for their times: the inside of every stage that delays. It keeps the order (what
 * is due earlier than the one before it waits for that one), never lets anything go too early, and has one timer, for
 * the first in the line. Latency, loss, bandwidth, slicer and slow_close are made of it.
 */
import type { EndKind, Outlet } from "../stage.ts";

interface Waiting {
  readonly bytes: Uint8Array | undefined;
  readonly end: EndKind | undefined;
  /** When it came, and when it may go. */
  readonly sinceMs: number;
  dueMs: number;
}

/** A held chunk costs at least this much: its objects count too. */
const CHUNK_BYTES_MIN = 512;

export class WaitingLine {
  heldBytes = 0;
  readonly #outlet: Outlet;
  #line: Waiting[] = [];
  /** Those before it have gone. */
  #first = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = 0;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  get isEmpty(): boolean {
    return this.#first === this.#line.length;
  }

  /** Both times by `performance.now()`. */
  chunk(bytes: Uint8Array, sinceMs: number, dueMs: number): void {
    this.heldBytes += cost(bytes);
    this.#push({ bytes, end: undefined, sinceMs, dueMs });
  }

  /** In order behind what waits, and not before its own time. */
  end(kind: EndKind, dueMs = 0): void {
    this.#push({ bytes: undefined, end: kind, sinceMs: performance.now(), dueMs });
  }

  /** The first goes at once; the others wait as `dueMs` now says. */
  reschedule(dueMs: (sinceMs: number, bytes: Uint8Array | undefined, oldDueMs: number) => number): void {
    if (this.isEmpty) return;
    this.#go();
    for (let i = this.#first; i < this.#line.length; i++) {
      const waiting = this.#line[i]!;
      waiting.dueMs = dueMs(waiting.sinceMs, waiting.bytes, waiting.dueMs);
    }
    this.#run();
  }

  release(): void {
    while (!this.isEmpty) this.#go();
    this.dispose();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#line = [];
    this.#first = 0;
    this.heldBytes = 0;
  }

  #push(waiting: Waiting): void {
    this.#line.push(waiting);
    if (this.#line.length === this.#first + 1) this.#run();
  }

  /** Lets go what is due, and sets the timer for the next. */
  #run(): void {
    while (!this.isEmpty) {
      const { dueMs } = this.#line[this.#first]!;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) {
        if (this.#timer !== undefined && this.#timerDueMs === dueMs) return;
        clearTimeout(this.#timer);
        this.#timerDueMs = dueMs;
        // A timer may ring a little early; then this runs again and waits for the rest.
        this.#timer = setTimeout(
          () => {
            this.#timer = undefined;
            this.#run();
          },
          Math.ceil(Math.min(waitMs, WAIT_MS_MAX)),
        );
        return;
      }
      this.#go();
    }
  }

  #go(): void {
    const waiting = this.#line[this.#first++]!;
    if (this.#first > 64 && this.#first * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#first);
      this.#first = 0;
    }
    if (waiting.bytes !== undefined) {
      this.heldBytes -= cost(waiting.bytes);
      this.#outlet.chunk(waiting.bytes);
    } else this.#outlet.end(waiting.end!);
  }
}

/** The longest that a timer of the host can wait. */
const WAIT_MS_MAX = 2 ** 31 - 1;

function cost(bytes: Uint8Array): number {
  return Math.max(bytes.length, CHUNK_BYTES_MIN);
}
