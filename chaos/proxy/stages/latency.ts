/**
 * `latency`: every chunk waits `latency` ± `jitter` milliseconds since it was read; the order is kept. An end waits
 * only for what is before it. Removed: all that waits goes at once. Updated: the first that waits goes at once, the
 * others wait as long as the new values say, since they were read.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";
import { WaitingLine } from "./waiting-line.ts";

/** What 300 ms of 13 MB/s are. */
const HELD_BYTES_MAX = 4 * 1024 * 1024;

export class LatencyStage implements Stage {
  readonly heldBytesMax = HELD_BYTES_MAX;
  readonly #context: StageContext;
  readonly #line: WaitingLine;

  constructor(context: StageContext) {
    this.#context = context;
    this.#line = new WaitingLine(context.outlet);
  }

  get heldBytes(): number {
    return this.#line.heldBytes;
  }

  chunk(bytes: Uint8Array): void {
    const nowMs = performance.now();
    const waitMs = this.#waitMs();
    if (waitMs > 0) this.#context.acted(bytes.length);
    this.#line.chunk(bytes, nowMs, nowMs + waitMs);
  }

  end(kind: EndKind): void {
    this.#line.end(kind);
  }

  update(): void {
    this.#line.reschedule((sinceMs, bytes) => (bytes === undefined ? 0 : sinceMs + this.#waitMs()));
  }

  release(): void {
    this.#line.release();
  }

  dispose(): void {
    this.#line.dispose();
  }

  #waitMs(): number {
    const latency = numberOf(this.#context, "latency");
    const jitter = numberOf(this.#context, "jitter");
    if (jitter === 0) return latency;
    return Math.max(0, latency + this.#context.draw.between("jitter", -jitter, jitter - 1));
  }
}
