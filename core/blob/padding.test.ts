import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PADDED_BYTES_MIN, PAYLOAD_BYTES_MAX } from "../limits.ts";
import { paddedLength, paddedLengthWithin } from "./padding.ts";

/** Padmé as its paper writes it, in logarithms. Rounding is no matter at these sizes. */
function padmeByThePaper(length: number): number {
  const e = Math.floor(Math.log2(length));
  const s = Math.floor(Math.log2(e)) + 1;
  const mask = 2 ** (e - s) - 1;
  return Math.floor((length + mask) / (mask + 1)) * (mask + 1);
}

const lengths = fc.integer({ min: 0, max: PAYLOAD_BYTES_MAX });

describe("padding", () => {
  it("is Padmé from the least length upwards", () => {
    for (let length = PADDED_BYTES_MIN; length < 70_000; length++) {
      if (paddedLength(length) !== padmeByThePaper(length)) expect.fail(`length ${length}`);
    }
    expect(paddedLength(257)).toBe(272);
    expect(paddedLength(1000)).toBe(1024);
    expect(paddedLength(1_000_000)).toBe(1_015_808);
  });

  it("makes everything small look alike", () => {
    for (const length of [0, 1, 77, 255, 256]) expect(paddedLength(length)).toBe(256);
  });

  it("only grows, by at most 12 %, and leaves what is padded alone", () => {
    fc.assert(
      fc.property(lengths, (length) => {
        const padded = paddedLength(length);
        expect(padded).toBeGreaterThanOrEqual(length);
        if (length > PADDED_BYTES_MIN) expect(padded).toBeLessThanOrEqual(length * 1.12);
        expect(paddedLength(padded)).toBe(padded);
        expect(paddedLength(length + 1)).toBeGreaterThanOrEqual(padded);
      }),
    );
  });

  it("knows the longest padded length that fits", () => {
    fc.assert(
      fc.property(fc.integer({ min: PADDED_BYTES_MIN, max: PAYLOAD_BYTES_MAX }), (room) => {
        const fits = paddedLengthWithin(room);
        expect(fits).toBeLessThanOrEqual(room);
        expect(paddedLength(fits)).toBe(fits);
        expect(paddedLength(fits + 1)).toBeGreaterThan(room);
      }),
    );
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 31])("refuses %s as a length", (length) => {
    expect(() => paddedLength(length)).toThrow("a length to pad");
  });
});
