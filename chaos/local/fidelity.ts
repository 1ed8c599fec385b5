/** What processes on one machine can be made to suffer, and how truly. */
import type { FaultStep } from "../../scenarios/plan.ts";
import type { Fidelity } from "../world/backend.ts";

const EXACT: Fidelity = { how: "exact", reason: "" };

export function localFidelity(step: FaultStep): Fidelity {
  switch (step.do) {
    case "crash":
      return step.how === "kill"
        ? EXACT
        : { how: "approximate", reason: "the kernel keeps the page cache of a killed process" };
    case "restart":
    case "pause":
    case "wipe":
    case "rollback":
      return EXACT;
    case "toxic":
    case "partition":
      return { how: "unsupported", reason: "there is no proxy between local processes yet" };
    case "clock":
      return { how: "unsupported", reason: "local processes share one clock" };
    case "disk":
      return { how: "unsupported", reason: "local processes share one disk" };
  }
}
