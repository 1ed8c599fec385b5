/**
 * Makes a plan whole again after something was taken out of it: steps in order, healing as long after the last of them
 * as it was before, the bound of what is left, and no demand for trouble that may be gone. `undefined` when what is left is
 * no plan any more. Every candidate of the shrinker goes through here.
 */
import { livenessBound } from "../../scenarios/liveness.ts";
import { isFault, type Plan, type Step, type Topology } from "../../scenarios/plan.ts";
import { faultEndMs, findPlanFlaw } from "../../scenarios/plan-rules.ts";

/** Between the last step and healing: a push made at the last moment is still one. */
const HEAL_AFTER_MS = 100;

/** From the end of the last step to healing. */
export function waitOf({ healAtMs, steps }: Plan): number {
  return Math.max(HEAL_AFTER_MS, healAtMs - endOf(steps));
}

/** Healing so long after the last step, or as soon as it can be. */
export function withWait(plan: Plan, waitMs: number): Plan {
  return { ...plan, healAtMs: endOf(plan.steps) + Math.max(HEAL_AFTER_MS, waitMs) };
}

function endOf(steps: readonly Step[]): number {
  return steps.reduce((ms, step) => Math.max(ms, isFault(step) ? faultEndMs(step) : step.atMs), 0);
}

export function trimPlan(plan: Plan, topology: Topology, steps: readonly Step[]): Plan | undefined {
  const ordered = steps.toSorted((x, y) => x.atMs - y.atMs || x.id - y.id);
  const trimmed: Plan = {
    ...plan,
    topology,
    steps: ordered,
    healAtMs: endOf(ordered) + waitOf(plan),
    bound: livenessBound(topology, ordered),
    trouble: [],
  };
  return findPlanFlaw(trimmed) === undefined ? trimmed : undefined;
}

/** Without these hosts: what names only them goes, and partitions forget them. `undefined` when nobody would be left. */
export function withoutHosts(plan: Plan, gone: ReadonlySet<string>): Plan | undefined {
  const { topology } = plan;
  const relays = topology.relays.filter(({ name }) => !gone.has(name));
  const devices = topology.devices
    .filter(({ name }) => !gone.has(name))
    .map((device) => ({ ...device, relays: device.relays.filter((name) => !gone.has(name)) }))
    .filter((device) => device.relays.length > 0);
  if (relays.length === 0 || devices.length === 0) return undefined;
  const names = new Set([...relays, ...devices].map(({ name }) => name));
  const groups = topology.groups.filter(({ name }) => devices.some((device) => device.group === name));
  const steps = plan.steps.flatMap((step) => stepAmong(step, names) ?? []);
  return trimPlan(plan, { ...topology, relays, groups, devices }, steps);
}

function stepAmong(step: Step, names: ReadonlySet<string>): Step | undefined {
  if (!isFault(step)) return names.has(step.device) ? step : undefined;
  if (step.do === "toxic") return names.has(step.dialler) && names.has(step.listener) ? step : undefined;
  if (step.do !== "partition") return names.has(step.host) ? step : undefined;
  const left = step.left.filter((name) => names.has(name));
  const right = step.right.filter((name) => names.has(name));
  return left.length === 0 || right.length === 0 ? undefined : { ...step, left, right };
}
