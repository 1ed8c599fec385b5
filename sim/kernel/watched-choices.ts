/** Tells of every choice as it is made, and changes none. Where two runs differ, the first other choice says why. */
import type { Cause, Choices, Label } from "./choices.ts";
import type { RecordedChoice } from "./recorded-choices.ts";

/** Calm answers too: `value` from 0. A chance is 0 or 1 of bound 2. */
export type MadeChoice = RecordedChoice;

export class WatchedChoices implements Choices {
  private readonly inner: Choices;
  private readonly tell: (choice: MadeChoice) => void;

  constructor(inner: Choices, tell: (choice: MadeChoice) => void) {
    this.inner = inner;
    this.tell = tell;
  }

  choose(label: Label, cause: Cause, bound: number): number {
    const ordinal = cause.ordinals[label.index] ?? 0;
    const value = this.inner.choose(label, cause, bound);
    this.tell({ label: label.name, cause: cause.key, ordinal, bound, value });
    return value;
  }

  chance(label: Label, cause: Cause, num: number, den: number): boolean {
    const ordinal = cause.ordinals[label.index] ?? 0;
    const happens = this.inner.chance(label, cause, num, den);
    this.tell({ label: label.name, cause: cause.key, ordinal, bound: 2, value: happens ? 1 : 0 });
    return happens;
  }
}
