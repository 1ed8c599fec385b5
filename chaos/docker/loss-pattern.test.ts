import { expect, it } from "vitest";
import { createLossPattern } from "./loss-pattern.ts";

const meanRun = (dropped: readonly number[]): number =>
  dropped.length / dropped.filter((at) => !dropped.includes(at - 1)).length;

it("drops exactly the share, and the same packets for the same seed", () => {
  const spec = { type: "loss", permille: 200, burst: 1 } as const;
  const pattern = createLossPattern(spec, "0x2a", "a-relay");
  expect(pattern.of).toBe(200);
  expect(pattern.dropped).toHaveLength(40);
  // A share that two hundred packets cannot meet.
  expect(createLossPattern({ ...spec, permille: 3 }, "0x2a", "a")).toMatchObject({ of: 1000, dropped: { length: 3 } });
  expect(createLossPattern(spec, "0x2a", "a-relay")).toEqual(pattern);
  expect(createLossPattern(spec, "0x2b", "a-relay")).not.toEqual(pattern);
  expect(createLossPattern(spec, "0x2a", "b-relay")).not.toEqual(pattern);
});

it("drops runs of packets when losses come in bursts", () => {
  const single = createLossPattern({ type: "loss", permille: 100, burst: 1 }, "0x1", "a");
  const bursts = createLossPattern({ type: "loss", permille: 100, burst: 5 }, "0x1", "a");
  expect(bursts.dropped).toHaveLength(20);
  expect(meanRun(single.dropped)).toBeLessThan(1.6);
  expect(meanRun(bursts.dropped)).toBeGreaterThan(3);
});
