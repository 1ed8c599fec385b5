/**
 * `slow_close`: an end goes on `delay` milliseconds later, whatever ends the stream; bytes are not touched. Removed:
 * an end that waits goes at once. Updated: it waits the new delay from now on. A second end only says more about the
 * first: one that had closed its half is gone.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";

export class SlowCloseStage implements Stage {
  readonly heldBytesMax = 1;
  readonly heldBytes = 0;
  readonly #context: StageContext;
  #timer: NodeJS.Timeout | undefined;
  #waiting: EndKind | undefined;

  constructor(context: StageContext) {
    this.#context = context;
  }

  chunk(bytes: Uint8Array): void {
    this.#context.outlet.chunk(bytes);
  }

  end(kind: EndKind): void {
    const isFirst = this.#waiting === undefined;
    this.#waiting = kind;
    if (!isFirst) return;
    this.#context.acted(0);
    this.#arm();
  }

  update(): void {
    if (this.#waiting !== undefined) this.#arm();
  }

  release(): void {
    this.dispose();
    if (this.#waiting !== undefined) this.#context.outlet.end(this.#waiting);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const go = (): void => this.#context.outlet.end(this.#waiting!);
    this.#timer = setTimeout(go, numberOf(this.#context, "delay"));
  }
}
