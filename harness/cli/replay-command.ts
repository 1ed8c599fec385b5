/** `zerok replay`: runs a capsule, a run folder or a seed again, and says whether it came out the same. */
import { tellStory } from "../../scenarios/story.ts";
import { readCodeVersion } from "../results/code-version.ts";
import { assertWritableOut, writeRunFolder, writeTrace } from "../results/run-folder.ts";
import { Shelf } from "../results/shelf.ts";
import { findDivergence, type Divergence } from "../sweep/divergence.ts";
import type { SeedRun, SeedRunner } from "../sweep/seed-runner.ts";
import type { Suite } from "../sweep/sim-world.ts";
import { WHOLE_TRACE } from "../sweep/task.ts";
import { describeDivergence } from "./divergence-text.ts";
import { exitCodeOf, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { createPaint, type Paint } from "./paint.ts";
import { findPlan, type PlanSource } from "./plan-source.ts";
import { shortPath } from "./short-path.ts";
import type { Services } from "./services.ts";
import { renderStory } from "./story-text.ts";
import { renderVerdict } from "./verdict-text.ts";

export interface ReplayArguments {
  readonly what: string;
  readonly scenario: string | undefined;
  readonly edited: boolean;
  readonly trace: boolean;
  readonly twice: boolean;
  readonly out: string;
  readonly suite: Suite | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** How the new run stands to the one in the capsule. */
type Comparison =
  | { readonly type: "Same" }
  | { readonly type: "NotCompared"; readonly why: string }
  | { readonly type: "OtherCode"; readonly what: readonly string[]; readonly commit: string }
  | { readonly type: "NotRepeatable"; readonly what: readonly string[] };

export async function runReplayCommand(args: ReplayArguments, io: Io, services: Services): Promise<ExitCode> {
  const runner = services.createRunner();
  const source = findPlan(args, services, runner);
  if (source.folder === undefined) assertWritableOut(args.out);
  const options = { suite: source.suite };
  const first = runner.runPlan(source.plan, options);
  const comparison = compare(source, first, args.edited);

  const shelf = new Shelf(args.out);
  const folder = source.folder ?? shelf.put((out) => writeRunFolder(out, first, source.suite));
  const trace = args.trace && folder !== undefined ? shelf.put(() => traceOf(runner, source, folder)) : undefined;
  const twice = args.twice ? await repeat(source, first, services) : undefined;

  const isRepeatable = comparison.type !== "NotRepeatable" && twice?.isSame !== false;
  const verdict = isRepeatable ? first.verdict.verdict : "invalid";
  if (args.json) {
    const { run } = first;
    const report = {
      verdict,
      scenario: source.plan.scenario,
      seed: source.plan.seed,
      idle: first.verdict.idle,
      findings: first.verdict.findings.map(({ checker, kind, message }) => ({ checker, kind, message })),
      unknowns: first.verdict.unknowns,
      events: run.events,
      simulatedMs: run.simulatedMs,
      traceHash: run.traceHash,
      shapeHash: run.shapeHash,
      comparison,
      twice: twice ?? null,
      run: folder ?? null,
      trace: trace ?? null,
    };
    io.out(`${JSON.stringify(report, undefined, 2)}\n`);
  } else {
    const paint = createPaint(io.hasColor);
    const story = tellStory(first.plan, first.run.history, first.verdict);
    // Of a long run that went well there is nothing to tell.
    if (!args.quiet && (story.unsaid === 0 || story.ending.length > 0)) io.out(`${renderStory(story, paint)}\n`);
    io.out(renderVerdict(paint, first));
    io.out(renderComparison(paint, comparison));
    if (twice !== undefined) io.out(renderTwice(paint, twice));
    if (trace !== undefined) io.out(`Trace: ${shortPath(trace)}\n`);
    if (!args.quiet && source.folder === undefined && folder !== undefined) {
      io.out(`Results: ${shortPath(folder)}\n`);
    }
  }
  return shelf.end(io, exitCodeOf(verdict));
}

function compare({ capsule, suite }: PlanSource, { run, verdict }: SeedRun, isEdited: boolean): Comparison {
  if (capsule === undefined) return { type: "NotCompared", why: "there is no earlier run, only the plan" };
  if (isEdited) return { type: "NotCompared", why: "the capsule was taken as it is, edits and all" };
  if (capsule.backend !== "sim") {
    return {
      type: "NotCompared",
      why: `the run was one on ${capsule.backend}, where ${capsule.verdict} was the verdict`,
    };
  }
  const what: string[] = [];
  if (verdict.verdict !== capsule.verdict) what.push(`verdict ${capsule.verdict} then, ${verdict.verdict} now`);
  if (suite !== capsule.suite) {
    if (run.shapeHash !== capsule.shapeHash) what.push(`shape ${capsule.shapeHash} then, ${run.shapeHash} now`);
  } else if (run.traceHash !== capsule.traceHash) {
    what.push(`trace ${capsule.traceHash} then, ${run.traceHash} now`);
  }
  if (what.length === 0) return { type: "Same" };
  const isSameCode = readCodeVersion().fingerprint === capsule.fingerprint;
  return isSameCode ? { type: "NotRepeatable", what } : { type: "OtherCode", what, commit: capsule.commit };
}

function renderComparison(paint: Paint, comparison: Comparison): string {
  switch (comparison.type) {
    case "Same":
      return "The same as in the capsule: verdict and trace hash.\n";
    case "NotCompared":
      return `Not compared: ${comparison.why}.\n`;
    case "OtherCode":
      return `Other than in the capsule, which other code made (commit ${comparison.commit}): ${comparison.what.join("; ")}.\n`;
    case "NotRepeatable":
      return `${paint.red("not repeatable")}: the same code made the capsule, and yet: ${comparison.what.join("; ")}.\n`;
  }
}

/** Runs once more for its events, and puts them beside the capsule. */
function traceOf(runner: SeedRunner, { plan, suite }: PlanSource, folder: string): string {
  const { scenario, seed } = plan;
  const { detail } = runner.perform({ job: "inspect", scenario, plan, seeds: [seed], suite, detail: WHOLE_TRACE });
  return writeTrace(folder, detail);
}

interface Twice {
  readonly isSame: boolean;
  readonly first: string;
  readonly second: string;
  readonly divergence: Divergence | undefined;
}

/** The same plan in another process. */
async function repeat({ plan, suite }: PlanSource, first: SeedRun, services: Services): Promise<Twice> {
  const runner = services.createRunner();
  const pool = services.createPool("processes", 1);
  try {
    const task = { scenario: plan.scenario, plan, seeds: [plan.seed], suite };
    const [echo] = await pool.perform({ job: "echo", ...task });
    const hashes = { first: first.run.traceHash, second: echo!.traceHash };
    if (hashes.first === hashes.second) return { isSame: true, ...hashes, divergence: undefined };
    const divergence = await findDivergence(
      async (detail) => runner.perform({ job: "inspect", ...task, detail }),
      (detail) => pool.perform({ job: "inspect", ...task, detail }),
    );
    return { isSame: false, ...hashes, divergence };
  } finally {
    await pool.close();
  }
}

function renderTwice(paint: Paint, { isSame, first, second, divergence }: Twice): string {
  if (isSame) return "Twice: the same trace hash in another process.\n";
  const lines = [`${paint.red("not repeatable")}: ${first} here, ${second} in another process`];
  if (divergence !== undefined) lines.push(...describeDivergence(divergence));
  return `${lines.join("\n")}\n`;
}
