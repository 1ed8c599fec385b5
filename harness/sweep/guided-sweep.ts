/**
 * Wild plans, one after the other, each made of what the runs before it reached: all of it follows from the first seed.
 * Because a plan may be of no seed, whoever fails is told of with its plan.
 */
import { marks } from "../../scenarios/marks/list.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { featuresOf } from "../../scenarios/wild/features.ts";
import { Guide } from "../../scenarios/wild/guide.ts";
import type { MarkHits } from "./mark-tally.ts";
import type { SeedRun, SeedRunner } from "./seed-runner.ts";
import type { Suite } from "./sim-world.ts";

export interface GuidedRequest {
  readonly firstSeed: string;
  /** `undefined` = as many as the time allows. */
  readonly runs: number | undefined;
  readonly timeMs: number | undefined;
  readonly suite: Suite;
  readonly isFailFast: boolean;
}

export interface GuidedFailure {
  /** Counted from 1. */
  readonly number: number;
  readonly plan: Plan;
  /** `undefined` when the simulator itself threw `message`. */
  readonly run: SeedRun | undefined;
  readonly message: string;
}

export interface GuidedReport {
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly runs: number;
  /** Plans that reached something new, and all that was reached. */
  readonly kept: number;
  readonly features: number;
  readonly events: number;
  readonly simulatedMs: number;
  readonly failures: readonly GuidedFailure[];
  readonly marks: readonly MarkHits[];
  readonly wallMs: number;
}

export function runGuidedSweep(request: GuidedRequest, runner: SeedRunner): GuidedReport {
  const { firstSeed, runs: runsMax = Infinity, timeMs = Infinity, suite, isFailFast } = request;
  const startedMs = Date.now();
  const guide = new Guide(firstSeed);
  const failures: GuidedFailure[] = [];
  const hits = new Map<string, number>();
  let runs = 0;
  let events = 0;
  let simulatedMs = 0;
  while (runs < runsMax && (runs === 0 || Date.now() - startedMs < timeMs)) {
    const candidate = guide.next();
    const { plan } = candidate;
    runs += 1;
    try {
      const done = runner.runPlan(plan, { suite });
      const { run, verdict } = done;
      guide.learn(candidate, featuresOf(run.lives));
      for (const name of run.marks) hits.set(name, (hits.get(name) ?? 0) + 1);
      events += run.events;
      simulatedMs += run.simulatedMs;
      if (verdict.verdict !== "valid") {
        const [finding] = verdict.findings;
        const message =
          finding === undefined
            ? (verdict.unknowns[0] ?? "no reason given")
            : `${finding.checker}/${finding.kind}: ${finding.message}`;
        failures.push({ number: runs, plan, run: done, message });
      }
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      failures.push({ number: runs, plan, run: undefined, message: `simulator/exception: ${message}` });
    }
    if (isFailFast && failures.length > 0) break;
  }
  const isInvalid = failures.some(({ run }) => run === undefined || run.verdict.verdict === "invalid");
  return {
    verdict: isInvalid ? "invalid" : failures.length > 0 ? "unknown" : "valid",
    runs,
    ...guide.standing,
    events,
    simulatedMs,
    failures,
    // A run of an edited plan cannot be named by its seed.
    marks: marks.map((mark) => ({ mark, runs: hits.get(mark.name) ?? 0, first: undefined })),
    wallMs: Date.now() - startedMs,
  };
}
