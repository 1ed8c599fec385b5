import { expect, test } from "vitest";
import { HeldRun } from "./held-run.ts";

test("the last run is held while code warms up, later one in many", () => {
  const runs = new HeldRun<number>();
  let changes = 0;
  for (let run = 1; run <= 64; run++) {
    runs.offer(run);
    expect(runs.held).toBe(run);
  }
  for (let run = 65; run <= 320; run++) {
    const before = runs.held;
    runs.offer(run);
    if (runs.held !== before) changes += 1;
  }
  expect(changes).toBe(8);
});
