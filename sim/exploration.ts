/**
 * An exploration: every order of what happens in the window of one small plan, up to equivalence, each run to its end.
 *
 * Stateless, on the world as it is: a run follows a prefix of picks and from there on always takes something that leads
 * to a state where nobody was yet; its other ways out are kept for later runs. A *state* is what each host has gone
 * through, in its order: two orders that differ only in things which do not touch the same host lead to the same state
 * (Mazurkiewicz), and the state behind a pick is known before it is taken, so that no run is made to find out that it
 * is an old one. A run all of whose ways out are known is given up; one that comes to the window's end goes on in time
 * and is judged. Same plan, same numbers. Called by `zerok sim --exhaustive`; the simulator does the runs.
 */
import type { History } from "../scenarios/history.ts";
import type { Order, Plan } from "../scenarios/plan.ts";
import type { Verdict } from "../scenarios/verdict.ts";
import type { Guide } from "./kernel/order-queue.ts";
import { finish, hashName, mix } from "./kernel/hash.ts";
import type { Lane } from "./kernel/scheduler.ts";
import type { SimOptions, SimRun } from "./simulator.ts";

export type OrderedPlan = Plan & { readonly order: Order };

/** What an exploration needs: a simulator and a judge. */
export interface ExplorationWorld {
  run(plan: Plan, options?: SimOptions): SimRun;
  judge(plan: Plan, history: History): Verdict;
}

export interface ExplorationCounts {
  /** Different states, the first one included. */
  readonly states: number;
  /** From the start of the world on; those that were given up included. */
  readonly runs: number;
  /** Runs that came to their end, each with an order of its own. */
  readonly judged: number;
  /** Picks of the longest run. */
  readonly longest: number;
  readonly isComplete: boolean;
}

/** A run that was judged otherwise than valid. */
export interface OrderFailure {
  /** With the picks that lead there. */
  readonly plan: OrderedPlan;
  readonly verdict: Verdict;
  /** Runs until then, this one included. */
  readonly runs: number;
}

/** A run that nothing new can come of. */
class Pruned extends Error {}

/** The last pick of a prefix; the first one has no `before`. */
interface Pick {
  readonly before: Pick | undefined;
  readonly index: number;
  readonly length: number;
}

/** A way out that was not taken. */
interface Branch {
  readonly last: Pick;
  readonly state: number;
}

/** After a verdict that is not valid; the exploration may go on. */
export type OnFailure = (failure: OrderFailure) => void;

export class Exploration {
  readonly #world: ExplorationWorld;
  readonly #plan: OrderedPlan;
  readonly #visited = new Set<number>();
  readonly #branches: Branch[] = [];
  #runs = 0;
  #judged = 0;
  #longest = 0;
  #isBegun = false;

  constructor(world: ExplorationWorld, plan: OrderedPlan) {
    this.#world = world;
    this.#plan = plan;
  }

  get counts(): ExplorationCounts {
    return {
      states: this.#visited.size,
      runs: this.#runs,
      judged: this.#judged,
      longest: this.#longest,
      isComplete: this.#isBegun && this.#branches.length === 0,
    };
  }

