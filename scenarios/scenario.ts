/** A row of the catalogue: the id fixes the kind of trouble, the seed varies details, timing and strength. */
import type { Plan } from "./plan.ts";

export type Backend = "sim" | "local" | "docker";

export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** What this one must hold beyond the standing checks. */
  readonly mustHold: string;
  /** Where it comes from: the strategy document, or the project whose users reported it. */
  readonly source: string;
  /** Backends that the catalogue asks for. */
  readonly backends: readonly Backend[];
  /** The seeds 1 to so many go through all its cases, one each; absent: what a seed does is drawn. */
  readonly cases?: number;
  /** Makes the plan of a seed (`0x…`); `undefined` while the row waits to be built. */
  readonly plan?: (seed: string) => Plan;
}
