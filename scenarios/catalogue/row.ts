/**
 * One row of the catalogue, from the columns of the table it stands in. Every id has a row from the beginning; a row
 * without a plan waits to be built. Called by the family files.
 */
import type { Draw } from "../draw.ts";
import { createDraw } from "../draw.ts";
import type { Plan } from "../plan.ts";
import type { Backend, Scenario } from "../scenario.ts";

/** For rows that add nothing of their own. */
export const STANDING = "the standing checks";
export const STRATEGY = "strategy document";

const BACKENDS: { readonly [Letter in "S" | "L" | "D"]: Backend } = { S: "sim", L: "local", D: "docker" };

export type On = "S" | "L" | "S L" | "S D" | "L D" | "S L D";

export interface Row {
  readonly title: string;
  readonly mustHold?: string;
  readonly source?: string;
  /** Simulator, local processes, docker. */
  readonly on: On;
  readonly plan?: (draw: Draw) => Plan;
  /** How many cases the plan goes through, one a seed. */
  readonly cases?: number;
}

export function createRow(
  id: string,
  { title, mustHold = STANDING, source = STRATEGY, on, plan, cases }: Row,
): Scenario {
  const backends = on.split(" ").map((letter) => BACKENDS[letter as keyof typeof BACKENDS]);
  return {
    id,
    title,
    mustHold,
    source,
    backends,
    ...(cases === undefined ? {} : { cases }),
    ...(plan === undefined ? {} : { plan: (seed) => plan(createDraw(seed, id)) }),
  };
}
