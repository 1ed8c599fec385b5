import { describe, expect, it } from "vitest";
import { KeyedRates } from "./keyed-rates.ts";

const RATE = { perPeriod: 60, periodMs: 60_000, burst: 2 };

describe("the rates of many keys", () => {
  it("are apart: one that used up its own takes nothing from another", () => {
    const rates = new KeyedRates(RATE, 10);
    expect([rates.take("a", 0), rates.take("a", 0), rates.take("a", 0), rates.take("b", 0)]).toEqual([0, 0, 1000, 0]);
  });

  it("outlive the look for what can be forgotten, as long as they are not full", () => {
    const rates = new KeyedRates(RATE, 10);
    rates.take("a", 0);
    rates.take("a", 0);
    rates.forgetFull(1999);
    expect([rates.size, rates.take("a", 1999), rates.take("a", 1999)]).toEqual([1, 0, 1]);
    rates.forgetFull(10_000);
    expect(rates.size).toBe(0);
  });

  it("never are more than may be: newcomers share one when all are at work", () => {
    const rates = new KeyedRates(RATE, 2);
    for (const key of ["a", "b"]) for (let i = 0; i < 2; i++) rates.take(key, 0);
    expect([rates.take("c", 0), rates.take("d", 0), rates.take("e", 0), rates.size]).toEqual([0, 0, 1000, 2]);
    expect(rates.take("a", 1000)).toBe(0);
  });

  it("make room as soon as one is full again", () => {
    const rates = new KeyedRates(RATE, 1);
    rates.take("a", 0);
    rates.take("b", 0);
    for (let i = 0; i < 2; i++) expect(rates.take("c", 5000)).toBe(0);
    expect([rates.take("c", 5000), rates.size]).toEqual([1000, 1]);
  });
});
