/**
 * Golden hashes: what a few seeds of every scenario come to. They are the same on every machine and every version of
 * Node; they change when the protocol, the world or a scenario changes, and then `npm run golden` rewrites them, with the
 * reason in the commit.
 */
import { builtScenarios } from "../../scenarios/registry.ts";
import { Simulator, type SimOptions } from "../../sim/simulator.ts";

export interface GoldenHash {
  readonly traceHash: string;
  readonly shapeHash: string;
}

/** Scenario → seed → hashes. */
export type GoldenHashes = Readonly<Record<string, Readonly<Record<string, GoldenHash>>>>;

/** A small one, a middling one, the largest. */
export const GOLDEN_SEEDS = ["0x1", "0x2a", "0xffffffffffffffff"] as const;

export function hashSeed(simulator: Simulator, id: string, seed: string, options: SimOptions = {}): GoldenHash {
  const scenario = builtScenarios().find((each) => each.id === id);
  if (scenario === undefined) throw new RangeError(`no built scenario ${id}`);
  const { traceHash, shapeHash } = simulator.run(scenario.plan(seed), options);
  return { traceHash, shapeHash };
}

export function createGoldenHashes(): GoldenHashes {
  const simulator = new Simulator();
  const rows = builtScenarios().map(({ id }) => {
    return [id, Object.fromEntries(GOLDEN_SEEDS.map((seed) => [seed, hashSeed(simulator, id, seed)]))] as const;
  });
  return Object.fromEntries(rows);
}
