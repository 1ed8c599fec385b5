import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

describe("a token bucket", () => {
  it("gives its burst at once, and then says how long to wait", () => {
    const bucket = new TokenBucket(60, 60_000, 3, 500);
    expect([bucket.take(500), bucket.take(500), bucket.take(500), bucket.take(500)]).toEqual([0, 0, 0, 1000]);
  });

  it("gives a token after exactly the wait that it named, not a millisecond before", () => {
    const bucket = new TokenBucket(60, 60_000, 1, 0);
    expect([bucket.take(0), bucket.take(999), bucket.take(1000), bucket.take(1000)]).toEqual([0, 1, 0, 1000]);
  });

  it("loses nothing to rounding, at a rate that divides no millisecond", () => {
    const bucket = new TokenBucket(7, 1000, 1, 0);
    let taken = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs++) if (bucket.take(nowMs) === 0) taken += 1;
    expect(taken).toBe(70);
  });

  it("saves up no more than its burst", () => {
    const bucket = new TokenBucket(10, 1000, 2, 0);
    expect([bucket.take(1_000_000), bucket.take(1_000_000), bucket.take(1_000_000)]).toEqual([0, 0, 100]);
  });

  it("takes nothing for what it refuses", () => {
    const bucket = new TokenBucket(1, 1000, 1, 0);
    bucket.take(0);
    for (let nowMs = 1; nowMs < 1000; nowMs++) expect(bucket.take(nowMs)).toBe(1000 - nowMs);
    expect(bucket.take(1000)).toBe(0);
  });

  it("in no stretch of time gives more than its burst and its rate", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(400)),
        (rate, burst, gaps) => {
          const bucket = new TokenBucket(rate, 1000, burst, 0);
          const taken: number[] = [];
          let nowMs = 0;
          for (const gap of gaps) {
            nowMs += gap;
            if (bucket.take(nowMs) === 0) taken.push(nowMs);
          }
          for (const [first, fromMs] of taken.entries()) {
            for (let last = first; last < taken.length; last++) {
              expect((last - first + 1 - burst) * 1000).toBeLessThanOrEqual((taken[last]! - fromMs) * rate);
            }
          }
        },
      ),
    );
  });
});
