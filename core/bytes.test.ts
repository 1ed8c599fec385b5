import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEqualBytes } from "./bytes.ts";

describe("equality of bytes", () => {
  it("sees every byte, wherever it is, at any length", () => {
    for (let length = 0; length <= 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => i);
      expect(isEqualBytes(bytes, bytes.slice())).toBe(true);
      for (let at = 0; at < length; at++) {
        const other = bytes.slice();
        other[at]! ^= 0x80;
        expect(isEqualBytes(bytes, other)).toBe(false);
      }
    }
  });

  it("is of the length, too", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array({ minLength: 1 }), (bytes, more) => {
        expect(isEqualBytes(bytes, Uint8Array.of(...bytes, ...more))).toBe(false);
      }),
    );
  });
});
