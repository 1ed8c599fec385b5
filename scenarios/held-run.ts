/**
 * Keeps one of the last runs alive. An engine throws away the optimised code of closures that nobody holds, so that a
 * sweep without this would warm up anew for each seed; but each run that is held is copied and copied by the garbage
 * collector. While code is still being optimised the last run is held, later one of many: its code is the same.
 */
const RUNS_WARM = 64;
const HELD_RUNS = 32;

export class HeldRun<Run> {
  #held: Run | undefined;
  #offered = 0;

  get held(): Run | undefined {
    return this.#held;
  }

  offer(run: Run): void {
    const isWarm = this.#offered >= RUNS_WARM;
    if (!isWarm || this.#offered % HELD_RUNS === 0) this.#held = run;
    this.#offered += 1;
  }
}
