/**
 * The correct core, tried with the very seed on which a mutant was caught: an accusation counts only when the same
 * checkers have nothing to say about the code as it is. One thread for a whole campaign, so that it stays warm.
 */
import { TrialRoom, type TrialAnswer } from "./trial-room.ts";
import type { TrialCode } from "./trial-bundle.ts";
import type { Trial } from "./trial.ts";

/** Two runs in which much of the sources is used. */
const WARMING: readonly Trial[] = [
  { scenario: "S-CONC-01", seed: "0x1" },
  { scenario: "W-13", seed: "0x1" },
];

export class Control {
  readonly #room: TrialRoom;
  readonly #withinMs: number;
  readonly #known = new Map<string, Promise<TrialAnswer>>();

  constructor(code: TrialCode, withinMs: number) {
    this.#room = new TrialRoom(code);
    this.#withinMs = withinMs;
  }

  /** Ids of all scenarios that can be tried. Throws when the code as it is cannot even be loaded. */
  async scenarios(): Promise<readonly string[]> {
    const unloadable = await this.#room.load();
    if (unloadable !== undefined) throw new Error(`the code as it is cannot be loaded: ${unloadable.message}`);
    return this.#room.built;
  }

  /** What the engine has compiled by then: every mutant's room begins with it. */
  async cache(): Promise<Uint8Array | undefined> {
    const built = await this.scenarios();
    for (const trial of WARMING) if (built.includes(trial.scenario)) await this.run(trial);
    return this.#room.takeCache();
  }

  run(trial: Trial): Promise<TrialAnswer> {
    if (trial.plan !== undefined) return this.#room.run(trial, this.#withinMs);
    const key = `${trial.scenario} ${trial.seed} ${trial.isTwin ?? false}`;
    let answer = this.#known.get(key);
    if (answer === undefined) this.#known.set(key, (answer = this.#room.run(trial, this.#withinMs)));
    return answer;
  }

  close(): Promise<void> {
    return this.#room.close();
  }
}
