/**
 * The choices of one run, in order: hashed as they come, with checkpoints, and some of them in full. Two logs that part
 * between two checkpoints are made again with that stretch shown. Called by inspections.
 */
import type { MadeChoice } from "../../sim/kernel/watched-choices.ts";
import type { Stretch } from "./task.ts";

const CHECKPOINT_CHOICES = 256;

export interface ChoiceLine extends MadeChoice {
  /** Counted from 0. */
  readonly number: number;
  /** The event that was the last one when it was made. */
  readonly event: number;
}

export class ChoiceLog {
  readonly checkpoints: { readonly event: number; readonly hash: string }[] = [];
  readonly shown: ChoiceLine[] = [];
  readonly #stretch: Stretch | undefined;
  readonly #at: () => number;
  #count = 0;
  #hash = 0x811c9dc5;

  constructor(stretch: Stretch | undefined, at: () => number) {
    this.#stretch = stretch;
    this.#at = at;
  }

  add(choice: MadeChoice): void {
    const number = this.#count++;
    const { label, cause, ordinal, bound, value } = choice;
    for (let i = 0; i < label.length; i++) this.#mix(label.charCodeAt(i));
    for (const word of [cause, ordinal, bound, value]) this.#mix(word);
    if (this.#stretch !== undefined && number >= this.#stretch.from && number < this.#stretch.to) {
      this.shown.push({ ...choice, number, event: this.#at() });
    }
    if (this.#count % CHECKPOINT_CHOICES === 0) {
      this.checkpoints.push({ event: this.#count, hash: (this.#hash >>> 0).toString(16) });
    }
  }

  #mix(word: number): void {
    const mixed = Math.imul(this.#hash ^ word, 0x85ebca6b);
    this.#hash = Math.imul(mixed ^ (mixed >>> 15), 0x01000193);
  }
}
