import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Timeouts } from "./timeouts.ts";

function due(timeouts: Timeouts<string>, nowMs: number): string[] {
  const keys: string[] = [];
  for (let key = timeouts.takeDue(nowMs); key !== undefined; key = timeouts.takeDue(nowMs)) keys.push(key);
  return keys;
}

describe("timeouts of one duration", () => {
  it("have no deadline while nothing is armed", () => {
    const timeouts = new Timeouts<string>(100);
    expect([timeouts.earliestMs, timeouts.takeDue(1e9), timeouts.size]).toEqual([Infinity, undefined, 0]);
  });

  it("fire in the order of arming, each once, none before its time", () => {
    const timeouts = new Timeouts<string>(100);
    timeouts.arm("a", 0);
    timeouts.arm("b", 5);
    timeouts.arm("c", 5);
    expect([timeouts.earliestMs, due(timeouts, 99)]).toEqual([100, []]);
    expect([due(timeouts, 100), timeouts.earliestMs]).toEqual([["a"], 105]);
    expect([due(timeouts, 105), due(timeouts, 1000), timeouts.size]).toEqual([["b", "c"], [], 0]);
  });

  it("begin anew when armed again, behind the others", () => {
    const timeouts = new Timeouts<string>(100);
    timeouts.arm("a", 0);
    timeouts.arm("b", 1);
    timeouts.arm("a", 50);
    expect([timeouts.size, timeouts.earliestMs]).toEqual([2, 101]);
    expect([due(timeouts, 120), due(timeouts, 150)]).toEqual([["b"], ["a"]]);
  });

  it("can be called off, also twice", () => {
    const timeouts = new Timeouts<string>(100);
    timeouts.arm("a", 0);
    timeouts.arm("b", 0);
    timeouts.disarm("a");
    timeouts.disarm("a");
    expect([timeouts.size, due(timeouts, 100)]).toEqual([1, ["b"]]);
  });

  it("do what a plain list would, whatever is asked in whatever order", () => {
    const key = fc.nat(7);
    const step = fc.oneof(
      fc.record({ do: fc.constant("arm" as const), key }),
      fc.record({ do: fc.constant("disarm" as const), key }),
      fc.record({ do: fc.constant("take" as const), key }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const timeouts = new Timeouts<number>(10);
        let list: { key: number; dueMs: number }[] = [];
        steps.forEach(({ do: what, key: of }, nowMs) => {
          if (what === "take") {
            const first = list[0];
            const isDue = first !== undefined && first.dueMs <= nowMs;
            if (isDue) list = list.slice(1);
            expect(timeouts.takeDue(nowMs)).toBe(isDue ? first.key : undefined);
          } else {
            list = list.filter((each) => each.key !== of);
            if (what === "arm") list.push({ key: of, dueMs: nowMs + 10 });
            if (what === "arm") timeouts.arm(of, nowMs);
            else timeouts.disarm(of);
          }
          expect([timeouts.size, timeouts.earliestMs]).toEqual([list.length, list[0]?.dueMs ?? Infinity]);
        });
      }),
    );
  });

  it("can be armed again while the due ones are taken", () => {
    const timeouts = new Timeouts<string>(100);
    timeouts.arm("a", 0);
    timeouts.arm("b", 0);
    expect(timeouts.takeDue(100)).toBe("a");
    timeouts.arm("a", 100);
    expect([due(timeouts, 100), timeouts.earliestMs]).toEqual([["b"], 200]);
  });
});
