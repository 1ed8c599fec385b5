import { describe, expect, it } from "vitest";
import { measureLag } from "./fault-times.ts";
import { PlanClock } from "./plan-clock.ts";
import { runClock } from "./run-clock.ts";

function begun(): { readonly clock: PlanClock; readonly stop: AbortController } {
  const stop = new AbortController();
  const clock = new PlanClock(stop.signal);
  clock.begin(runClock.nowUs());
  return { clock, stop };
}

describe("the plan's clock", () => {
  it("is one of the wall clock", async () => {
    const { clock } = begun();
    await clock.until(30);
    expect(clock.nowMs).toBeGreaterThanOrEqual(30);
    expect(clock.heldMs).toBe(0);
    // What is over is not waited for.
    const beforeUs = runClock.nowUs();
    await clock.until(10);
    expect(runClock.nowUs() - beforeUs).toBeLessThan(20_000);
  });

  it("stands still while a host starts, also for whoever waits already", async () => {
    const { clock } = begun();
    const startUs = runClock.nowUs();
    const waited = clock.until(60).then(() => runClock.nowUs() - startUs);
    let started: () => void = () => {};
    const first = clock.holdWhile(new Promise<void>((resolve) => (started = resolve)));
    const second = clock.holdWhile(new Promise<void>((resolve) => setTimeout(resolve, 50)));
    await second;
    const stoodMs = clock.nowMs;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(clock.nowMs).toBeCloseTo(stoodMs, 6);
    started();
    await first;
    expect(clock.heldMs).toBeGreaterThanOrEqual(149);
    expect(await waited).toBeGreaterThanOrEqual(60_000 + 149_000);
    expect(clock.takenMs(60)).toBeCloseTo(60 + clock.heldMs, 0);
    expect(clock.takenMs(-1)).toBe(-1);
  });

  it("holds nobody up when the run is aborted", async () => {
    const { clock, stop } = begun();
    const waited = clock.until(60_000);
    stop.abort();
    await waited;
    expect(clock.nowMs).toBeLessThan(60_000);
  });
});

describe("how late faults were", () => {
  const time = (lagMs: number | undefined) => ({
    step: 1,
    fault: "pause",
    plannedMs: 1000,
    issuedMs: 1001,
    ...(lagMs === undefined ? {} : { inPlaceMs: 1000 + lagMs }),
  });

  it("is told by half of them, 99 of 100, and the worst", () => {
    const times = Array.from({ length: 100 }, (_, i) => time(i + 1));
    expect(measureLag(times)).toEqual({ faults: 100, medianMs: 50, p99Ms: 99, worstMs: 100 });
    expect(measureLag([time(undefined), time(7.26)])).toEqual({ faults: 1, medianMs: 7.3, p99Ms: 7.3, worstMs: 7.3 });
    expect(measureLag([time(undefined)])).toBeUndefined();
  });
});
