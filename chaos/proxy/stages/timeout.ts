/**
 * `timeout`: drops all bytes. With `timeout` > 0 the connection is closed when nothing came for so many milliseconds,
 * counted from the last chunk. Removed: the connection is closed, for what was dropped is missing in the stream.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";

export class TimeoutStage implements Stage {
  readonly heldBytesMax = 1;
  readonly heldBytes = 0;
  readonly #context: StageContext;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(context: StageContext) {
    this.#context = context;
    this.#arm();
  }

  chunk(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#context.acted(bytes.length);
    this.#arm();
  }

  /** An end goes on at once, and as a close: bytes may be missing before it. */
  end(kind: EndKind): void {
    this.#finish(kind === "reset" ? "reset" : "close");
  }

  update(): void {
    this.#arm();
  }

  release(): void {
    this.#finish("close");
  }

  dispose(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const timeoutMs = numberOf(this.#context, "timeout");
    if (this.#isOver || timeoutMs === 0) return;
    this.#timer = setTimeout(() => {
      this.#context.acted(0);
      this.#finish("close");
    }, timeoutMs);
  }

  #finish(kind: EndKind): void {
    if (this.#isOver) return;
    this.dispose();
    this.#context.outlet.end(kind);
  }
}
