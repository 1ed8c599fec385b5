/**
 * Enumerating choices: all runs of a small world, one after the other.
 *
 * An odometer whose digits are the choices in the order they are asked. The first run is all calm; `advance` turns the
 * last digit that can still turn and forgets those after it, so runs that ask different questions after different
 * answers are covered too. The caller starts a fresh world (kernel reset, new causes) for each run.
 */
import { nextOrdinal } from "./choices.ts";
import type { Cause, Choices, Label } from "./choices.ts";

export class EnumeratedChoices implements Choices {
  private readonly values: number[] = [];
  private readonly bounds: number[] = [];
  private readonly isEnumerated: ((label: Label) => boolean) | undefined;
  private asked = 0;

  /** With `isEnumerated`, only those labels are enumerated and all others stay calm: the runs multiply quickly. */
  constructor(isEnumerated?: (label: Label) => boolean) {
    this.isEnumerated = isEnumerated;
  }

  /** Goes to the next combination. False when all have been seen. */
  advance(): boolean {
    this.asked = 0;
    while (this.values.length > 0) {
      const last = this.values.length - 1;
      if (this.values[last]! + 1 < this.bounds[last]!) {
        this.values[last]! += 1;
        return true;
      }
      this.values.pop();
      this.bounds.pop();
    }
    return false;
  }

  choose(label: Label, cause: Cause, bound: number): number {
    nextOrdinal(label, cause);
    return this.digit(label, bound);
  }

  /** What is certain or impossible is no choice. */
  chance(label: Label, cause: Cause, num: number, den: number): boolean {
    nextOrdinal(label, cause);
    if (num <= 0) return false;
    return num >= den ? true : this.digit(label, 2) !== 0;
  }

  private digit(label: Label, bound: number): number {
    if (bound <= 1 || (this.isEnumerated !== undefined && !this.isEnumerated(label))) return 0;
    const position = this.asked++;
    if (position === this.values.length) {
      this.values.push(0);
      this.bounds.push(bound);
    } else if (this.bounds[position] !== bound) {
      throw new Error(`enumerated choice ${position} (${label.name}) changed its bound: the run is not repeatable`);
    }
    return this.values[position]!;
  }
}
