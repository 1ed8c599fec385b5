/**
 * What a sweep needs of the simulator: a plan becomes a run, a history becomes a verdict. A port, so that the sweep can
 * be tested with runs that fail, lie idle or differ on purpose.
 */
import type { History } from "../../scenarios/history.ts";
import type { Plan } from "../../scenarios/plan.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import type { Verdict } from "../../scenarios/verdict.ts";
import type { SimOptions, SimRun } from "../../sim/simulator.ts";

export type Suite = NonNullable<SimOptions["suite"]>;

export interface SimWorld {
  run(plan: Plan, options?: SimOptions): SimRun;
  judge(plan: Plan, history: History): Verdict;
}

/** The rows that can be run or asked for. */
export interface Catalogue {
  readonly all: readonly Scenario[];
  readonly built: readonly Scenario[];
  find(id: string): Scenario | undefined;
  nearest(text: string): readonly string[];
}
