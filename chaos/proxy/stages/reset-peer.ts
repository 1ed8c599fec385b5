/**
 * `reset_peer`: the first chunk or end that comes, and all after it, is dropped, and `timeout` milliseconds later the
 * connection is reset, on both sides, also if the toxic was removed meanwhile.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";

export class ResetPeerStage implements Stage {
  readonly heldBytesMax = 1;
  readonly heldBytes = 0;
  readonly #context: StageContext;
  #isArmed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: StageContext) {
    this.#context = context;
  }

  chunk(bytes: Uint8Array): void {
    this.#arm(bytes.length);
  }

  end(_kind: EndKind): void {
    this.#arm(0);
  }

  update(): void {}

  /** The pipe keeps a stage that is armed, see `isLasting`. */
  release(): void {}

  /** True once it cannot be undone. */
  get isLasting(): boolean {
    return this.#isArmed;
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  #arm(bytes: number): void {
    this.#context.acted(bytes);
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#timer = setTimeout(() => this.#context.outlet.end("reset"), numberOf(this.#context, "timeout"));
  }
}
