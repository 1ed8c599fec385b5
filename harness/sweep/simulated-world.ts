import { createJudge } from "../../scenarios/judge.ts";
import { builtScenarios, catalogue, findScenario, nearestScenarios } from "../../scenarios/registry.ts";
import { Simulator } from "../../sim/simulator.ts";
import type { Catalogue, SimWorld } from "./sim-world.ts";

/** The real one: one simulator, reused for every seed. */
export function createSimulatedWorld(): SimWorld {
  const simulator = new Simulator();
  return { run: (plan, options) => simulator.run(plan, options), judge: createJudge() };
}

export const CATALOGUE: Catalogue = {
  all: catalogue,
  built: builtScenarios(),
  find: findScenario,
  nearest: nearestScenarios,
};
