/**
 * A new plan from one or two that are worth it: some of what was drawn is drawn anew, or faults come at other times,
 * again, to other hosts, from the other plan, or not at all. A plan that contradicts itself is none. Called by the guide.
 */
import type { Draw } from "../draw.ts";
import { createRedraw, type Redraws } from "../draw.ts";
import { isFault, type FaultStep, type Plan, type Step } from "../plan.ts";
import { findPlanFlaw } from "../plan-rules.ts";
import { completeWild, planWild, WILD_ID } from "./wild.ts";

/** A plan, and how it was drawn, as long as that says all of it. */
export interface Candidate {
  readonly plan: Plan;
  readonly drawn: Drawn | undefined;
}

interface Drawn {
  readonly seed: string;
  readonly redraws: Redraws;
  /** What can be drawn anew. */
  readonly labels: readonly string[];
}

export function drawCandidate(seed: string, redraws: Redraws = new Map()): Candidate {
  const draw = createRedraw(seed, WILD_ID, redraws);
  const plan = planWild(draw);
  return { plan, drawn: { seed, redraws, labels: draw.drawn() } };
}

const EDITS = ["move", "move", "together", "again", "splice", "splice", "drop", "seed"] as const;
const EDITS_MAX = 3;

/** Undefined when nothing sensible came of it. */
export function mutatePlan(draw: Draw, parent: Candidate, other: Candidate): Candidate | undefined {
  if (parent.drawn !== undefined && draw.chance("redraw", 1, 3)) return redraw(draw, parent.drawn);
  let { steps, seed } = parent.plan;
  for (let i = draw.between("edits", 1, EDITS_MAX); i > 0; i--) {
    const edit = draw.pick("edit", EDITS);
    if (edit === "seed") seed = `0x${draw.hex("new seed", 8).replace(/^0+(?=.)/, "")}`;
    else steps = editFaults(draw, edit, steps, parent.plan, other.plan);
  }
  const { topology, drawn = [] } = parent.plan;
  const plan = completeWild({ seed, topology, steps, healAfterMs: draw.between("heal after", 100, 1000), drawn });
  return findPlanFlaw(plan) === undefined ? { plan, drawn: undefined } : undefined;
}

function redraw(draw: Draw, { seed, redraws, labels }: Drawn): Candidate {
  const anew = new Map(redraws);
  for (let i = draw.between("redraws", 1, EDITS_MAX); i > 0; i--) {
    const label = labels[draw.between("redrawn", 0, labels.length - 1)]!;
    anew.set(label, draw.between("salt", 1, 0x7fff_ffff));
  }
  return drawCandidate(seed, anew);
}

type Edit = Exclude<(typeof EDITS)[number], "seed">;

function editFaults(draw: Draw, edit: Edit, steps: readonly Step[], plan: Plan, other: Plan): readonly Step[] {
  if (edit === "splice") return [...steps, ...spliced(draw, steps, plan, other)];
  const faults = steps.filter(isFault);
  if (faults.length === 0) return steps;
  const one = faults[draw.between("which", 0, faults.length - 1)]!;
  const endMs = steps.reduce((ms, { atMs }) => Math.max(ms, atMs), 1000);
  switch (edit) {
    case "move":
      return replaced(steps, one, { ...one, atMs: draw.between("to", 100, endMs) });
    case "together": {
      const near = steps[draw.between("near", 0, steps.length - 1)]!;
      return replaced(steps, one, { ...one, atMs: near.atMs + draw.between("after", 0, 500) });
    }
    case "again":
      return [...steps, { ...one, id: freeId(steps), atMs: draw.between("again at", 100, endMs) }];
    case "drop":
      return steps.filter((step) => step !== one);
  }
}

function replaced(steps: readonly Step[], one: Step, by: Step): readonly Step[] {
  return steps.map((step) => (step === one ? by : step));
}

/** Up to three faults of the other plan, of those that meet hosts of this one. */
function spliced(draw: Draw, steps: readonly Step[], { topology }: Plan, other: Plan): readonly FaultStep[] {
  const names = new Set([...topology.relays, ...topology.devices].map(({ name }) => name));
  const relaysOf = new Map(topology.devices.map(({ name, relays }) => [name, relays]));
  const fitting = other.steps.filter(isFault).filter((step) => {
    if (step.do === "toxic") return relaysOf.get(step.dialler)?.includes(step.listener) === true;
    if (step.do === "partition") return [...step.left, ...step.right].every((name) => names.has(name));
    return names.has(step.host);
  });
  if (fitting.length === 0) return [];
  const id = freeId(steps);
  const taken = new Set(
    Array.from(
      { length: draw.between("splices", 1, 3) },
      () => fitting[draw.between("splice", 0, fitting.length - 1)]!,
    ),
  );
  return [...taken].map((step, i) => ({ ...step, id: id + i }));
}

function freeId(steps: readonly Step[]): number {
  return steps.reduce((id, step) => Math.max(id, step.id + 1), 0);
}
