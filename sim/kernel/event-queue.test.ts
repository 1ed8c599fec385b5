import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "./event-queue.ts";

/** The slow and obviously right one: a sorted array. */
class SortedArray {
  private entries: { atMs: number; order: number }[] = [];
  push(atMs: number, order: number): void {
    this.entries.push({ atMs, order });
    this.entries.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
  }
  popUntil(untilMs: number): number | undefined {
    return (this.peekMs() ?? Infinity) <= untilMs ? this.entries.shift()?.order : undefined;
  }
  peekMs(): number | undefined {
    return this.entries[0]?.atMs;
  }
  get size(): number {
    return this.entries.length;
  }
}

/** Distances as they occur: at once, in the same block, the next blocks, beyond 17 minutes, and the past. */
const distance = fc.oneof(
  fc.nat(3),
  fc.nat(2000),
  fc.nat(100_000),
  fc.nat(5_000_000),
  fc.integer({ min: -3000, max: 0 }),
  fc.constantFrom(1023, 1024, 1025, 1_048_575, 1_048_576, 1_048_577, 4_294_967_296),
);
const call = fc.oneof(
  { weight: 30, arbitrary: fc.record({ type: fc.constant("push" as const), distance }) },
  { weight: 20, arbitrary: fc.record({ type: fc.constant("pop" as const) }) },
  { weight: 10, arbitrary: fc.record({ type: fc.constant("popUntil" as const), ahead: fc.nat(3000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("clear" as const) }) },
);

describe("the event queue", () => {
  it("does what a sorted array does, for any times and any ties", () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
        const queue = new EventQueue<number>();
        let reference = new SortedArray();
        let nowMs = 0;
        calls.forEach((each, order) => {
          switch (each.type) {
            case "push":
              queue.push(nowMs + each.distance, order);
              reference.push(nowMs + each.distance, order);
              break;
            case "clear":
              queue.clear();
              reference = new SortedArray();
              nowMs = 0;
              break;
            default: {
              const untilMs = each.type === "pop" ? Infinity : nowMs + each.ahead;
              const expectedMs = reference.peekMs();
              expect(queue.peekMs()).toBe(expectedMs);
              const popped = each.type === "pop" ? queue.pop() : queue.popUntil(untilMs);
              expect(popped).toBe(reference.popUntil(untilMs));
              if (popped === undefined && untilMs < Infinity) nowMs = untilMs;
              if (popped !== undefined) expect(queue.poppedMs).toBe(expectedMs);
              if (popped !== undefined && queue.poppedMs > nowMs) nowMs = queue.poppedMs;
            }
          }
          expect(queue.size).toBe(reference.size);
        });
      }),
      { numRuns: 400 },
    );
  });

  it("keeps the order among equal times when they come from the heap, the second ring and the first", () => {
    const queue = new EventQueue<string>();
    const farMs = 3_000_000;
    queue.push(farMs, "from the heap");
    queue.push(farMs - 5000, "step");
    expect(queue.pop()).toBe("step");
    queue.push(farMs, "from the second ring");
    queue.push(farMs - 1, "step");
    expect(queue.pop()).toBe("step");
    queue.push(farMs, "from the first ring");
    expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()]).toEqual([
      "from the heap",
      "from the second ring",
      "from the first ring",
      undefined,
    ]);
  });

  it("brings in what waited in the heap before what was pushed later for later", () => {
    const queue = new EventQueue<string>();
    queue.push(1_500_000, "second");
    queue.push(1_000_000, "first");
    expect(queue.pop()).toBe("first");
    queue.push(1_600_000, "third");
    expect([queue.pop(), queue.pop()]).toEqual(["second", "third"]);
  });

  it("keeps the order among many equal times far away", () => {
    const queue = new EventQueue<number>();
    for (let i = 0; i < 300; i++) queue.push(5_000_000 + (i % 3), i);
    const popped = Array.from({ length: 300 }, () => queue.pop()!);
    const expected = [0, 1, 2].flatMap((rest) => Array.from({ length: 100 }, (_, i) => 3 * i + rest));
    expect(popped).toEqual(expected);
  });

  it("refuses times that are not whole numbers", () => {
    const queue = new EventQueue<number>();
    expect(() => queue.push(0.5, 1)).toThrow(RangeError);
    expect(() => queue.push(Infinity, 1)).toThrow(RangeError);
    expect(() => queue.push(Number.NaN, 1)).toThrow(RangeError);
    expect(queue.size).toBe(0);
  });
});
