/** A fault that a plan binds to a moment of the protocol is taken at its time here: nobody outside sees such a moment. */
import type { FaultStep } from "../../scenarios/plan.ts";
import type { Fidelity } from "./backend.ts";

export function atItsTime(step: FaultStep, fidelity: Fidelity): Fidelity {
  if (step.when === undefined || fidelity.how !== "exact") return fidelity;
  return {
    how: "approximate",
    reason: "the moment that the fault is bound to is not seen from outside: it is taken at the time of its step",
    probe: "what hosts say to each other is sealed, and their stores tell nobody when they sync",
  };
}
