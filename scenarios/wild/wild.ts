/**
 * Plans that nobody thought of: topology, load and a swarm of faults, all drawn from the seed. `zerok sim wild` runs
 * them; the catalogue says what is worth trying, this says what was forgotten. What was drawn stands in the plan.
 */
import { assertInvariant } from "../../core/invariant.ts";
import { createDraw, type Draw } from "../draw.ts";
import { livenessBound } from "../liveness.ts";
import { isFault, PLAN_FORMAT, type OperationStep, type Plan, type Step } from "../plan.ts";
import { faultEndMs, findPlanFlaw } from "../plan-rules.ts";
import type { Scenario } from "../scenario.ts";
import { movePastDeath, type FaultSpec } from "../workload.ts";
import { addWildFaults } from "./wild-faults.ts";
import { addWildLoad } from "./wild-load.ts";
import { describeWildOptions, drawWildOptions } from "./wild-options.ts";
import { drawWildTopology } from "./wild-topology.ts";

type Unplaced<T> = T extends unknown ? Omit<T, "id" | "atMs"> : never;
export type AddStep = (atMs: number, spec: FaultSpec | Unplaced<OperationStep>) => void;

export const WILD_ID = "wild";

export const wild: Scenario = {
  id: WILD_ID,
  title: "anything: topology, load and a swarm of faults from the seed",
  mustHold: "the standing checks",
  source: "nobody",
  backends: ["sim", "local", "docker"],
  plan: (seed) => planWild(createDraw(seed, WILD_ID)),
};

export function planWild(draw: Draw): Plan {
  const options = drawWildOptions(draw);
  const topology = drawWildTopology(draw, options);
  const steps: Step[] = [];
  const add: AddStep = (atMs, spec) => void steps.push({ id: steps.length, atMs, ...spec } as Step);
  addWildLoad(draw, options, topology.devices, add);
  addWildFaults(draw, options, topology, add);

  const ordered = movePastDeath(steps).toSorted((x, y) => x.atMs - y.atMs || x.id - y.id);
  const lastMs = ordered.reduce((ms, step) => Math.max(ms, isFault(step) ? faultEndMs(step) : step.atMs), 0);
  const plan: Plan = {
    format: PLAN_FORMAT,
    scenario: WILD_ID,
    seed: draw.seed,
    topology,
    steps: ordered,
    healAtMs: lastMs + draw.between("heal after", 100, 1000),
    bound: livenessBound(topology, ordered),
    trouble: [],
    drawn: describeWildOptions(options),
  };
  const flaw = findPlanFlaw(plan);
  assertInvariant(flaw === undefined, `wild: ${flaw?.path}: ${flaw?.message}`);
  return plan;
}
