import { expect, it } from "vitest";
import { createFastClock, createRealClock } from "./clock.ts";

it("the real clock tells whole milliseconds, and never goes back", () => {
  const clock = createRealClock();
  let before = clock.now();
  for (let i = 0; i < 1000; i++) {
    const now = clock.now();
    expect(Number.isSafeInteger(now.monoMs) && Number.isSafeInteger(now.wallMs)).toBe(true);
    expect(now.monoMs).toBeGreaterThanOrEqual(before.monoMs);
    before = now;
  }
  expect(clock.rate).toBe(1);
});

it("a fast clock starts at the present and runs ahead, both of its clocks alike", () => {
  let ms = 5000;
  const clock = createFastClock(30, { rate: 1, now: () => ({ monoMs: ms, wallMs: 1_000_000 + ms }) });
  expect(clock.now()).toEqual({ monoMs: 5000, wallMs: 1_005_000 });
  ms += 1000;
  expect(clock.now()).toEqual({ monoMs: 35_000, wallMs: 1_035_000 });
  expect(clock.rate).toBe(30);
});
