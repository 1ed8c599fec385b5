/**
 * `blocked` (ours): a partition as TCP shows it. Nothing is delivered while it is on, neither bytes nor ends; when it
 * is removed all that was held arrives, in order. One chunk is taken in, to know that something waits; after that the
 * source is not read, and its kernel makes the sender wait. It stands last in a stream, so that it also strikes what
 * other toxics still hold. A new connection waits too, see `connection.ts`.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";

export class BlockedStage implements Stage {
  readonly heldBytesMax = 1;
  heldBytes = 0;
  readonly #context: StageContext;
  readonly #line: (Uint8Array | EndKind)[] = [];

  constructor(context: StageContext) {
    this.#context = context;
  }

  chunk(bytes: Uint8Array): void {
    this.#context.acted(bytes.length);
    this.heldBytes += bytes.length;
    this.#line.push(bytes);
  }

  end(kind: EndKind): void {
    this.#context.acted(0);
    this.#line.push(kind);
  }

  update(): void {}

  release(): void {
    for (const held of this.#line.splice(0)) {
      if (typeof held === "string") this.#context.outlet.end(held);
      else this.#context.outlet.chunk(held);
    }
    this.heldBytes = 0;
  }

  dispose(): void {
    this.#line.length = 0;
    this.heldBytes = 0;
  }
}
