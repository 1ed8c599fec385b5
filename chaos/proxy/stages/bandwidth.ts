/**
 * `bandwidth`: at most `rate` kilobytes (of 1,000 bytes) per second, in pieces of at most 100 ms; 0 lets nothing
 * through. Removed: all that waits goes at once. Updated: the piece that waits and the rest of its chunk go at once,
 * the others at the new rate.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";

/** Little, so that the sender notices soon. */
const HELD_BYTES_MAX = 64 * 1024;
const PIECE_MS = 100;

interface Waiting {
  bytes: Uint8Array;
  readonly end: EndKind | undefined;
}

export class BandwidthStage implements Stage {
  readonly heldBytesMax = HELD_BYTES_MAX;
  heldBytes = 0;
  readonly #context: StageContext;
  readonly #line: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Size of the piece that is on the line, and when it is through. */
  #pieceBytes = 0;
  #freeMs = 0;

  constructor(context: StageContext) {
    this.#context = context;
  }

  chunk(bytes: Uint8Array): void {
    this.heldBytes += bytes.length;
    this.#context.acted(bytes.length);
    this.#line.push({ bytes, end: undefined });
    this.#run();
  }

  end(kind: EndKind): void {
    this.#line.push({ bytes: new Uint8Array(0), end: kind });
    this.#run();
  }

  update(): void {
    if (this.#pieceBytes === 0 && numberOf(this.#context, "rate") !== 0 && this.#line.length === 0) return;
    this.#stop();
    this.#freeMs = 0;
    if (this.#line[0]?.end === undefined) this.#go(this.#line[0]?.bytes.length ?? 0);
    this.#run();
  }

  release(): void {
    this.#stop();
    while (this.#line.length > 0) this.#go(this.#line[0]!.bytes.length);
  }

  dispose(): void {
    this.#stop();
    this.#line.length = 0;
    this.heldBytes = 0;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pieceBytes = 0;
  }

  #run(): void {
    while (this.#line.length > 0 && this.#timer === undefined) {
      const first = this.#line[0]!;
      if (first.end !== undefined) {
        this.#go(0);
        continue;
      }
      const rate = numberOf(this.#context, "rate");
      if (rate === 0) return;
      const nowMs = performance.now();
      if (this.#pieceBytes === 0) {
        this.#pieceBytes = Math.min(first.bytes.length, rate * PIECE_MS);
        this.#freeMs = Math.max(this.#freeMs, nowMs) + this.#pieceBytes / rate;
      }
      const waitMs = this.#freeMs - nowMs;
      if (waitMs > 0) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#run();
        }, Math.ceil(waitMs));
        return;
      }
      const piece = this.#pieceBytes;
      this.#pieceBytes = 0;
      this.#go(piece);
    }
  }

  /** So many bytes of the first in the line go on, or its end. */
  #go(count: number): void {
    const first = this.#line[0];
    if (first === undefined) return;
    if (first.end !== undefined) {
      this.#line.shift();
      this.#context.outlet.end(first.end);
      return;
    }
    const piece = first.bytes.subarray(0, count);
    first.bytes = first.bytes.subarray(count);
    this.heldBytes -= count;
    if (first.bytes.length === 0) this.#line.shift();
    this.#context.outlet.chunk(piece);
  }
}
