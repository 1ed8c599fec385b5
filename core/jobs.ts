/**
 * What a machine waits for from its store: one job per operation, answered in the order in which they were asked (a
 * store's transactions are one after the other). Numbers are never used twice.
 */
import { assertInvariant } from "./invariant.ts";

export class Jobs<Job> {
  readonly #waiting: (Job | undefined)[] = [];
  #next = 0;
  #filled = 0;
  #nextId = 1;

  get size(): number {
    return this.#filled - this.#next;
  }

  /** The number that the operation carries and its answer brings back. */
  add(job: Job): number {
    this.#waiting[this.#filled++] = job;
    return this.#nextId++;
  }

  /** The job that this answer is for. */
  take(id: number): Job {
    assertInvariant(this.size > 0 && id === this.#nextId - this.size, "a store answers every operation once, in order");
    const job = this.#waiting[this.#next]!;
    this.#waiting[this.#next++] = undefined;
    if (this.#next === this.#filled) {
      // Rewound, not cut: setting an array's length costs more than all the rest.
      this.#next = 0;
      this.#filled = 0;
    } else if (this.#next > 1024) {
      this.#waiting.splice(0, this.#next);
      this.#filled -= this.#next;
      this.#next = 0;
    }
    return job;
  }
}
