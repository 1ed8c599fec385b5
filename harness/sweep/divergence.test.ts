import { expect, it } from "vitest";
import { findStretch } from "./divergence.ts";

const marks = (...hashes: string[]) => hashes.map((hash, i) => ({ event: 1024 * (i + 1), hash }));

it("parts two runs between the last checkpoint that they share and the first that they do not", () => {
  expect(findStretch(marks("a", "b", "c"), marks("a", "x", "y"))).toEqual({ from: 1024, to: 2048 });
  expect(findStretch(marks("a"), marks("x"))).toEqual({ from: 0, to: 1024 });
});

it("looks to the end where one run is over first, or no checkpoint differs", () => {
  expect(findStretch(marks("a"), marks("a", "b"))).toEqual({ from: 1024, to: 2048 });
  expect(findStretch(marks("a"), marks("a"))).toEqual({ from: 1024, to: Number.MAX_SAFE_INTEGER });
  expect(findStretch([], [])).toEqual({ from: 0, to: Number.MAX_SAFE_INTEGER });
});
