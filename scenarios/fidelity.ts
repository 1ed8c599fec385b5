/**
 * How faithfully a backend does the steps of a plan, as data: a table per backend gives it for each step, a row of the
 * catalogue has the worst of what its plans ask for. What is not exact names what the kernel, the engine or the tool
 * lacks, and the probe that shows it. Each backend brings its own table; `zerok scenarios` and the judges read it.
 */
import { seedAfter } from "./draw.ts";
import type { Step } from "./plan.ts";
import type { Backend, Scenario } from "./scenario.ts";

export type Fidelity = "exact" | "approximate" | "unsupported";

export type StepFidelity =
  | { readonly fidelity: "exact" }
  | {
      readonly fidelity: "approximate" | "unsupported";
      /** What is lacking. */
      readonly reason: string;
      /** How one sees that it is. */
      readonly probe: string;
    };

export type FidelityTable = (step: Step) => StepFidelity;

export const EXACT: StepFidelity = { fidelity: "exact" };

export interface RowFidelity {
  /** `later`: the row has no plan yet, or nobody has brought this backend's table. */
  readonly fidelity: Fidelity | "later";
  /** What is not exact, each once. */
  readonly lacks: readonly Exclude<StepFidelity, { readonly fidelity: "exact" }>[];
}

const LATER: RowFidelity = { fidelity: "later", lacks: [] };
const WORSE: { readonly [F in Fidelity]: number } = { exact: 0, approximate: 1, unsupported: 2 };
/** Seeds differ in their steps: the worst of so many stands for the row. */
const SEEDS = 8;

/** Of a row on a backend that the catalogue asks for; `undefined` on one that it does not. */
export function rowFidelity(
  scenario: Scenario,
  backend: Backend,
  table: FidelityTable | undefined,
): RowFidelity | undefined {
  if (!scenario.backends.includes(backend)) return undefined;
  if (scenario.plan === undefined || table === undefined) return LATER;
  let worst: Fidelity = "exact";
  const lacks = new Map<string, RowFidelity["lacks"][number]>();
  for (let i = 0; i < SEEDS; i++) {
    for (const step of scenario.plan(seedAfter("0x1", i)).steps) {
      const found = table(step);
      if (found.fidelity === "exact") continue;
      if (WORSE[found.fidelity] > WORSE[worst]) worst = found.fidelity;
      lacks.set(`${found.fidelity} ${found.reason}`, found);
    }
  }
  return { fidelity: worst, lacks: [...lacks.values()] };
}
