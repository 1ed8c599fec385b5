/** Where a driver gets the time from. */
import { performance } from "node:perf_hooks";
import type { Now } from "../../core/machine.ts";

export interface Clock {
  now(): Now;
  /** Milliseconds of this clock in one real millisecond. */
  readonly rate: number;
}

/** The machine's own clocks, whole milliseconds. */
export function createRealClock(): Clock {
  return { rate: 1, now: () => ({ monoMs: Math.floor(performance.now()), wallMs: Date.now() }) };
}

/** Both clocks run `rate` times as fast, from the present on: a month of ttl in a day, for soak tests. */
export function createFastClock(rate: number, real: Clock = createRealClock()): Clock {
  const start = real.now();
  return {
    rate: rate * real.rate,
    now: () => {
      const { monoMs } = real.now();
      const passedMs = Math.floor((monoMs - start.monoMs) * rate);
      return { monoMs: start.monoMs + passedMs, wallMs: start.wallMs + passedMs };
    },
  };
}
