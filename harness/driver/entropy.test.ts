import { describe, expect, it } from "vitest";
import { InvariantViolation } from "../../core/invariant.ts";
import { createEntropy } from "./entropy.ts";

describe("fill", () => {
  it("never hands out the same bytes twice, whatever the lengths", () => {
    const entropy = createEntropy();
    const seen = new Set<string>();
    let draws = 0;
    for (const length of [16, 24, 32, 255, 256, 257, 4096, 10_000]) {
      for (let i = 0; i < 100; i++, draws++) {
        const out = new Uint8Array(length);
        entropy.fill("any", out);
        seen.add(Buffer.from(out.subarray(-16)).toString("hex"));
      }
    }
    expect(seen.size).toBe(draws);
    entropy.fill("none", new Uint8Array(0));
  });

  it("hands out what was drawn, in order, and keeps none of it", () => {
    let pool: Uint8Array | undefined;
    const entropy = createEntropy((out) => {
      pool = out;
      for (let i = 0; i < out.length; i++) out[i] = i % 251;
    });
    const out = new Uint8Array(10);
    entropy.fill("first", out);
    entropy.fill("second", out);
    expect([...out]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(pool!.subarray(0, 20).every((byte) => byte === 0)).toBe(true);
    expect(pool![20]).toBe(20);
  });
});

describe("below", () => {
  it("draws again where a remainder would favour small numbers", () => {
    const words = [0xff_ff_ff_ff, 7];
    const entropy = createEntropy((out) => {
      const view = new DataView(out.buffer, out.byteOffset);
      for (let at = 0; at + 4 <= out.length; at += 4) view.setUint32(at, words[(at / 4) % 2]!);
    });
    expect(entropy.below("jitter", 3)).toBe(1);
    expect(entropy.below("jitter", 2 ** 32)).toBe(0xff_ff_ff_ff);
  });

  it("stays below, reaches every number, refuses impossible bounds", () => {
    const entropy = createEntropy();
    const drawn = new Set(Array.from({ length: 500 }, () => entropy.below("jitter", 6)));
    expect([...drawn].toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(entropy.below("jitter", 1)).toBe(0);
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1]) {
      expect(() => entropy.below("jitter", bound)).toThrow(InvariantViolation);
    }
  });
});
