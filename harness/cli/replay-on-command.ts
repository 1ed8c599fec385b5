/**
 * `zerok replay X --on local|docker`: the plan of a capsule, a folder or a seed in the real world, once, and how its
 * verdict stands to the one that the capsule has.
 */
import { tellStory } from "../../scenarios/story.ts";
import { programsFor } from "../chaos/build-on.ts";
import { runReal, type RealRun } from "../chaos/real-run.ts";
import type { Plan } from "../../scenarios/plan.ts";
import type { Capsule } from "../results/capsule.ts";
import { assertWritableOut } from "../results/run-folder.ts";
import { Shelf } from "../results/shelf.ts";
import { UserError } from "../user-error.ts";
import { parseOn } from "./chaos-command.ts";
import { EXIT, exitCodeOf, type ExitCode } from "./exit-code.ts";
import { renderDuration } from "./figures.ts";
import type { Io } from "./io.ts";
import { createPaint, paintVerdict, type Paint } from "./paint.ts";
import { findPlan } from "./plan-source.ts";
import { assertRealTime } from "./real-time.ts";
import type { ReplayArguments } from "./replay-command.ts";
import type { Services } from "./services.ts";
import { shortPath } from "./short-path.ts";
import { renderStory } from "./story-text.ts";
import { renderRecord } from "./verdict-text.ts";
import { withInterrupt } from "./with-interrupt.ts";

export interface ReplayOnArguments extends ReplayArguments {
  readonly on: string;
  readonly build: string | undefined;
}

const WITNESSES_SHOWN = 6;
const FINDINGS_SHOWN = 10;

export async function runReplayOnCommand(args: ReplayOnArguments, io: Io, services: Services): Promise<ExitCode> {
  const on = parseOn(args.on);
  assertNothingSimulated(args, on);
  const { plan, capsule } = findPlan(args, services, services.createRunner());
  assertRealTime(plan);
  assertOrderOfTime(plan, args.what);
  assertWritableOut(args.out);
  const shelf = new Shelf(args.out);
  const programs = await programsFor(on, args.build);
  const say = (text: string): void => {
    if (!args.json && !args.quiet) io.err(text);
  };
  say(`${plan.scenario} ${plan.seed} on ${on} `);
  const real = await withInterrupt((signal) =>
    runReal(plan, { programs, shelf, signal, onPhase: (phase) => say(`· ${phase} `) }),
  );
  say("\n");
  if (!real.ok) {
    if (real.error.type === "Interrupted") {
      throw new UserError("Interrupted: what the run had made was taken away.", EXIT.unknown);
    }
    throw new UserError(real.error.message, EXIT.machineCannot);
  }
  const { run, folder } = real.value;
  const same = capsule === undefined ? [] : checkersInBoth(capsule, real.value);
  if (args.json) {
    const { verdict, idle, findings, unknowns } = run.verdict;
    const brief = findings.map(({ checker, kind, message }) => ({ checker, kind, message }));
    const report = { verdict, on, scenario: plan.scenario, seed: plan.seed, idle, findings: brief, unknowns };
    io.out(
      `${JSON.stringify({ ...report, sameCheckers: same, lag: run.lag ?? null, fidelity: run.fidelity, run: folder ?? null }, undefined, 2)}\n`,
    );
  } else {
    io.out(render(createPaint(io.hasColor), on, real.value, capsule, same, args.quiet));
  }
  return shelf.end(io, exitCodeOf(run.verdict.verdict));
}

/** Real processes tell no events of their own, never run twice alike, and have the cryptography that they have. */
function assertNothingSimulated({ trace, twice, suite }: ReplayOnArguments, on: string): void {
  const option = trace ? "--trace" : twice ? "--twice" : suite === undefined ? undefined : "--suite";
  if (option !== undefined) throw new UserError(`${option} is for the simulator: leave out ${option}, or --on ${on}.`);
}

/** Nobody can tell real networks and disks what comes first. */
function assertOrderOfTime({ order }: Plan, what: string): void {
  if (order === undefined) return;
  throw new UserError(
    `The plan in ${what} says in which order things come, and only the simulator can follow that: npx zerok replay ${what}, without --on.`,
    EXIT.machineCannot,
  );
}

/** Names of checkers that found something in the capsule's run and in this one. */
function checkersInBoth(capsule: Capsule, { run }: RealRun): readonly string[] {
  const here = new Set(run.verdict.findings.map(({ checker }) => checker));
  return [...new Set(capsule.findings.map(({ checker }) => checker))].filter((checker) => here.has(checker));
}

function render(
  paint: Paint,
  on: string,
  { run, folder, tookMs }: RealRun,
  capsule: Capsule | undefined,
  same: readonly string[],
  isQuiet: boolean,
): string {
  const { plan, verdict, history, fidelity, lag } = run;
  const lines: string[] = [];
  const story = tellStory(plan, history, verdict);
  if (!isQuiet && (story.unsaid === 0 || story.ending.length > 0)) lines.push(renderStory(story, paint));
  const idle = verdict.idle ? " (idle: its trouble never came)" : "";
  const late = lag === undefined ? "" : `, faults ${lag.p99Ms} ms late (p99)`;
  lines.push(
    `${paint.bold(paintVerdict(paint, verdict.verdict))}${idle}  ${plan.scenario} ${plan.seed} on ${on}: ${renderDuration(tookMs)}${late}`,
  );
  for (const finding of verdict.findings.slice(0, FINDINGS_SHOWN)) {
    lines.push("", `${paint.red(`${finding.checker}/${finding.kind}`)}  ${finding.message}`);
    for (const record of finding.witness.slice(0, WITNESSES_SHOWN)) lines.push(`  ${renderRecord(paint, record)}`);
  }
  for (const why of verdict.unknowns) lines.push(`${paint.yellow("cannot tell")}  ${why}`);
  for (const { step, how, reason } of fidelity)
    lines.push(`${paint.dim("not exact")}  step ${step} is ${how}: ${reason}`);
  if (capsule !== undefined) lines.push(renderComparison(capsule, verdict.verdict, same));
  if (!isQuiet && folder !== undefined) lines.push(`Results: ${shortPath(folder)}`);
  return `${lines.join("\n")}\n`;
}

function renderComparison(capsule: Capsule, verdict: string, same: readonly string[]): string {
  if (same.length > 0) return `As in the capsule: found by ${same.join(", ")}.`;
  if (verdict === capsule.verdict) return `As in the capsule: ${verdict}.`;
  return `Other than in the capsule: ${capsule.verdict} there (on ${capsule.backend}), ${verdict} here.`;
}
