import { expect, it } from "vitest";
import { renderCount, renderDuration, renderRounded, renderShare } from "./figures.ts";

it("groups thousands", () => {
  expect([0, 999, 1000, 1234567].map(renderCount)).toEqual(["0", "999", "1,000", "1,234,567"]);
});

it("takes the largest unit that fits", () => {
  expect([0, 999, 1000, 90_000, 5_400_000, 180_000_000].map(renderDuration)).toEqual([
    "0 ms",
    "999 ms",
    "1 s",
    "1.5 min",
    "1.5 h",
    "2.08 d",
  ]);
});

it("keeps about three digits", () => {
  expect([0, 1.5, 12.34, 123.4, 12_345].map(renderRounded)).toEqual(["0", "1.5", "12.3", "123", "12,345"]);
});

it("never calls something nothing", () => {
  expect([renderShare(0, 10), renderShare(1, 1000), renderShare(1, 8), renderShare(0, 0)]).toEqual([
    "0 %",
    "<1 %",
    "13 %",
    "0 %",
  ]);
});
