/** Whether a plan takes a push out of the middle of a stream: then the order that the stream had is nobody's fault. */
import type { Plan } from "../plan.ts";

export function isPushTaken({ steps }: Plan): boolean {
  return steps.some((step) => step.do === "withhold" && step.message === "Push");
}
