/**
 * `slicer`: cuts each chunk in halves again and again until the pieces are about `average_size` ± `size_variation`
 * bytes, and sends them one by one with `delay` microseconds after each. Removed or updated: the rest of the chunk that
 * is being sent goes at once, in one piece.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";

const HELD_BYTES_MAX = 64 * 1024;

interface Waiting {
  bytes: Uint8Array;
  readonly end: EndKind | undefined;
}

export class SlicerStage implements Stage {
  readonly heldBytesMax = HELD_BYTES_MAX;
  heldBytes = 0;
  readonly #context: StageContext;
  readonly #line: Waiting[] = [];
  /** Where the pieces of the first chunk end, as far as they have not gone. */
  #cuts: number[] = [];
  #sentBytes = 0;
  #freeMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: StageContext) {
    this.#context = context;
  }

  chunk(bytes: Uint8Array): void {
    this.heldBytes += bytes.length;
    this.#line.push({ bytes, end: undefined });
    this.#run();
  }

  end(kind: EndKind): void {
    this.#line.push({ bytes: new Uint8Array(0), end: kind });
    this.#run();
  }

  update(): void {
    this.#stop();
    if (this.#sentBytes > 0) this.#restAtOnce();
    this.#run();
  }

  release(): void {
    this.#stop();
    if (this.#sentBytes > 0) this.#restAtOnce();
    for (const { bytes, end } of this.#line.splice(0)) {
      if (end === undefined) this.#context.outlet.chunk(bytes);
      else this.#context.outlet.end(end);
    }
    this.heldBytes = 0;
  }

  dispose(): void {
    this.#stop();
    this.#line.length = 0;
    this.heldBytes = 0;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    while (this.#line.length > 0 && this.#timer === undefined) {
      const nowMs = performance.now();
      if (this.#freeMs > nowMs) {
        this.#timer = setTimeout(
          () => {
            this.#timer = undefined;
            this.#run();
          },
          Math.ceil(this.#freeMs - nowMs),
        );
        return;
      }
      const first = this.#line[0]!;
      if (first.end !== undefined) {
        this.#line.shift();
        this.#context.outlet.end(first.end);
        continue;
      }
      if (this.#sentBytes === 0) {
        this.#cuts = [];
        this.#cut(0, first.bytes.length);
        this.#cuts.reverse();
        if (this.#cuts.length > 1) this.#context.acted(first.bytes.length);
      }
      // A delay below a timer's millisecond adds up over the pieces.
      this.#freeMs = Math.max(this.#freeMs, nowMs - 1) + numberOf(this.#context, "delay") / 1000;
      this.#piece(first.bytes, this.#cuts.pop() ?? first.bytes.length);
    }
  }

  #piece(bytes: Uint8Array, end: number): void {
    const piece = bytes.subarray(this.#sentBytes, end);
    this.heldBytes -= piece.length;
    this.#sentBytes = end;
    if (end >= bytes.length) {
      this.#line.shift();
      this.#sentBytes = 0;
    }
    this.#context.outlet.chunk(piece);
  }

  #restAtOnce(): void {
    const first = this.#line[0]!;
    this.#piece(first.bytes, first.bytes.length);
  }

  #cut(start: number, end: number): void {
    const average = numberOf(this.#context, "average_size");
    const variation = numberOf(this.#context, "size_variation");
    if (end - start - average <= variation) {
      this.#cuts.push(end);
      return;
    }
    let middle = start + ((end - start) >> 1);
    if (variation > 0) middle += this.#context.draw.between("slice", -variation, variation - 1);
    this.#cut(start, middle);
    this.#cut(middle, end);
  }
}
