import { describe, expect, it } from "vitest";
import type { Entropy } from "../machine.ts";
import { backoffMs, replacedMs } from "./backoff.ts";

/** Answers a fixed share of what it may, and remembers what it was asked. */
function entropy(share: number): Entropy & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    fill: () => {
      throw new Error("nobody asks for bytes here");
    },
    below(label, bound) {
      asked.push(`${label} below ${bound}`);
      return Math.floor(share * (bound - 1));
    },
  };
}

describe("the wait before the next dial", () => {
  it("is 1, 2, 4 … seconds and never more than 30", () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 60, 5000].map((attempt) => backoffMs(attempt, entropy(0)));
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it("has up to five seconds of jitter on top, from the entropy that is handed in", () => {
    const full = entropy(1);
    expect([backoffMs(0, full), backoffMs(9, full)]).toEqual([6000, 35_000]);
    expect(full.asked).toEqual(["jitter below 5001", "jitter below 5001"]);
  });

  it("is 30 seconds after being replaced, doubling, an hour at most", () => {
    const waits = [0, 1, 2, 6, 7, 100].map(replacedMs);
    expect(waits).toEqual([30_000, 60_000, 120_000, 1_920_000, 3_600_000, 3_600_000]);
  });
});
