/**
 * Judges a history of real processes. Real time bounds prove nothing: a machine may be busy, so a run that did not
 * converge, converged late or holds more at its end is unknown there and not invalid, and so is one whose faults were
 * issued and never seen to act, unless it was seen that nothing came for them to act on. What has not arrived in a run
 * that did not converge may still be on its way; a device that went past it without taking it in is found by others
 * (`cursor-behind-applied`, `gone-is-told`). All other findings count as they do in the simulator, also that states or
 * inboxes differ after the run was said to have converged.
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
  // Held at one moment, which a slower machine comes to earlier in its work.
  "demands/too-much-held",
]);

/** What is no proof in a run that did not converge. */
const UNSURE_UNCONVERGED: ReadonlySet<string> = new Set(["acked-durable/acked-blob-missing"]);

export function judgeReal(plan: Plan, history: History): Verdict {
  const { verdict, idle, findings, unknowns } = judge(plan, history);
  const sure: Finding[] = [];
  const unsure: string[] = [...unknowns, ...faultsWithoutEffect(plan, history)];
  const isConverged = history.some((record) => record.type === "phase" && record.phase === "converged");
  for (const finding of findings) {
    const name = `${finding.checker}/${finding.kind}`;
    if (UNSURE.has(name) || (!isConverged && UNSURE_UNCONVERGED.has(name)))
      unsure.push(`${finding.checker}: ${finding.message}`);
    else sure.push(finding);
  }
  if (verdict === "invalid" && sure.length > 0) return { verdict, idle, findings: sure, unknowns: unsure };
  return { verdict: unsure.length > 0 ? "unknown" : "valid", idle, findings: sure, unknowns: unsure };
}

function faultsWithoutEffect(plan: Plan, history: History): readonly string[] {
  const seen = new Set<number>();
  const issued = new Set<number>();
  const lost = new Map<number, string>();
  for (const record of history) {
    if (record.type !== "fault") continue;
    if (record.stage === "issued") issued.add(record.step);
    else if (record.stage === "lost") lost.set(record.step, record.note ?? "it was lost");
    else if (record.stage !== "healed") seen.add(record.step);
  }
  const without: string[] = [];
  for (const step of plan.steps) {
    if (!isFault(step)) continue;
    const why = lost.get(step.id);
    if (why !== undefined) without.push(`step ${step.id} (${step.do}): ${why}`);
    else if (!seen.has(step.id)) {
      without.push(`step ${step.id} (${step.do}) ${issued.has(step.id) ? "was not seen to act" : "was not issued"}`);
    }
  }
  return without;
}
