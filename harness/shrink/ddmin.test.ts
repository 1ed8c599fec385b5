import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ddmin } from "./ddmin.ts";

describe("delta debugging", () => {
  it("finds the few that matter among many, and nothing else", () => {
    const wanted = fc.uniqueArray(fc.nat(199), { maxLength: 6 });
    fc.assert(
      fc.property(wanted, (matter) => {
        const items = Array.from({ length: 200 }, (_, i) => i);
        const kept = ddmin(items, (some) => matter.every((each) => some.includes(each)));
        expect(kept).toEqual(matter.toSorted((a, b) => a - b));
      }),
    );
  });

  it("leaves a list of which no single element can be left out, also where the reasons are many", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(fc.nat(29), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
        (reasons) => {
          const holds = (some: readonly number[]): boolean =>
            reasons.some((reason) => reason.every((each) => some.includes(each)));
          const kept = ddmin(
            Array.from({ length: 30 }, (_, i) => i),
            holds,
          );
          expect(holds(kept)).toBe(true);
          for (let i = 0; i < kept.length; i++) expect(holds(kept.toSpliced(i, 1))).toBe(false);
        },
      ),
    );
  });

  it("asks for nothing at all first, and little for a few of many", () => {
    let asked = 0;
    const kept = ddmin(
      Array.from({ length: 1024 }, (_, i) => i),
      (some) => {
        asked += 1;
        return some.includes(700) && some.includes(41);
      },
    );
    expect(kept).toEqual([41, 700]);
    expect(asked).toBeLessThan(120);
    expect(ddmin([1, 2, 3], () => true)).toEqual([]);
  });
});
