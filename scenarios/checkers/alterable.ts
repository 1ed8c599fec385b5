/** Whether anything in a plan can alter blobs: only then may an honest one end up in quarantine. */
import type { Plan } from "../plan.ts";

export function canAlterBlobs({ steps }: Plan): boolean {
  return steps.some((step) => {
    if (step.do === "toxic") return step.toxic.type === "tamper";
    return step.do === "disk" && step.disk.type === "bit-rot";
  });
}
