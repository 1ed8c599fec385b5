/**
 * One run's way through an exploration: along its prefix of picks, then to where nobody was.
 *
 * What need not be exchanged with anything is taken at once, with nothing left for later: a disk's sync that no fault
 * waits to break (only faults touch a disk beside itself; this leaves no end out), and what the exploration's pace says.
 * After its fault a run goes on in the order of time, so that recovery is one run. An exploration makes one for each run.
 */
import type { Pace } from "../scenarios/small-world.ts";
import type { Guide } from "./kernel/order-queue.ts";
import type { Lane } from "./kernel/scheduler.ts";
import { Past } from "./past.ts";

/** The last pick of a way; the first one has no `before`. */
export interface Pick {
  readonly before: Pick | undefined;
  readonly index: number;
  readonly length: number;
}

/** A way out that was not taken, and the state that it leads to. */
export interface Branch {
  readonly last: Pick;
  readonly state: number;
}

/** Nothing new can come of this run. */
export class NothingNew extends Error {}

export interface WalkOptions {
  readonly prefix: Pick | undefined;
  readonly visited: Set<number>;
  readonly branches: Branch[];
  readonly pace: Pace;
}

export class Walk implements Guide {
  last: Pick | undefined;
  readonly #options: WalkOptions;
  readonly #prefix: readonly number[];
  readonly #past = new Past();
  #isFaultOver = false;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#prefix = picksOf(options.prefix);
    options.visited.add(this.#past.state);
  }

  pick(enabled: readonly Lane[]): number {
    const before = this.last;
    const length = (before?.length ?? 0) + 1;
    const index = this.#prefix[length - 1] ?? this.#fresh(enabled, before, length);
    const lane = enabled[index]!;
    if (lane.kind === "fault") this.#isFaultOver = true;
    this.#options.visited.add(this.#past.take(lane));
    this.last = { before, index, length };
    return index;
  }

  #fresh(enabled: readonly Lane[], before: Pick | undefined, length: number): number {
    const { visited, branches } = this.#options;
    const only = this.#only(enabled);
    let fresh = -1;
    let freshState = 0;
    // Backwards, so that the one first in time is taken and, of the others, looked at first.
    for (let index = enabled.length - 1; index >= 0; index--) {
      if (only >= 0 && index !== only) continue;
      const state = this.#past.after(enabled[index]!);
      if (visited.has(state)) continue;
      if (fresh >= 0) branches.push({ last: { before, index: fresh, length }, state: freshState });
      fresh = index;
      freshState = state;
    }
    if (fresh < 0) throw new NothingNew();
    return fresh;
  }

  /** The one that alone comes into question; −1 when any of them may come. */
  #only(enabled: readonly Lane[]): number {
    if (this.#isFaultOver) return 0;
    const fault = enabled.find(({ kind }) => kind === "fault");
    return enabled.findIndex((lane) => this.#isQuick(lane) || (lane.kind === "disk" && !breaks(fault, lane)));
  }

  #isQuick({ kind, host }: Lane): boolean {
    const { quickReads, quickStores } = this.#options.pace;
    if (kind === "reads" && quickReads) return true;
    return (kind === "disk" || kind === "answers" || kind === "reads") && quickStores.includes(host);
  }
}

function breaks(fault: Lane | undefined, { touches }: Lane): boolean {
  return fault !== undefined && touches.some((name) => fault.touches.includes(name));
}

export function picksOf(last: Pick | undefined): readonly number[] {
  const picks: number[] = [];
  for (let pick = last; pick !== undefined; pick = pick.before) picks.push(pick.index);
  return picks.toReversed();
}
