/** Where a step of the plan stands when its order is left to somebody's choice, and which hosts it is about. */
import type { FaultStep, Step } from "../scenarios/plan.ts";
import { isFault } from "../scenarios/plan.ts";
import { diskOf } from "./kernel/host.ts";
import { createLane, type Lane } from "./kernel/scheduler.ts";

/** Steps of one device stay in their order; each fault is alone. */
export function laneOf(step: Step): Lane {
  if (!isFault(step)) return createLane(`steps of ${step.device}`, "steps", step.device);
  return { name: `fault ${step.id}`, kind: "fault", host: "", touches: touchesOf(step) };
}

function touchesOf(step: FaultStep): readonly string[] {
  switch (step.do) {
    case "toxic":
      return [step.dialler, step.listener];
    case "partition":
      return [...step.left, ...step.right];
    default:
      return [step.host, diskOf(step.host)];
  }
}
