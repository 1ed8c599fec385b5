/**
 * Binds faults to moments of the protocol instead of times, where what they break is about such a moment: "when the
 * second PushAck to b is on its way" outlives a change of timing, "at 381 ms" does not. Of the moments right before a
 * fault the nearest is taken with which the finding is still there.
 */
import { isFault, type FaultStep, type Moment, type Plan } from "../../scenarios/plan.ts";

/** How many moments before a fault are tried. */
const MOMENTS_MAX = 8;
/** A fault so long after anything happened is about no moment. */
const NEAR_MS = 50;

export interface SeenMoment {
  readonly moment: Moment;
  readonly atMs: number;
}

/** The same for the same moment. */
export function momentText(moment: Moment): string {
  return moment.on === "sent"
    ? `${moment.nth} ${moment.message} ${moment.host} ${moment.to}`
    : `${moment.nth} ${moment.stage} ${moment.host}`;
}

/** `moments` are those of a run of `plan`; `shows` tells whether a candidate still has the finding. */
export function bindFaults(plan: Plan, moments: readonly SeenMoment[], shows: (plan: Plan) => boolean): Plan {
  let bound = plan;
  for (const step of plan.steps) {
    if (!isFault(step) || step.when !== undefined || step.do === "withhold") continue;
    for (const when of momentsBefore(step, moments)) {
      const steps = bound.steps.map((each) => (each.id === step.id ? { ...each, when } : each)) as Plan["steps"];
      const candidate = { ...bound, steps };
      if (!shows(candidate)) continue;
      bound = candidate;
      break;
    }
  }
  return bound;
}

/** The nearest first; of one millisecond those first that are about a host of the fault. */
function momentsBefore(step: FaultStep, moments: readonly SeenMoment[]): readonly Moment[] {
  const hosts = hostsOf(step);
  const isAbout = ({ moment }: SeenMoment): number =>
    hosts.has(moment.host) || (moment.on === "sent" && hosts.has(moment.to)) ? 0 : 1;
  return moments
    .filter(({ atMs }) => atMs <= step.atMs && step.atMs - atMs <= NEAR_MS)
    .toReversed()
    .toSorted((x, y) => y.atMs - x.atMs || isAbout(x) - isAbout(y))
    .slice(0, MOMENTS_MAX)
    .map(({ moment }) => moment);
}

function hostsOf(step: FaultStep): ReadonlySet<string> {
  if (step.do === "toxic") return new Set([step.dialler, step.listener]);
  if (step.do === "partition") return new Set([...step.left, ...step.right]);
  return new Set([step.host]);
}
