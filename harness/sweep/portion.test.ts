import { expect, it } from "vitest";
import { cutPortions, type Portions } from "./portion.ts";

const portions: Portions = {
  ids: ["A", "B"],
  firstSeed: "0x1",
  seedsPerId: 100,
  stopAtMs: undefined,
  shard: { index: 0, of: 1 },
  suite: "toy",
  portableEvery: 64,
  workers: 2,
};

it("cuts every seed of every id into exactly one task, each of one id, none smaller than sixteen but the last", () => {
  for (const seedsPerId of [1, 15, 16, 17, 100, 1000]) {
    const tasks = [...cutPortions({ ...portions, seedsPerId })];
    for (const id of portions.ids) {
      const own = tasks.filter((task) => task.scenario === id);
      const seeds = own.flatMap((task) => task.seeds);
      expect(seeds.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: seedsPerId }, (_, i) => i + 1));
      for (const task of own.slice(0, -1)) expect(task.seeds.length).toBeGreaterThanOrEqual(16);
    }
  }
});

it("takes turns among the ids", () => {
  const ids = [...cutPortions(portions)].map((task) => task.scenario);
  expect(ids.slice(0, 4)).toEqual(["A", "B", "A", "B"]);
});

it("puts the first and every sixty-fourth run of an id into the portable slice", () => {
  const portable = [...cutPortions({ ...portions, ids: ["A"] })].flatMap((task) => task.portable);
  expect(portable).toEqual(["0x1", "0x41"]);
  expect([...cutPortions({ ...portions, portableEvery: 0 })].flatMap((task) => task.portable)).toEqual([]);
});

it("goes on without end when only the time is limited", () => {
  const tasks = cutPortions({ ...portions, seedsPerId: undefined, stopAtMs: 1 });
  for (let i = 0; i < 1000; i++) expect(tasks.next().done).toBe(false);
});
