/**
 * Judges a history of real processes. Real time bounds prove nothing: a machine may be busy, so a run that did not
 * converge, converged late or holds more at its end is unknown there and not invalid, and so is one whose faults were
 * issued and never seen to act. All other findings count as they do in the simulator, also that states or inboxes
 * differ after the run was said to have converged.
 */
import type { History } from "./history.ts";
import { judge } from "./judge.ts";
import { isFault, type Plan } from "./plan.ts";
import type { Finding, Verdict } from "./verdict.ts";

/** Findings that only simulated time can prove, as `checker/kind`. */
const UNSURE: ReadonlySet<string> = new Set([
  "converges/not-converged",
  "converges/converged-late",
  "converges/too-many-frames",
  "converges/never-healed",
  "drains/resource-left",
  "drains/outbox-not-empty",
  "hang/event-budget-spent",
  "demands/acked-late",
  "demands/heard-late",
  "demands/noticed-late",
  "demands/back-late",
  "demands/not-kept",
  "demands/not-spread",
]);

export function judgeReal(plan: Plan, history: History): Verdict {
  const { verdict, idle, findings, unknowns } = judge(plan, history);
  const sure: Finding[] = [];
  const unsure: string[] = [...unknowns, ...faultsWithoutEffect(plan, history)];
  for (const finding of findings) {
    if (UNSURE.has(`${finding.checker}/${finding.kind}`)) unsure.push(`${finding.checker}: ${finding.message}`);
    else sure.push(finding);
  }
  if (verdict === "invalid" && sure.length > 0) return { verdict, idle, findings: sure, unknowns: unsure };
  return { verdict: unsure.length > 0 ? "unknown" : "valid", idle, findings: sure, unknowns: unsure };
}

function faultsWithoutEffect(plan: Plan, history: History): readonly string[] {
  const seen = new Set<number>();
  const issued = new Set<number>();
  for (const record of history) {
    if (record.type !== "fault") continue;
    if (record.stage === "issued") issued.add(record.step);
    else if (record.stage === "observed" || record.stage === "unsupported") seen.add(record.step);
  }
  return plan.steps
    .filter((step) => isFault(step) && !seen.has(step.id))
    .map(({ id, do: what }) => `step ${id} (${what}) ${issued.has(id) ? "was not seen to act" : "was not issued"}`);
}
