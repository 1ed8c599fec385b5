/** What the commands work with: the real simulator and workers, or a test's. */
import { createInlinePool, createWorkerPool, type Pool, type PoolKind } from "../sweep/pool.ts";
import { SeedRunner } from "../sweep/seed-runner.ts";
import type { Catalogue, SimWorld } from "../sweep/sim-world.ts";
import { CATALOGUE, createSimulatedWorld } from "../sweep/simulated-world.ts";

export interface Services {
  readonly catalogue: Catalogue;
  createRunner(): SeedRunner;
  createWorld(): SimWorld;
  createPool(kind: PoolKind, size: number): Pool;
}

export function createServices(): Services {
  return {
    catalogue: CATALOGUE,
    createRunner: () => new SeedRunner(createSimulatedWorld(), CATALOGUE),
    createWorld: createSimulatedWorld,
    createPool: createWorkerPool,
  };
}

/** Everything in this process. `second` stands in for the second process of `--twice`. */
export function createInlineServices(catalogue: Catalogue, world: SimWorld, second: SimWorld = world): Services {
  return {
    catalogue,
    createRunner: () => new SeedRunner(world, catalogue),
    createWorld: () => world,
    createPool: (kind) => createInlinePool(kind === "threads" ? world : second, catalogue),
  };
}
