import { describe, expect, it } from "vitest";
import { builtScenarios } from "../../scenarios/registry.ts";
import { Simulator } from "../../sim/simulator.ts";
import { GOLDEN_SEEDS, hashSeed, type GoldenHashes } from "./golden-hashes.ts";
import hashes from "./hashes.json" with { type: "json" };

const golden: GoldenHashes = hashes;
const ids = builtScenarios().map(({ id }) => id);

describe("golden hashes (`npm run golden` rewrites them: say in the commit why)", () => {
  it("cover what is built and nothing else", () => {
    expect(Object.keys(golden)).toEqual(ids);
  });

  it.each(ids)("%s", (id) => {
    // Backwards, and each after the other in one simulator: a run must not depend on those before it.
    const simulator = new Simulator();
    const now = GOLDEN_SEEDS.toReversed().map((seed) => [seed, hashSeed(simulator, id, seed)] as const);
    expect(Object.fromEntries(now)).toEqual(golden[id]);
  });
});

describe("two seeds", () => {
  it("have different hashes", () => {
    for (const id of ids) {
      const all = Object.values(golden[id] ?? {}).map(({ traceHash }) => traceHash);
      expect(new Set(all).size).toBe(GOLDEN_SEEDS.length);
    }
  });
});

describe("the portable suite", () => {
  // A handshake, a push and a pull, a restart that reads its disk again, an empty blob.
  it.each(["S-CONC-01", "S-CONV-02", "S-BLOB-04"])(
    "gives %s the shape that the toy suite gives it, in other bytes",
    (id) => {
      const simulator = new Simulator();
      const [seed] = GOLDEN_SEEDS;
      const toy = hashSeed(simulator, id, seed);
      const portable = hashSeed(simulator, id, seed, { suite: "portable" });
      expect(portable.shapeHash).toBe(toy.shapeHash);
      expect(portable.traceHash).not.toBe(toy.traceHash);
    },
  );
});
