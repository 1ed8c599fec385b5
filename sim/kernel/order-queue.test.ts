import { describe, expect, it } from "vitest";
import { createCause } from "./choices.ts";
import { OrderQueue } from "./order-queue.ts";
import { createLane, type Entry } from "./scheduler.ts";

const cause = createCause(1);

function entry(name: string, lane?: string): Entry & { readonly name: string } {
  const place = lane === undefined ? {} : { lane: createLane(lane, "flow", "a") };
  return { name, cause, ...place, fire() {} };
}

/** A queue whose guide picks as told, and what it was asked. */
function queueOf(picks: number[]) {
  const asked: string[][] = [];
  const queue = new OrderQueue({
    pick(enabled) {
      asked.push(enabled.map(({ name }) => name));
      return picks.shift() ?? 0;
    },
  });
  const pop = (untilMs = Infinity): string | undefined =>
    (queue.popUntil(untilMs) as { name: string } | undefined)?.name;
  return { queue, asked, pop };
}

describe("an order queue", () => {
  it("goes by time as long as its window is closed, first in first out among equal times", () => {
    const { queue, asked, pop } = queueOf([]);
    queue.push(5, entry("late", "x"));
    queue.push(3, entry("first", "y"));
    queue.push(3, entry("second", "x"));
    expect([pop(4), pop(4), pop(4), pop(5)]).toEqual(["first", "second", undefined, "late"]);
    expect(queue.poppedMs).toBe(5);
    expect(asked).toEqual([]);
  });

  it("offers the first of each lane in its window, keeps lanes in order, and stops the time", () => {
    const { queue, asked, pop } = queueOf([1]);
    queue.push(10, entry("now"));
    expect(pop()).toBe("now");
    queue.push(11, entry("x1", "x"));
    queue.push(12, entry("timer"));
    queue.push(20, entry("y1", "y"));
    queue.push(30, entry("x2", "x"));
    queue.open();
    expect([pop(10), pop(10), pop(10)]).toEqual(["y1", "x1", "x2"]);
    expect(asked).toEqual([["x", "y"], ["x"], ["x"]]);
    expect(queue.poppedMs).toBe(10);
    expect([pop(11), pop(12)]).toEqual([undefined, "timer"]);
  });

  it("is not opened again by what comes after its window, and never goes back in time", () => {
    const { queue, asked, pop } = queueOf([]);
    queue.push(10, entry("now"));
    pop();
    queue.open();
    expect(pop(10)).toBeUndefined();
    queue.push(15, entry("x", "x"));
    queue.push(12, entry("y", "y"));
    expect([pop(), queue.poppedMs, pop(), queue.poppedMs]).toEqual(["y", 12, "x", 15]);
    queue.push(13, entry("overdue"));
    expect(queue.peekMs()).toBe(15);
    expect([pop(), queue.poppedMs]).toEqual(["overdue", 15]);
    expect(asked).toEqual([]);
  });
});
