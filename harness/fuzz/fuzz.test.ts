import { describe, expect, it } from "vitest";
import { parseHex } from "../../core/bytes.ts";
import { fuzzTarget, makeInput, TARGETS, tryInput } from "./fuzz.ts";
import type { Target } from "./target.ts";
import { assertLight, weigh } from "./weight.ts";

/** Of each target; a million in all are run by hand before a release. */
const INPUTS = 20_000;
/** A few seconds on a machine that does nothing else; a hang is all that takes longer than this. */
const TIMEOUT_MS = 120_000;
/** Hostile inputs that are tried every time, by what they find where a bound is missing. */
const KEPT: readonly (readonly [target: string, finds: string, inputHex: string])[] = [
  ["frames", "a frame one byte above the bound is believed", "00100001"],
  ["frames", "a frame of 4 GiB is waited for", "ffffffff00"],
  ["noise", "a message that ends inside a key is read", "0100"],
  ["noise", "a message that ends before its tag is read", `02${"00".repeat(48)}`],
  ["frame-v1", "a frame above the bound is waited for", "00100001"],
  ["codec-v1", "an array of 2^32 numbers is allocated", "94a450757368c41001010101010101010101010101010101ddffffffff00"],
  ["codec", "arrays inside arrays are allocated by their headers", "dcffff".repeat(400)],
  ["group-file", "JSON that is cut off throws", "7b2267726f7570"],
  ["group-file", "brackets inside brackets overflow the stack", "5b".repeat(16_000)],
  ["relay-config", "brackets inside brackets overflow the stack", `613d${"5b".repeat(16_000)}`],
  ["invite-body", "legacy JSON that is cut off throws", "017b2276"],
  ["invite-body", "a body that is no array is taken for one", "0080"],
];

describe("fuzzing", () => {
  it.each(TARGETS)(
    "$name: every input has an answer within its bounds",
    (target) => {
      const report = fuzzTarget(target, 1, INPUTS);
      expect(report.findings).toEqual([]);
      expect(report.inputs).toBe(INPUTS);
      // One input in sixteen is valid as it is; a corpus that is all refused would be a broken one.
      expect(report.taken).toBeGreaterThan(INPUTS / 50);
      expect(report.taken).toBeLessThan(INPUTS);
    },
    TIMEOUT_MS,
  );

  it.each(TARGETS)("$name: what it starts from is valid", (target) => {
    for (const input of target.corpus.slice(0, 1)) expect(tryInput(target, input)).toEqual({ taken: true });
  });

  it.each(KEPT)("%s: %s", (name, _finds, inputHex) => {
    const target = TARGETS.find((each) => each.name === name)!;
    expect(tryInput(target, parseHex(inputHex)!).what).toBeUndefined();
  });
});

describe("the fuzzer itself", () => {
  const naive: Target = {
    name: "naive",
    corpus: [Uint8Array.of(3, 1, 2, 3)],
    run(input) {
      if (input.length === 0) return "refused";
      // Believes the first byte, and writes where it should only read.
      const list = Array.from({ length: input[0]! }, () => 0);
      assertLight(list, input.length);
      if (input[0] === 4) throw new RangeError("four");
      if (input[0] === 5) input[0] = 0;
      return "taken";
    },
  };

  it("finds what throws, what takes too much and what writes to its input, and gives the input back", () => {
    const whats = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      for (const { what, index } of fuzzTarget(naive, seed, 2000).findings) {
        whats.add(what.replace(/\d+/g, "n"));
        expect(tryInput(naive, makeInput(seed, naive, index)).what).toBe(what);
      }
    }
    expect([...whats].toSorted()).toEqual([
      "Error: n values of an input of n bytes",
      "RangeError: four",
      "the input was written to",
    ]);
  });

  it("makes the same inputs of the same seed, and others of another", () => {
    const inputs = (seed: number): string[] =>
      Array.from({ length: 50 }, (_, index) => makeInput(seed, TARGETS[0]!, index).join());
    expect(inputs(7)).toEqual(inputs(7));
    expect(inputs(8)).not.toEqual(inputs(7));
  });

  it("weighs what is inside", () => {
    expect(weigh({ a: [new Uint8Array(5), "xyz"], b: new Map([["k", 1n]]) })).toEqual({ values: 7, bytes: 9 });
  });
});
