/**
 * The correct core, tried with the very seed on which a mutant was caught: an accusation counts only when the same
 * checkers have nothing to say about the code as it is. One thread for a whole campaign, so that it stays warm.
 */
import { TrialRoom, type TrialAnswer } from "./trial-room.ts";
import type { Trial } from "./trial.ts";

export class Control {
  readonly #room: TrialRoom;
  readonly #withinMs: number;
  readonly #known = new Map<string, Promise<TrialAnswer>>();

  constructor(code: string, withinMs: number) {
    this.#room = new TrialRoom(code);
    this.#withinMs = withinMs;
  }

  /** Ids of all scenarios that can be tried. Throws when the code as it is cannot even be loaded. */
  async scenarios(): Promise<readonly string[]> {
    const unloadable = await this.#room.load();
    if (unloadable !== undefined) throw new Error(`the code as it is cannot be loaded: ${unloadable.message}`);
    return this.#room.built;
  }

  run(trial: Trial): Promise<TrialAnswer> {
    if (trial.plan !== undefined) return this.#room.run(trial, this.#withinMs);
    const key = `${trial.scenario} ${trial.seed}`;
    let answer = this.#known.get(key);
    if (answer === undefined) this.#known.set(key, (answer = this.#room.run(trial, this.#withinMs)));
    return answer;
  }

  close(): Promise<void> {
    return this.#room.close();
  }
}
