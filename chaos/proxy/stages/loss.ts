/**
 * `loss` (ours): lost segments as TCP shows them, and as the simulator has them: per segment of 1,460 bytes; a lost one
 * is sent again after 200 ms, doubling to 3.2 s for each further loss in a row, and the chunk waits for its slowest
 * segment. `permille` of the segments are lost, in runs of mean length `burst` (Gilbert–Elliott; 1 = each for itself).
 * An end counts as one segment. Removed: what waits goes at once.
 */
import type { EndKind, Stage, StageContext } from "../stage.ts";
import { numberOf } from "../stage.ts";
import { WaitingLine } from "./waiting-line.ts";

const HELD_BYTES_MAX = 4 * 1024 * 1024;
const SEGMENT_BYTES = 1460;
const RETRANSMIT_FIRST_MS = 200;
const RETRANSMIT_MS_MAX = 3200;
/** A segment lost this often in a row gets through: a bound for the loop, far beyond any real one. */
const LOSSES_MAX = 16;

export class LossStage implements Stage {
  readonly heldBytesMax = HELD_BYTES_MAX;
  readonly #context: StageContext;
  readonly #line: WaitingLine;
  #isInBurst = false;

  constructor(context: StageContext) {
    this.#context = context;
    this.#line = new WaitingLine(context.outlet);
  }

  get heldBytes(): number {
    return this.#line.heldBytes;
  }

  chunk(bytes: Uint8Array): void {
    const nowMs = performance.now();
    this.#line.chunk(bytes, nowMs, nowMs + this.#delayMs(bytes.length));
  }

  end(kind: EndKind): void {
    this.#line.end(kind, performance.now() + this.#delayMs(0));
  }

  /** What was lost is lost: only later segments know the new values. */
  update(): void {}

  release(): void {
    this.#line.release();
  }

  dispose(): void {
    this.#line.dispose();
  }

  #delayMs(bytes: number): number {
    let slowestMs = 0;
    for (let left = Math.max(1, bytes); left > 0; left -= SEGMENT_BYTES) {
      let delayMs = 0;
      let stepMs = RETRANSMIT_FIRST_MS;
      for (let losses = 0; losses < LOSSES_MAX && this.#isLost(); losses++) {
        delayMs += stepMs;
        stepMs = Math.min(stepMs * 2, RETRANSMIT_MS_MAX);
      }
      slowestMs = Math.max(slowestMs, delayMs);
    }
    if (slowestMs > 0) this.#context.acted(bytes);
    return slowestMs;
  }

  #isLost(): boolean {
    const permille = numberOf(this.#context, "permille");
    const burst = numberOf(this.#context, "burst");
    const { draw } = this.#context;
    // Mean run of losses = burst, share of lost segments = permille: the two ratios of the chain.
    if (this.#isInBurst && burst > 1) this.#isInBurst = draw.chance("loss", burst - 1, burst);
    else this.#isInBurst = draw.chance("loss", permille, burst === 1 ? 1000 : burst * (1000 - permille));
    return this.#isInBurst;
  }
}
