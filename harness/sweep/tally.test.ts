import { expect, it } from "vitest";
import { createTally, isIdleTooOften, tallyVerdict } from "./tally.ts";

it("calls an id idle too often above one run in ten, from twenty runs on", () => {
  const idle = (idleRuns: number, seeds: number) => isIdleTooOften({ ...createTally("A", ""), idle: idleRuns, seeds });
  expect([idle(19, 19), idle(2, 20), idle(3, 20), idle(10, 100), idle(11, 100)]).toEqual([
    false,
    false,
    true,
    false,
    true,
  ]);
});

it("takes the worst of what it counted for its verdict", () => {
  const tally = createTally("A", "");
  expect(tallyVerdict({ ...tally, seeds: 5, valid: 5 })).toBe("valid");
  expect(tallyVerdict({ ...tally, seeds: 5, unknown: 1 })).toBe("unknown");
  expect(tallyVerdict({ ...tally, seeds: 5, unknown: 1, invalid: 1 })).toBe("invalid");
  expect(tallyVerdict({ ...tally, seeds: 5, mismatches: 1 })).toBe("invalid");
  expect(tallyVerdict({ ...tally, seeds: 20, idle: 20 })).toBe("invalid");
});
