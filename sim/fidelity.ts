/** How faithfully the simulator does a step. What it cannot do it says in the history; nothing is skipped in silence. */
import type { Step } from "../scenarios/plan.ts";
import { isFault } from "../scenarios/plan.ts";
import { isSupported } from "./kernel/toxic.ts";

export type Fidelity = "exact" | "approximate" | "unsupported";

export function simFidelity(step: Step): Fidelity {
  if (!isFault(step)) return "exact";
  if (step.do === "toxic") return step.toxic.type !== "tamper" && isSupported(step.toxic) ? "exact" : "unsupported";
  return "exact";
}
