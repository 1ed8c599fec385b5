/**
 * `limit_data`: lets `bytes` bytes of a connection through, counted from when the toxic met it, and closes it with the
 * last of them; 0 closes at the first chunk. The count survives an update.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";

export class LimitDataStage implements Stage {
  readonly heldBytesMax = 1;
  readonly heldBytes = 0;
  readonly #context: StageContext;
  #passedBytes = 0;
  #isClosed = false;

  constructor(context: StageContext) {
    this.#context = context;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const leftBytes = Math.max(0, numberOf(this.#context, "bytes") - this.#passedBytes);
    const passing = bytes.length <= leftBytes ? bytes : bytes.subarray(0, leftBytes);
    this.#passedBytes += passing.length;
    if (passing.length > 0) this.#context.outlet.chunk(passing);
    if (bytes.length < leftBytes) return;
    this.#context.acted(bytes.length - passing.length);
    this.#isClosed = true;
    this.#context.outlet.end("close");
  }

  end(kind: EndKind): void {
    if (!this.#isClosed) this.#context.outlet.end(kind);
  }

  update(): void {}
  release(): void {}
  dispose(): void {}
}