  /** One run more. False when all has been seen. */
  advance(onFailure: OnFailure): boolean {
    if (!this.#isBegun) {
      this.#isBegun = true;
      this.#run(undefined, onFailure);
      return true;
    }
    for (let branch = this.#branches.pop(); branch !== undefined; branch = this.#branches.pop()) {
      // Somebody may have come there on another way since.
      if (this.#visited.has(branch.state)) continue;
      this.#run(branch.last, onFailure);
      return true;
    }
    return false;
  }

  #run(prefix: Pick | undefined, onFailure: OnFailure): void {
    const walk = new Walk(prefix, this.#visited, this.#branches);
    this.#runs += 1;
    try {
      const { history } = this.#world.run(this.#plan, { guide: walk });
      this.#judged += 1;
      const verdict = this.#world.judge(this.#plan, history);
      if (verdict.verdict !== "valid") {
        const order: Order = { ...this.#plan.order, picks: withoutCalmEnd(picksOf(walk.last)) };
        onFailure({ plan: { ...this.#plan, order }, verdict, runs: this.#runs });
      }
    } catch (error) {
      if (!(error instanceof Pruned)) throw error;
    }
    this.#longest = Math.max(this.#longest, walk.last?.length ?? 0);
  }
}

/** One run's way: along its prefix, then to where nobody was. */
class Walk implements Guide {
  last: Pick | undefined;
  readonly #prefix: readonly number[];
  readonly #visited: Set<number>;
  readonly #branches: Branch[];
  readonly #past = new Past();

  constructor(prefix: Pick | undefined, visited: Set<number>, branches: Branch[]) {
    this.#prefix = picksOf(prefix);
    this.#visited = visited;
    this.#branches = branches;
    visited.add(this.#past.state);
  }

  pick(enabled: readonly Lane[]): number {
    const before = this.last;
    const index = this.#prefix[before?.length ?? 0] ?? this.#fresh(enabled);
    this.#visited.add(this.#past.take(enabled[index]!));
    this.last = { before, index, length: (before?.length ?? 0) + 1 };
    return index;
  }

  #fresh(enabled: readonly Lane[]): number {
    const before = this.last;
    const length = (before?.length ?? 0) + 1;
    let fresh = -1;
    // Backwards, so that of what is left for later the one first in time is looked at first.
    for (let index = enabled.length - 1; index >= 0; index--) {
      const state = this.#past.after(enabled[index]!);
      if (this.#visited.has(state)) continue;
      if (fresh >= 0) this.#branches.push({ last: { before, index: fresh, length }, state: this.#past.after(enabled[fresh]!) });
      fresh = index;
    }
    if (fresh < 0) throw new Pruned("nothing new can come of this");
    return fresh;
  }
}

/**
 * What each host has gone through, as hashes: of each thing that touched it, which lane it came from and how many had
 * come from there before. That is enough to tell states apart, because all else follows from it.
 */
class Past {
  readonly #hosts = new Map<string, { lo: number; hi: number }>();
  readonly #counts = new Map<string, number>();

  /** 53 bits. */
  get state(): number {
    let lo = 0;
    let hi = 0;
    for (const [name, past] of this.#hosts) {
      lo = (lo + weigh(name, past.lo, 1)) | 0;
      hi = (hi + weigh(name, past.hi, 2)) | 0;
    }
    return stateOf(lo, hi);
  }

  after(lane: Lane): number {
    const event = this.#eventOf(lane);
    let lo = 0;
    let hi = 0;
    for (const [name, past] of this.#hosts) {
      const isTouched = lane.touches.includes(name);
      lo = (lo + weigh(name, isTouched ? mix(past.lo, event) : past.lo, 1)) | 0;
      hi = (hi + weigh(name, isTouched ? mix(past.hi, ~event) : past.hi, 2)) | 0;
    }
    for (const name of lane.touches) {
      if (this.#hosts.has(name)) continue;
      lo = (lo + weigh(name, mix(0, event), 1)) | 0;
      hi = (hi + weigh(name, mix(0, ~event), 2)) | 0;
    }
    return stateOf(lo, hi);
  }

  /** Answers the state behind it. */
  take(lane: Lane): number {
    const event = this.#eventOf(lane);
    this.#counts.set(lane.name, (this.#counts.get(lane.name) ?? 0) + 1);
    for (const name of lane.touches) {
      const { lo, hi } = this.#hosts.get(name) ?? { lo: 0, hi: 0 };
      this.#hosts.set(name, { lo: mix(lo, event), hi: mix(hi, ~event) });
    }
    return this.state;
  }

  #eventOf(lane: Lane): number {
    return mix(hashName(lane.name), this.#counts.get(lane.name) ?? 0);
  }
}

function weigh(name: string, past: number, salt: number): number {
  return finish(mix(mix(hashName(name), past), salt));
}

function stateOf(lo: number, hi: number): number {
  return (hi >>> 11) * 0x1_0000_0000 + (lo >>> 0);
}

function picksOf(last: Pick | undefined): readonly number[] {
  const picks: number[] = [];
  for (let pick = last; pick !== undefined; pick = pick.before) picks.push(pick.index);
  return picks.toReversed();
}

/** Behind the last pick, 0 is what is picked. */
function withoutCalmEnd(picks: readonly number[]): readonly number[] {
  const last = picks.findLastIndex((pick) => pick !== 0);
  return picks.slice(0, last + 1);
}
