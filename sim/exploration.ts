/**
 * An exploration: every order of what happens in the window of one small plan, up to equivalence, each run to its end.
 *
 * Stateless, on the world as it is: a run follows a prefix of picks and from there on always takes something that leads
 * to a state where nobody was yet (`walk.ts`); its other ways out are kept for later runs. A run all of whose ways out
 * are known is given up; one that comes to the window's end goes on in time and is judged. Same plan, same numbers.
 * Called by `zerok sim --exhaustive`; the simulator does the runs.
 */
import type { History } from "../scenarios/history.ts";
import type { Order, Plan } from "../scenarios/plan.ts";
import { ALL_ORDERS, type OrderedPlan, type Pace } from "../scenarios/small-world.ts";
import type { Verdict } from "../scenarios/verdict.ts";
import { mix } from "./kernel/hash.ts";
import type { SimOptions, SimRun } from "./simulator.ts";
import { type Branch, NothingNew, type Pick, picksOf, Walk } from "./walk.ts";

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
  /** Of the trace hashes of all that were judged, in order: two explorations with the same one did the same. */
  readonly digest: number;
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

/** The exploration may go on after it. */
export type OnFailure = (failure: OrderFailure) => void;

export class Exploration {
  readonly #world: ExplorationWorld;
  readonly #plan: OrderedPlan;
  readonly #pace: Pace;
  readonly #visited = new Set<number>();
  readonly #branches: Branch[] = [];
  #runs = 0;
  #judged = 0;
  #longest = 0;
  #digest = 0;

  constructor(world: ExplorationWorld, plan: OrderedPlan, pace: Pace = ALL_ORDERS) {
    this.#world = world;
    this.#plan = plan;
    this.#pace = pace;
  }

  get counts(): ExplorationCounts {
    return {
      states: this.#visited.size,
      runs: this.#runs,
      judged: this.#judged,
      longest: this.#longest,
      digest: this.#digest >>> 0,
      isComplete: this.#runs > 0 && this.#branches.length === 0,
    };
  }

  /** One run more. False when all has been seen. */
  advance(onFailure: OnFailure): boolean {
    if (this.#runs === 0) {
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
    const walk = new Walk({ prefix, visited: this.#visited, branches: this.#branches, pace: this.#pace });
    this.#runs += 1;
    let verdict: Verdict | undefined;
    try {
      const { history, traceHash } = this.#world.run(this.#plan, { guide: walk });
      this.#judged += 1;
      this.#digest = mix(this.#digest, Number.parseInt(traceHash.slice(0, 8), 16));
      verdict = this.#world.judge(this.#plan, history);
    } catch (error) {
      if (!(error instanceof NothingNew)) verdict = brokenVerdict(error);
    }
    this.#longest = Math.max(this.#longest, walk.last?.length ?? 0);
    if (verdict === undefined || verdict.verdict === "valid") return;
    const order: Order = { ...this.#plan.order, picks: withoutCalmEnd(picksOf(walk.last)) };
    onFailure({ plan: { ...this.#plan, order }, verdict, runs: this.#runs });
  }
}

/** The simulator or a checker threw: a bug of ours, or of a mutant that nobody had thought of. */
function brokenVerdict(error: unknown): Verdict {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const finding = { checker: "simulator", kind: "exception", message, witness: [] };
  return { verdict: "invalid", idle: false, findings: [finding], unknowns: [] };
}

/** Behind the last pick, 0 is what is picked. */
function withoutCalmEnd(picks: readonly number[]): readonly number[] {
  const last = picks.findLastIndex((pick) => pick !== 0);
  return picks.slice(0, last + 1);
}
