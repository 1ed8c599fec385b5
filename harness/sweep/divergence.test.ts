import { expect, it } from "vitest";
import { findDivergence, findStretch, type Inspect } from "./divergence.ts";
import type { ChoiceLine } from "./choice-log.ts";
import type { Inspection } from "./task.ts";

const marks = (...hashes: string[]) => hashes.map((hash, i) => ({ event: 1024 * (i + 1), hash }));

it("parts two runs between the last checkpoint that they share and the first that they do not", () => {
  expect(findStretch(marks("a", "b", "c"), marks("a", "x", "y"))).toEqual({ from: 1024, to: 2048 });
  expect(findStretch(marks("a"), marks("x"))).toEqual({ from: 0, to: 1024 });
});

it("looks to the end where one run is over first, or no checkpoint differs", () => {
  expect(findStretch(marks("a"), marks("a", "b"))).toEqual({ from: 1024, to: 2048 });
  expect(findStretch(marks("a"), marks("a"))).toEqual({ from: 1024, to: Number.MAX_SAFE_INTEGER });
  expect(findStretch([], [])).toEqual({ from: 0, to: Number.MAX_SAFE_INTEGER });
});

const line = (number: number, label: string, value: number, event: number): ChoiceLine => {
  return { number, label, value, event, cause: 3, ordinal: 0, bound: 4 };
};

function inspectionOf(hash: string, choices: readonly ChoiceLine[], bytes: string): Inspection {
  const event = { event: 0, atMs: 5, host: "a", kind: "bytes", connection: 1, length: 1, cause: 3, bytes: "00" };
  const detail = [event, { ...event, event: 1, bytes }];
  const choiceCheckpoints = [{ event: 256, hash: "same" }];
  return { traceHash: hash, checkpoints: [], detail, choiceCheckpoints, choices, leaks: [] };
}

async function originOf(here: readonly ChoiceLine[], there: readonly ChoiceLine[]) {
  const asked: unknown[] = [];
  const inspect =
    (inspection: Inspection): Inspect =>
    async (look) => {
      asked.push(look?.choices);
      return inspection;
    };
  const { event, origin } = await findDivergence(
    inspect(inspectionOf("x", here, "01")),
    inspect(inspectionOf("y", there, "02")),
  );
  expect(event).toBe(1);
  // Only from the last checkpoint that both share on.
  expect(asked.at(-1)).toEqual({ from: 256, to: Number.MAX_SAFE_INTEGER });
  return origin;
}

it("names the first choice that was answered otherwise before the first divergent event", async () => {
  const same = line(256, "link.latency", 2, 0);
  const origin = await originOf([same, line(257, "disk.sync", 1, 0)], [same, line(257, "disk.sync", 3, 0)]);
  expect(origin).toMatchObject({ type: "choice", label: "disk.sync", first: { value: 1 }, second: { value: 3 } });
  expect(await originOf([same, line(257, "disk.sync", 1, 0)], [same])).toMatchObject({ second: undefined });
});

it("blames no choice that came after the event", async () => {
  const origin = await originOf([line(256, "disk.sync", 1, 1)], [line(256, "disk.sync", 3, 1)]);
  expect(origin).toEqual({ type: "input", host: "a", kind: "bytes", fields: ["bytes"] });
});
