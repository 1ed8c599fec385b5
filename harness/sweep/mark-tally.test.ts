import { describe, expect, it } from "vitest";
import { marks } from "../../scenarios/marks/list.ts";
import { findMissedMarks, MarkTally } from "./mark-tally.ts";
import { STAND_IN_CATALOGUE } from "./stand-in-world.ts";

const seeds = (...counts: readonly number[]) =>
  STAND_IN_CATALOGUE.built.map(({ id }, i) => ({ id, seeds: counts[i] ?? 0 }));
const expected = marks.filter((mark) => mark.expected);

describe("marks of a sweep", () => {
  it("are counted by runs, the first one by catalogue and seed and not by who came first", () => {
    const tally = new MarkTally(["S-A", "S-B"]);
    tally.add("S-B", { seed: "0x1", marks: [0, 1] });
    tally.add("S-A", { seed: "0x10", marks: [0] });
    tally.add("S-A", { seed: "0x9", marks: [0] });
    const [zero, one, two] = tally.hits();
    expect(zero).toEqual({ mark: marks[0], runs: 3, first: { scenario: "S-A", seed: "0x9" } });
    expect(one).toMatchObject({ runs: 1, first: { scenario: "S-B", seed: "0x1" } });
    expect(two).toMatchObject({ runs: 0, first: undefined });
  });

  it("are missed only by a sweep of every id with three hundred seeds each", () => {
    const none = new MarkTally([]).hits();
    expect(findMissedMarks(none, seeds(300, 299), STAND_IN_CATALOGUE)).toEqual([]);
    expect(findMissedMarks(none, seeds(300), STAND_IN_CATALOGUE)).toEqual([]);
    expect(findMissedMarks(none, seeds(300, 300), STAND_IN_CATALOGUE)).toEqual(expected);
  });

  it("are missed only when they are expected", () => {
    const tally = new MarkTally(["S-ONE-01"]);
    const missing = expected[3]!;
    tally.add("S-ONE-01", { seed: "0x1", marks: marks.flatMap((mark, i) => (mark === missing ? [] : [i])) });
    expect(findMissedMarks(tally.hits(), seeds(300, 300), STAND_IN_CATALOGUE)).toEqual([missing]);
    const onlyExpected = new MarkTally(["S-ONE-01"]);
    onlyExpected.add("S-ONE-01", { seed: "0x1", marks: marks.flatMap((mark, i) => (mark.expected ? [i] : [])) });
    expect(findMissedMarks(onlyExpected.hits(), seeds(300, 300), STAND_IN_CATALOGUE)).toEqual([]);
  });
});
