/**
 * Jitter from the plan's seed. Toxiproxy's own takes no seed, so the toxic has none, and its latency is set anew every
 * half second to the next drawn value. What waits when it is set anew goes out at once; order is kept.
 */
import type { ToxicSpec } from "../../scenarios/plan.ts";
import { createDraw } from "../../scenarios/draw.ts";
import { sleep } from "../world/run-clock.ts";

export const DELAY_STEP_MS = 500;

export interface DelayWalkOptions {
  readonly spec: Extract<ToxicSpec, { type: "latency" }>;
  readonly seed: string;
  readonly label: string;
  readonly signal: AbortSignal;
  readonly set: (latencyMs: number) => Promise<void>;
}

export class DelayWalk {
  readonly label: string;
  /** It could not be set any more, in words. */
  failure: string | undefined;
  readonly #stop = new AbortController();
  readonly #over: Promise<void>;

  constructor(options: DelayWalkOptions) {
    this.label = options.label;
    this.#over = this.#walk(options);
  }

  async end(): Promise<void> {
    this.stop();
    await this.#over;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #walk({ spec, seed, label, signal, set }: DelayWalkOptions): Promise<void> {
    const draw = createDraw(seed, `jitter/${label}`);
    const until = AbortSignal.any([signal, this.#stop.signal]);
    const { latencyMs, jitterMs } = spec;
    for (let i = 0; !until.aborted; i++) {
      try {
        await set(draw.between(`delay/${i}`, latencyMs, latencyMs + jitterMs));
      } catch (error) {
        if (!until.aborted)
          this.failure = `the jitter of ${label} ended: ${error instanceof Error ? error.message : error}`;
        return;
      }
      await sleep(DELAY_STEP_MS, until);
    }
  }
}
