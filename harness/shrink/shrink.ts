/**
 * Shrinks a plan: the smallest one that still makes *the same checker* find *the same kind* of thing. Hosts first, then
 * steps (one by one, then by what only goes together), then the seed's choices (calm wherever it can be), then plainer numbers, again and again until nothing
 * gives way. What remains is 1-minimal in its steps, replays by itself, and depends on its seed for keys and ids alone.
 *
 * Synchronous and told the time, so that it runs wherever a simulated world does: in the command, after a sweep, or in a
 * worker whose world has a bug planted in it.
 */
import { seedHalves } from "../../scenarios/draw.ts";
import { isFault, type Plan, type PlanChoice } from "../../scenarios/plan.ts";
import type { Finding } from "../../scenarios/verdict.ts";
import { SeededChoices } from "../../sim/kernel/choices.ts";
import { RecordingChoices, ReplayedChoices } from "../../sim/kernel/recorded-choices.ts";
import type { SimWorld, Suite } from "../sweep/sim-world.ts";
import { bindFaults, momentText, type SeenMoment } from "./bind.ts";
import { ddmin } from "./ddmin.ts";
import { harsherPlans, shorterPlans } from "./shorter.ts";
import { simplerPlans } from "./simpler.ts";
import { trimPlan, withoutHosts, withWait } from "./trim.ts";

/** What must be found again. */
export type ShrinkTarget = Pick<Finding, "checker" | "kind">;

export interface ShrinkOptions {
  readonly suite?: Suite;
  /** Milliseconds on any clock that goes forward. */
  readonly now: () => number;
  /** Then the smallest so far is the result. */
  readonly withinMs: number;
}

export interface ShrinkResult {
  readonly plan: Plan;
  /** Runs that it took. */
  readonly runs: number;
  /** False when the time was over before nothing gave way any more. */
  readonly isMinimal: boolean;
}

/** A candidate may turn into an endless run: so many times the events of the original, and this much. */
const BUDGET_FACTOR = 4;
const BUDGET_MIN = 20_000;

/** `undefined` when the plan does not show the target in the first place. */
export function shrinkPlan(
  world: SimWorld,
  plan: Plan,
  target: ShrinkTarget,
  options: ShrinkOptions,
): ShrinkResult | undefined {
  return new Shrinker(world, target, options).shrink(plan);
}

class Shrinker {
  readonly #world: SimWorld;
  readonly #target: ShrinkTarget;
  readonly #options: ShrinkOptions;
  readonly #endMs: number;
  #eventBudget: number | undefined;
  #runs = 0;

  constructor(world: SimWorld, target: ShrinkTarget, options: ShrinkOptions) {
    this.#world = world;
    this.#target = target;
    this.#options = options;
    this.#endMs = options.now() + options.withinMs;
  }

  shrink(original: Plan): ShrinkResult | undefined {
    if (!this.#shows(original, true)) return undefined;
    const untroubled = trimPlan(original, original.topology, original.steps);
    let plan = original;
    if (untroubled !== undefined) plan = this.#taken(withWait(untroubled, 0)) ?? this.#taken(untroubled) ?? original;
    for (;;) {
      plan = this.#settled(plan);
      const bound = this.#bound(plan);
      if (bound === plan) break;
      // What is bound to a moment may need less, and plainer links, than what is bound to a time.
      plan = bound;
    }
    plan = this.#stamped(plan);
    return { plan, runs: this.#runs, isMinimal: !this.#isOver };
  }

  /** Until nothing gives way any more. */
  #settled(original: Plan): Plan {
    let plan = original;
    for (;;) {
      const before = plan;
      plan = this.#fewerHosts(plan);
      plan = this.#fewerSteps(plan);
      plan = this.#calmer(plan);
      plan = this.#shorter(plan);
      plan = this.#simpler(plan);
      if (plan === before || this.#isOver) return plan;
    }
  }

  /** The plan, if it shows the target. */
  #taken(plan: Plan): Plan | undefined {
    return this.#shows(plan) ? plan : undefined;
  }

  get #isOver(): boolean {
    return this.#options.now() >= this.#endMs;
  }

