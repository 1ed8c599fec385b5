import { describe, expect, it } from "vitest";
import { EMPTY, encodeHex } from "../core/bytes.ts";
import { suiteConformance } from "../core/crypto/suite-conformance.ts";
import { TAG_BYTES } from "../core/crypto/suite.ts";
import { toySuite } from "./toy-suite.ts";

describe("the toy suite conforms to the port", () => {
  for (const { name, run } of suiteConformance(toySuite)) it(name, run);
});

/** Pearson's statistic for counts that should be equal. */
function chiSquare(counts: Uint32Array): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** For 256 buckets: mean 255, standard deviation 22.6; five of them either way. */
function expectUniformBytes(counts: Uint32Array): void {
  expect(chiSquare(counts)).toBeGreaterThan(142);
  expect(chiSquare(counts)).toBeLessThan(368);
}

function counterBytes(length: number, value: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < Math.min(4, length); i++) bytes[i] = value >>> (8 * i);
  return bytes;
}

function flippedBits(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) for (let bits = a[i]! ^ b[i]!; bits !== 0; bits &= bits - 1) count++;
  return count;
}

describe("the toy suite spreads its results", () => {
  it("gives 100 000 counters 100 000 hashes, in each half on its own, with even bytes", () => {
    const firsts = new Set<string>();
    const lasts = new Set<string>();
    const counts = Array.from({ length: 32 }, () => new Uint32Array(256));
    for (let value = 0; value < 100_000; value++) {
      const hash = toySuite.hash(counterBytes(20, value));
      firsts.add(encodeHex(hash.subarray(0, 8)));
      lasts.add(encodeHex(hash.subarray(24)));
      for (let i = 0; i < 32; i++) counts[i]![hash[i]!]!++;
    }
    expect(firsts.size).toBe(100_000);
    expect(lasts.size).toBe(100_000);
    for (const perByte of counts) expectUniformBytes(perByte);
  });

  it("gives no two equal hashes for sparse inputs: one or two bits set anywhere in 64 bytes", () => {
    const seen = new Set<string>();
    let inputs = 0;
    for (let i = 0; i < 512; i++) {
      for (let j = i; j < 512; j++) {
        const bytes = new Uint8Array(64);
        bytes[i >> 3] = 1 << (i & 7);
        bytes[j >> 3] = bytes[j >> 3]! | (1 << (j & 7));
        seen.add(encodeHex(toySuite.hash(bytes).subarray(0, 8)));
        inputs++;
      }
    }
    expect(seen.size).toBe(inputs);
  });

  it("flips about half of the output for each flipped input bit, wherever it is", () => {
    for (const length of [1, 7, 8, 9, 100, 350]) {
      const bytes = new Uint8Array(length).fill(0x5a);
      const before = toySuite.hash(bytes);
      for (let bit = 0; bit < length * 8; bit++) {
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
        const flipped = flippedBits(before, toySuite.hash(bytes));
        bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7));
        // 256 coins: 128 ± 8; five deviations.
        expect(Math.abs(flipped - 128)).toBeLessThanOrEqual(48);
      }
    }
  });

  it("makes a keystream of even bytes, for one long message and for many short ones", () => {
    const key = counterBytes(32, 7);
    const long = new Uint8Array(200_000 + TAG_BYTES);
    toySuite.aeadSeal(key, new Uint8Array(12), EMPTY, new Uint8Array(200_000), long);
    const counts = new Uint32Array(256);
    for (const byte of long) counts[byte]!++;
    expectUniformBytes(counts);

    const short = new Uint8Array(8 + TAG_BYTES);
    const perByte = Array.from({ length: short.length }, () => new Uint32Array(256));
    const seen = new Set<string>();
    for (let value = 0; value < 50_000; value++) {
      toySuite.aeadSeal(key, counterBytes(12, value), EMPTY, new Uint8Array(8), short);
      for (let i = 0; i < short.length; i++) perByte[i]![short[i]!]!++;
      seen.add(encodeHex(short.subarray(0, 8)));
    }
    expect(seen.size).toBe(50_000);
    for (const one of perByte) expectUniformBytes(one);
  });

  it("differs from use to use for equal bytes", () => {
    const key = counterBytes(32, 1);
    const values = [
      toySuite.hash(key),
      toySuite.hmac(key, EMPTY),
      toySuite.hmac(EMPTY, key),
      toySuite.hkdf(key, EMPTY, EMPTY, 32),
      toySuite.dhPublicKey(key),
      toySuite.signPublicKey(key),
    ];
    expect(new Set(values.map(encodeHex)).size).toBe(values.length);
  });
});
