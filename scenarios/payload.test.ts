import { describe, expect, test } from "vitest";
import { encodeHex } from "../core/bytes.ts";
import { createDraw } from "./draw.ts";
import { createPayload, digestBytes } from "./payload.ts";

const OP = "00112233445566778899aabbccddeeff";

describe("a payload", () => {
  test("begins with its operation id and has exactly the size asked for", () => {
    for (const size of [16, 17, 18, 19, 20, 200, 4097, 65_536]) {
      const bytes = createPayload(OP, size);
      expect(bytes.length).toBe(size);
      expect(encodeHex(bytes.subarray(0, 16))).toBe(OP);
    }
  });

  test("is nothing at all when it is empty", () => {
    expect(createPayload(OP, 0)).toEqual(new Uint8Array(0));
  });

  test("cannot be shorter than its canary", () => {
    for (const size of [1, 15, -1, 16.5]) expect(() => createPayload(OP, size)).toThrow("operation id");
    expect(() => createPayload("zz", 16)).toThrow("32 hex digits");
    expect(() => createPayload(OP.slice(2), 16)).toThrow("32 hex digits");
  });

  test("is the same for the same operation and shares no filler with another", () => {
    expect(createPayload(OP, 500)).toEqual(createPayload(OP, 500));
    const draw = createDraw("0x1");
    const seen = new Set<string>();
    for (let i = 0; i < 500; i++) seen.add(encodeHex(createPayload(draw.hex("op", 16), 48).subarray(16)));
    expect(seen.size).toBe(500);
  });

  test("a longer one goes on where the shorter one ended", () => {
    expect(createPayload(OP, 400).subarray(0, 123)).toEqual(createPayload(OP, 123));
  });

  test("fills with bytes of every value, zeros or not in the id", () => {
    for (const op of [OP, "0".repeat(32), "f".repeat(32)]) {
      expect(new Set(createPayload(op, 8192).subarray(16)).size).toBe(256);
    }
  });
});

describe("a digest", () => {
  test("is 16 hex digits, of nothing too, and stays what it was", () => {
    for (const size of [0, 16, 17, 18, 19, 999]) expect(digestBytes(createPayload(OP, size))).toMatch(/^[0-9a-f]{16}$/);
    expect(digestBytes(createPayload(OP, 100))).toBe(digestBytes(createPayload(OP, 100)));
  });

  test("sees every single flipped bit", () => {
    const bytes = createPayload(OP, 67);
    const seen = new Set([digestBytes(bytes)]);
    for (let bit = 0; bit < 67 * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      seen.add(digestBytes(bytes));
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(seen.size).toBe(67 * 8 + 1);
  });

  test("sees a byte cut off or added, zeros too, and two words exchanged", () => {
    const zeros = Array.from({ length: 64 }, (_, size) => digestBytes(new Uint8Array(size)));
    expect(new Set(zeros).size).toBe(64);
    const bytes = createPayload(OP, 64);
    const swapped = bytes.slice();
    swapped.set(bytes.subarray(20, 24), 24);
    swapped.set(bytes.subarray(24, 28), 20);
    expect(digestBytes(swapped)).not.toBe(digestBytes(bytes));
  });

  test("does not depend on where in a buffer the bytes lie", () => {
    const buffer = new Uint8Array(120);
    buffer.set(createPayload(OP, 100), 3);
    expect(digestBytes(buffer.subarray(3, 103))).toBe(digestBytes(createPayload(OP, 100)));
  });

  test("both halves tell payloads apart", () => {
    const draw = createDraw("0x2");
    const left = new Set<string>();
    const right = new Set<string>();
    for (let i = 0; i < 2000; i++) {
      const digest = digestBytes(createPayload(draw.hex("op", 16), 16 + (i % 50)));
      left.add(digest.slice(0, 8));
      right.add(digest.slice(8));
    }
    // Two thousand draws from 2^32: a collision has a chance of one in two thousand.
    expect(left.size).toBe(2000);
    expect(right.size).toBe(2000);
  });
});
