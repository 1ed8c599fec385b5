/**
 * Plans that nobody thought of: topology, load and a swarm of faults, all drawn from the seed. `zerok sim wild` runs
 * them; the catalogue says what is worth trying, this says what was forgotten. What was drawn stands in the plan.
 */
import { assertInvariant } from "../../core/invariant.ts";
import { createDraw, type Draw } from "../draw.ts";
import { livenessBound } from "../liveness.ts";
import { isFault, PLAN_FORMAT, type OperationStep, type Plan, type Step, type Topology } from "../plan.ts";
import { faultEndMs, findPlanFlaw } from "../plan-rules.ts";
import type { Scenario } from "../scenario.ts";
import { movePastDeath, type FaultSpec } from "../workload.ts";
import { addWildFaults } from "./wild-faults.ts";
import { addWildLoad } from "./wild-load.ts";
import { describeWildOptions, drawWildOptions, withEveryFault } from "./wild-options.ts";
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

/** `every`: not a swarm, each kind of fault is there. For comparison alone. */
export function planWild(draw: Draw, faults: "swarm" | "every" = "swarm"): Plan {
  const swarm = drawWildOptions(draw);
  const options = faults === "swarm" ? swarm : withEveryFault(draw, swarm);
  const topology = drawWildTopology(draw, options);
  const steps: Step[] = [];
  const add: AddStep = (atMs, spec) => void steps.push({ id: steps.length, atMs, ...spec } as Step);
  addWildLoad(draw, options, topology.devices, add);
  addWildFaults(draw, options, topology, add);

  const healAfterMs = draw.between("heal after", 100, 1000);
  const plan = completeWild({ seed: draw.seed, topology, steps, healAfterMs, drawn: describeWildOptions(options) });
  const flaw = findPlanFlaw(plan);
  assertInvariant(flaw === undefined, `wild: ${flaw?.path}: ${flaw?.message}`);
  return plan;
}

export interface WildParts {
  readonly seed: string;
  readonly topology: Topology;
  /** In any order, each id once. */
  readonly steps: readonly Step[];
  readonly healAfterMs: number;
  readonly drawn: readonly string[];
}

/** In order, healed after the last of them, with the bound that goes with them. */
export function completeWild({ seed, topology, steps, healAfterMs, drawn }: WildParts): Plan {
  const ordered = movePastDeath(steps).toSorted((x, y) => x.atMs - y.atMs || x.id - y.id);
  const lastMs = ordered.reduce((ms, step) => Math.max(ms, isFault(step) ? faultEndMs(step) : step.atMs), 0);
  return {
    format: PLAN_FORMAT,
    scenario: WILD_ID,
    seed,
    topology,
    steps: ordered,
    healAtMs: lastMs + healAfterMs,
    bound: livenessBound(topology, ordered),
    trouble: [],
    drawn,
  };
}
