/**
 * Recording and replaying choices: a run's decisions as data.
 *
 * Only what is not calm is kept, so a recording lists just the trouble of a run, and taking an element out of the list
 * makes the run calmer: that is how schedules are shrunk. Called by the harness around any other `Choices`.
 */
import { nextOrdinal } from "./choices.ts";
import type { Cause, Choices, Label } from "./choices.ts";

export interface RecordedChoice {
  readonly label: string;
  /** The key of its cause. */
  readonly cause: number;
  readonly ordinal: number;
  readonly bound: number;
  /** 1 … bound−1. */
  readonly value: number;
}

/** An exact replay met another question than was recorded. Not the simulated machine's fault, so never a violation. */
export class ReplayMismatch extends Error {
  override readonly name = "ReplayMismatch";
}

/** Passes every question to `inner` and keeps the answers that are not 0. */
export class RecordingChoices implements Choices {
  readonly recorded: RecordedChoice[] = [];
  private readonly inner: Choices;

  constructor(inner: Choices) {
    this.inner = inner;
  }

  choose(label: Label, cause: Cause, bound: number): number {
    const ordinal = cause.ordinals[label.index] ?? 0;
    const value = this.inner.choose(label, cause, bound);
    if (value !== 0) this.recorded.push({ label: label.name, cause: cause.key, ordinal, bound, value });
    return value;
  }

  chance(label: Label, cause: Cause, num: number, den: number): boolean {
    const ordinal = cause.ordinals[label.index] ?? 0;
    const happens = this.inner.chance(label, cause, num, den);
    if (happens) this.recorded.push({ label: label.name, cause: cause.key, ordinal, bound: 2, value: 1 });
    return happens;
  }
}

export interface ReplayOptions {
  /** Throws `ReplayMismatch` when a recorded choice is asked with another bound; else the value is cut to the bound. */
  readonly exact: boolean;
}

/** Answers what was recorded and 0 to everything else. */
export class ReplayedChoices implements Choices {
  private readonly byLabel = new Map<string, Map<number, Map<number, RecordedChoice>>>();
  private readonly isExact: boolean;
  private unused = 0;

  constructor(list: readonly RecordedChoice[], options: ReplayOptions) {
    this.isExact = options.exact;
    for (const choice of list) {
      let byCause = this.byLabel.get(choice.label);
      if (byCause === undefined) this.byLabel.set(choice.label, (byCause = new Map()));
      let byOrdinal = byCause.get(choice.cause);
      if (byOrdinal === undefined) byCause.set(choice.cause, (byOrdinal = new Map()));
      if (!byOrdinal.has(choice.ordinal)) this.unused += 1;
      byOrdinal.set(choice.ordinal, choice);
    }
  }

  /** How many recorded choices nobody has asked for yet: 0 at the end of a faithful replay. */
  get unusedCount(): number {
    return this.unused;
  }

  choose(label: Label, cause: Cause, bound: number): number {
    return this.answer(label, cause, bound);
  }

  chance(label: Label, cause: Cause, _num: number, _den: number): boolean {
    return this.answer(label, cause, 2) !== 0;
  }

  private answer(label: Label, cause: Cause, bound: number): number {
    const ordinal = nextOrdinal(label, cause);
    const choice = this.byLabel.get(label.name)?.get(cause.key)?.get(ordinal);
    if (choice === undefined) return 0;
    this.unused -= 1;
    if (this.isExact && choice.bound !== bound) {
      const where = `choice ${label.name} #${ordinal} of cause ${cause.key}`;
      throw new ReplayMismatch(`${where} was recorded with bound ${choice.bound} and is asked with ${bound}`);
    }
    return choice.value < bound ? choice.value : Math.max(0, bound - 1);
  }
}
