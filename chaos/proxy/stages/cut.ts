/**
 * `cut` (ours): closes the connection after the `after`-th message of our transport, counted from when the toxic met
 * it; 0 closes before the next one. Bytes that are no such messages pass.
 */
import { MessageReader } from "../message-reader.ts";
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";

export class CutStage implements Stage {
  readonly heldBytesMax = 1;
  readonly heldBytes = 0;
  readonly #context: StageContext;
  readonly #reader: MessageReader;
  #messages = 0;
  #isClosed = false;

  constructor(context: StageContext) {
    this.#context = context;
    this.#reader = new MessageReader(context.framing, {
      raw: (bytes) => {
        if (!this.#isClosed) context.outlet.chunk(bytes);
      },
      message: (message) => this.#message(message),
    });
  }

  chunk(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#reader.take(bytes);
  }

  end(kind: EndKind): void {
    if (this.#isClosed) return;
    this.#reader.flush();
    this.#context.outlet.end(kind);
  }

  update(): void {}

  release(): void {
    if (!this.#isClosed) this.#reader.flush();
  }

  dispose(): void {}

  #message(message: Uint8Array): void {
    if (this.#isClosed) return;
    const after = numberOf(this.#context, "after");
    if (this.#messages++ < after) this.#context.outlet.chunk(message);
    if (this.#messages < after) return;
    this.#isClosed = true;
    this.#context.acted(message.length);
    this.#context.outlet.end("close");
  }
}
