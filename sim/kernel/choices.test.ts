import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabelTable, SeededChoices, createCause } from "./choices.ts";
import type { Choices } from "./choices.ts";
import { EnumeratedChoices } from "./enumerated-choices.ts";
import { RecordingChoices, ReplayMismatch, ReplayedChoices } from "./recorded-choices.ts";

const labels = new LabelTable();
const jitter = labels.label("jitter");
const loss = labels.label("loss");

describe("labels", () => {
  it("are made once per name", () => {
    expect(labels.label("jitter")).toBe(jitter);
    expect(labels.label("loss").index).not.toBe(jitter.index);
    expect(new LabelTable().label("jitter").hash).toBe(jitter.hash);
  });
});

describe("seeded choices", () => {
  it("stay within their bound and reach all of it", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 0x1_0000_0000 }), (seedLo, key, bound) => {
        const value = new SeededChoices(seedLo, 0).choose(jitter, createCause(key), bound);
        return Number.isInteger(value) && value >= 0 && value < bound;
      }),
    );
    const counts = [0, 0, 0, 0, 0];
    const cause = createCause(1);
    const choices = new SeededChoices(1, 2);
    for (let i = 0; i < 10_000; i++) counts[choices.choose(jitter, cause, 5)]! += 1;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it("happen with the probability that was asked for, never and always included", () => {
    const cause = createCause(1);
    const choices = new SeededChoices(1, 2);
    let happened = 0;
    for (let i = 0; i < 10_000; i++) {
      if (choices.chance(loss, cause, 3, 10)) happened += 1;
      expect(choices.chance(loss, cause, 0, 10)).toBe(false);
      expect(choices.chance(loss, cause, 10, 10)).toBe(true);
    }
    expect(Math.abs(happened - 3000)).toBeLessThan(200);
  });

  it("answer the same for one cause whatever another cause or another label draws", () => {
    const draw = (others: number): number[] => {
      const choices = new SeededChoices(7, 9);
      const [mine, other] = [createCause(10), createCause(11)];
      const values: number[] = [];
      for (let i = 0; i < 20; i++) {
        for (let j = 0; j < others; j++) choices.choose(jitter, other, 1000);
        for (let j = 0; j < others; j++) choices.chance(loss, mine, 1, 2);
        values.push(choices.choose(jitter, mine, 1000));
      }
      return values;
    };
    expect(draw(3)).toEqual(draw(0));
    expect(new Set(draw(0)).size).toBeGreaterThan(15);
  });

  it("differ by seed, cause and label, and come again after a reset", () => {
    const draw = (choices: Choices, key: number, label = jitter): number => {
      const cause = createCause(key);
      return choices.choose(label, cause, 0x1_0000_0000);
    };
    const choices = new SeededChoices(1, 2);
    const value = draw(choices, 5);
    const others = [draw(choices, 6), draw(choices, 5, loss), draw(new SeededChoices(2, 2), 5)];
    others.push(draw(new SeededChoices(1, 3), 5));
    expect(new Set([value, ...others]).size).toBe(5);
    choices.reset(3, 3);
    expect(draw(choices, 5)).not.toBe(value);
    choices.reset(1, 2);
    expect(draw(choices, 5)).toBe(value);
  });
});

/** Some draws by two causes; `bound` is that of the second label. */
function play(choices: Choices, bound = 4): number[] {
  const causes = [createCause(1), createCause(2)];
  const values: number[] = [];
  for (let i = 0; i < 30; i++) {
    const cause = causes[i % 2]!;
    values.push(choices.choose(jitter, cause, bound), choices.chance(loss, cause, 1, 3) ? 1 : 0);
  }
  return values;
}

describe("recording and replaying", () => {
  it("keeps what is not calm, and an exact replay repeats it", () => {
    const recording = new RecordingChoices(new SeededChoices(3, 4));
    const values = play(recording);
    expect(values).toEqual(play(new SeededChoices(3, 4)));
    expect(recording.recorded).toHaveLength(values.filter((value) => value !== 0).length);
    const replay = new ReplayedChoices(recording.recorded, { exact: true });
    expect(replay.unusedCount).toBe(recording.recorded.length);
    expect(play(replay)).toEqual(values);
    expect(replay.unusedCount).toBe(0);
    expect(JSON.parse(JSON.stringify(recording.recorded))).toEqual(recording.recorded);
  });

  it("answers 0 where nothing is recorded, and leaves the others where they were", () => {
    const recording = new RecordingChoices(new SeededChoices(3, 4));
    const values = play(recording);
    expect(play(new ReplayedChoices([], { exact: true }))).toEqual(values.map(() => 0));
    const [removed, ...rest] = recording.recorded;
    const replayed = play(new ReplayedChoices(rest, { exact: true }));
    const changed = replayed.filter((value, i) => value !== values[i]);
    expect(changed).toEqual([0]);
    expect(replayed[values.findIndex((value, i) => value !== replayed[i])]).toBe(0);
    expect(removed!.value).toBeGreaterThan(0);
  });

  it("throws at another bound when exact, and cuts the value when not", () => {
    const recorded = [{ label: "jitter", cause: 1, ordinal: 0, bound: 4, value: 3 }];
    expect(() => play(new ReplayedChoices(recorded, { exact: true }), 3)).toThrow(ReplayMismatch);
    expect(play(new ReplayedChoices(recorded, { exact: false }), 3)[0]).toBe(2);
  });
});

describe("enumerating", () => {
  it("covers every combination once, calm first, also where questions depend on answers", () => {
    const choices = new EnumeratedChoices();
    const seen: string[] = [];
    do {
      const cause = createCause(1);
      const first = choices.choose(jitter, cause, 3);
      const second = first === 1 ? choices.choose(jitter, cause, 2) : 9;
      const third = choices.chance(loss, cause, 1, 100);
      expect(choices.chance(loss, cause, 0, 1)).toBe(false);
      expect(choices.chance(loss, cause, 1, 1)).toBe(true);
      seen.push(`${first}${second}${third ? "!" : "."}`);
    } while (choices.advance());
    expect(seen).toEqual(["09.", "09!", "10.", "10!", "11.", "11!", "29.", "29!"]);
  });

  it("leaves labels calm that are not to be enumerated", () => {
    const choices = new EnumeratedChoices((label) => label === loss);
    let runs = 0;
    do {
      runs += 1;
      const cause = createCause(1);
      expect(choices.choose(jitter, cause, 1000)).toBe(0);
      choices.chance(loss, cause, 1, 2);
    } while (choices.advance());
    expect(runs).toBe(2);
  });
});
