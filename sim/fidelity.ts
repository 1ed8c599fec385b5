/** How faithfully the simulator does a step. What it cannot do it says in the history; nothing is skipped in silence. */
import { EXACT, type StepFidelity } from "../scenarios/fidelity.ts";
import type { Step } from "../scenarios/plan.ts";
import { isSupported } from "./kernel/toxic.ts";

export function simFidelity(step: Step): StepFidelity {
  if (step.do !== "toxic" || isSupported(step.toxic)) return EXACT;
  return {
    fidelity: "unsupported",
    reason: `the simulator has no ${step.toxic.type} of this strength`,
    probe: "isSupported of sim/kernel/toxic.ts",
  };
}