  /** Whether the target is found. Without time left, nothing is. */
  #shows(plan: Plan, isFirst = false): boolean {
    if (!isFirst && this.#isOver) return false;
    this.#runs += 1;
    const { suite = "toy" } = this.#options;
    const budget = this.#eventBudget === undefined ? {} : { eventBudget: this.#eventBudget };
    const run = this.#world.run(plan, { suite, ...budget });
    // A run that hangs is one that spends its budget, so there the first one's own stays.
    if (isFirst && this.#target.checker !== "hang") {
      this.#eventBudget = Math.max(BUDGET_MIN, BUDGET_FACTOR * run.events);
    }
    const { findings } = this.#world.judge(plan, run.history);
    return findings.some(({ checker, kind }) => checker === this.#target.checker && kind === this.#target.kind);
  }

  #fewerHosts(plan: Plan): Plan {
    const { devices, relays } = plan.topology;
    let smallest = plan;
    for (const { name } of [...devices, ...relays].toReversed()) {
      const without = withoutHosts(smallest, new Set([name]));
      if (without !== undefined && this.#shows(without)) smallest = without;
    }
    return smallest;
  }

  /** Healing comes earlier with what is left; where the waiting mattered, when it came before. */
  #fewerSteps(plan: Plan): Plan {
    let smallest = plan;
    const isTaken = (candidate: Plan): boolean => {
      if (!this.#shows(candidate)) return false;
      smallest = candidate;
      return true;
    };
    ddmin(plan.steps, (kept) => {
      const candidate = trimPlan(plan, plan.topology, kept);
      if (candidate === undefined) return false;
      if (isTaken(candidate)) return true;
      return candidate.healAtMs < plan.healAtMs && isTaken({ ...candidate, healAtMs: plan.healAtMs });
    });
    return smallest;
  }

  /** Fewer steps by what goes only together, and by a configuration with which fewer do. */
  #shorter(plan: Plan): Plan {
    let shortest = plan;
    for (let isTaken = true; isTaken && !this.#isOver;) {
      isTaken = false;
      for (const candidate of shorterPlans(shortest)) {
        if (!this.#shows(candidate)) continue;
        shortest = this.#fewerSteps(candidate);
        isTaken = true;
        break;
      }
    }
    for (const candidate of harsherPlans(shortest)) {
      if (!this.#shows(candidate)) continue;
      const fewer = this.#fewerSteps(candidate);
      if (fewer.steps.length < shortest.steps.length) return this.#shorter(fewer);
    }
    return shortest;
  }

  /** The seed's choices become data, and then as few as possible. */
  #calmer(plan: Plan): Plan {
    const choices = plan.choices ?? this.#chosen(plan);
    const kept = ddmin(choices, (some) => this.#shows({ ...plan, choices: some }));
    if (plan.choices !== undefined && kept.length === plan.choices.length) return plan;
    const calmer = { ...plan, choices: kept };
    return this.#shows(calmer) ? calmer : plan;
  }

  #chosen(plan: Plan): readonly PlanChoice[] {
    const { hi, lo } = seedHalves(plan.seed);
    const inner =
      plan.choices === undefined ? new SeededChoices(lo, hi) : new ReplayedChoices(plan.choices, { exact: false });
    const recording = new RecordingChoices(inner);
    const { suite = "toy" } = this.#options;
    this.#world.run(plan, { suite, choices: recording });
    return recording.recorded;
  }

  /** What is left of the faults, bound to moments of the protocol. */
  #bound(plan: Plan): Plan {
    return bindFaults(plan, this.#momentsOf(plan), (candidate) => this.#shows(candidate));
  }

  /** Where no moment can be waited for, the fault comes at its time: that at which its moment came. */
  #stamped(plan: Plan): Plan {
    if (!plan.steps.some((step) => "when" in step)) return plan;
    const times = new Map(this.#momentsOf(plan).map(({ moment, atMs }) => [momentText(moment), atMs]));
    const steps = plan.steps.map((step) => {
      const atMs = isFault(step) && step.when !== undefined ? times.get(momentText(step.when)) : undefined;
      return atMs === undefined ? step : { ...step, atMs };
    });
    const stamped = trimPlan(plan, plan.topology, steps);
    return stamped !== undefined && this.#shows(stamped) ? stamped : plan;
  }

  #momentsOf(plan: Plan): readonly SeenMoment[] {
    const moments: SeenMoment[] = [];
    const { suite = "toy" } = this.#options;
    this.#world.run(plan, { suite, onMoment: (moment, atMs) => void moments.push({ moment, atMs }) });
    return moments;
  }

  #simpler(plan: Plan): Plan {
    let smallest = plan;
    for (let isTaken = true; isTaken && !this.#isOver;) {
      isTaken = false;
      for (const candidate of simplerPlans(smallest)) {
        if (!this.#shows(candidate)) continue;
        smallest = candidate;
        isTaken = true;
        break;
      }
    }
    return smallest;
  }
}
