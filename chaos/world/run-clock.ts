/**
 * The controller's clock: the machine's monotonic one, in whole microseconds. Every process of this machine reads the
 * same one, so that what an agent saw and what the controller did can be put into one order.
 */
import process from "node:process";

export interface RunClock {
  nowUs(): number;
}

export const runClock: RunClock = {
  nowUs: () => Number(process.hrtime.bigint() / 1000n),
};

/** Resolves when it is time, or at once when `signal` is aborted. */
export async function sleepUntil(atUs: number, signal: AbortSignal, clock: RunClock = runClock): Promise<void> {
  const waitMs = (atUs - clock.nowUs()) / 1000;
  if (waitMs <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, waitMs);
    signal.addEventListener("abort", done);
  });
}

export function sleep(forMs: number, signal: AbortSignal): Promise<void> {
  return sleepUntil(runClock.nowUs() + 1000 * forMs, signal);
}
