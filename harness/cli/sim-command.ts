/** `zerok sim`: sweeps scenarios in the simulator, or runs one seed of one. */
import type { Mark } from "../../scenarios/marks/mark.ts";
import { writeRunFolder, assertWritableOut } from "../results/run-folder.ts";
import { Shelf } from "../results/shelf.ts";
import { findMissedMarks } from "../sweep/mark-tally.ts";
import type { Pool } from "../sweep/pool.ts";
import type { SeedRun, SeedRunner } from "../sweep/seed-runner.ts";
import type { Catalogue, Suite } from "../sweep/sim-world.ts";
import { runSweep, type Mismatch, type SweepReport, type SweepRequest } from "../sweep/sweep.ts";
import { isIdleTooOften, tallyVerdict } from "../sweep/tally.ts";
import type { SeedResult } from "../sweep/task.ts";
import { PORTABLE_EVERY_DEFAULT, SEEDS_DEFAULT } from "./sim-defaults.ts";
import { UserError } from "../user-error.ts";
import { chooseBuilt } from "./choose-scenarios.ts";
import { EXIT, exitCodeOf, type ExitCode } from "./exit-code.ts";
import { renderDuration } from "./figures.ts";
import type { Io } from "./io.ts";
import { marksToJson, renderMarks, renderMarkTotals, renderMissedMarks } from "./marks-text.ts";
import * as values from "./option-values.ts";
import { createPaint } from "./paint.ts";
import { createProgress } from "./progress.ts";
import { shortPath, shownPath } from "./short-path.ts";
import { renderShrunk, SHRINK_MS, shrinkToFolder, shrunkToJson, type ShrunkRun } from "./shrunk-run.ts";
import type { Services } from "./services.ts";
import { renderFailure, renderMismatch, renderTallies, renderTotals, totalsOf } from "./sweep-text.ts";
import { withInterrupt } from "./with-interrupt.ts";

export interface SimArguments {
  readonly ids: readonly string[];
  readonly seeds: string | undefined;
  readonly seed: string | undefined;
  readonly time: string | undefined;
  readonly jobs: string | undefined;
  readonly shard: string | undefined;
  readonly twice: boolean;
  readonly out: string;
  readonly failFast: boolean;
  readonly keepFirst: boolean;
  readonly noShrink: boolean;
  readonly marks: boolean;
  readonly guided: boolean;
  readonly suite: Suite;
  readonly portableEvery: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

const FIRST_SEED = "0x1";
/** One broken thing breaks many seeds: the first folders of each id are enough. */
const FOLDERS_PER_ID = 3;
const FAILURES_SHOWN = 20;

export async function runSimCommand(args: SimArguments, io: Io, services: Services): Promise<ExitCode> {
  if (args.guided) return (await import("./guided-command.ts")).runGuidedCommand(args, io, services);
  const request = readRequest(args, services);
  const jobs = values.parseJobsOption(args.jobs);
  const isSingle = request.seedsPerId === 1 && request.scenarios.length === 1 && request.timeMs === undefined;
  assertWritableOut(args.out);

  // With --twice every seed costs the same again next door: the cores are shared half and half.
  const threads = args.twice ? Math.max(1, Math.floor(jobs / 2)) : jobs;
  const pool = services.createPool("threads", isSingle ? 1 : threads);
  const second = args.twice ? services.createPool("processes", isSingle ? 1 : Math.max(1, jobs - threads)) : undefined;
  if (!args.json && !args.quiet) io.err(`${announce(request, pool, args.twice)}\n`);
  const progress = createProgress(args.json || args.quiet ? undefined : io.progress, request);
  let report: SweepReport;
  try {
    report = await withInterrupt((signal) =>
      Promise.race([runSweep(request, pool, second, progress.update), refuseOn(signal)]),
    );
  } finally {
    progress.stop();
    await Promise.all([pool.close(), second?.close()]);
  }

  // A large sweep that never hit what it must hit tests less than it says.
  const missed = findMissedMarks(report.marks, report.tallies, services.catalogue);
  if (missed.length > 0) report = { ...report, verdict: "invalid" };
  const shelf = new Shelf(args.out);
  const folders = leaveFolders(report, args, shelf, isSingle, services.createRunner());
  const shrunk = args.noShrink ? undefined : shrinkFirst(report, args, shelf, services);
  if (args.json)
    io.out(
      `${JSON.stringify(toJson(report, folders, isSingle, shrunk, casesOf(report, services.catalogue), missed), undefined, 2)}\n`,
    );
  else {
    print(report, missed, folders, shelf, args, io, services);
    if (shrunk !== undefined)
      io.out(`\nThe first of them, shrunk: ${renderShrunk(createPaint(io.hasColor), shrunk, args.quiet)}`);
  }
  return shelf.end(io, exitCodeOf(report.verdict));
}

/** Workers hold nothing that outlives them: a sweep that is broken off leaves no folder, and says nothing of its seeds. */
function refuseOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const sentence = "Interrupted: the sweep has no verdict and left no folder; --time 60s ends one by itself.";
    signal.addEventListener("abort", () => reject(new UserError(sentence, EXIT.unknown)));
  });
}

/** The first failure as a short story. What a simulator threw has no plan to be shrunk. */
function shrinkFirst(report: SweepReport, args: SimArguments, shelf: Shelf, services: Services): ShrunkRun | undefined {
  for (const { scenario, result } of report.failures) {
    const [target] = result.findings;
    if (target === undefined || target.checker === "simulator") continue;
    const plan = services.createRunner().planOf(scenario, result.seed);
    return shrinkToFolder(services, plan, target, { suite: args.suite, withinMs: SHRINK_MS, shelf });
  }
  return undefined;
}

function readRequest(args: SimArguments, services: Services): SweepRequest {
  const timeMs = args.time === undefined ? undefined : values.parseTimeOption(args.time);
  const seeds = args.seeds === undefined ? undefined : values.parseSeedsOption(args.seeds);
  const isOneSeed = args.seed !== undefined && seeds === undefined && timeMs === undefined;
  const scenarios = chooseBuilt(services.catalogue, args.ids);
  if (scenarios.length === 0) throw new UserError("No scenario is built yet: npx zerok scenarios lists the catalogue.");
  const shard = args.shard === undefined ? values.WHOLE : values.parseShardOption(args.shard);
  const seedsPerId = isOneSeed ? 1 : (seeds ?? (timeMs === undefined ? SEEDS_DEFAULT : undefined));
  if (seedsPerId !== undefined && seedsPerId <= shard.index) {
    const part = `${shard.index + 1}/${shard.of}`;
    throw new UserError(
      `--shard ${part} is left without a seed: there are only ${seedsPerId} of each scenario. Raise --seeds.`,
    );
  }
  const every =
    args.portableEvery === undefined
      ? PORTABLE_EVERY_DEFAULT
      : values.parseCountOption("portable-every", args.portableEvery, 0, 1_000_000);
  return {
    scenarios,
    firstSeed: args.seed === undefined ? FIRST_SEED : values.parseSeedOption(args.seed),
    seedsPerId,
    timeMs,
    shard,
    suite: args.suite,
    // Comparing the portable suite with itself would say nothing.
    portableEvery: args.suite === "portable" ? 0 : every,
    isFailFast: args.failFast,
  };
}

function announce(request: SweepRequest, pool: Pool, isTwice: boolean): string {
  const { scenarios, seedsPerId, timeMs } = request;
  const what = scenarios.length === 1 ? scenarios[0]!.id : `${scenarios.length} scenarios`;
  const seeds =
    seedsPerId === undefined
      ? ""
      : `, ${seedsPerId} ${seedsPerId === 1 ? "seed" : "seeds"}${scenarios.length > 1 ? " each" : ""}`;
  const time = timeMs === undefined ? "" : ` for ${renderDuration(timeMs)}`;
  const workers = `${pool.size} ${pool.size === 1 ? "worker" : "workers"}`;
  return `Simulating ${what}${seeds}${time}, ${workers}${isTwice ? ", each run twice" : ""} …`;
}

type Folders = ReadonlyMap<string, string>;

function keyOf(scenario: string, seed: string): string {
  return `${scenario} ${seed}`;
}

/** Failing runs leave a folder; so does a single run, and with `--keep-first` the first run of each id. */
function leaveFolders(
  report: SweepReport,
  args: SimArguments,
  shelf: Shelf,
  isSingle: boolean,
  runner: SeedRunner,
): Folders {
  const folders = new Map<string, string>();
  const leave = (scenario: string, { seed }: { readonly seed: string }): void => {
    const key = keyOf(scenario, seed);
    if (folders.has(key)) return;
    const run = rerun(runner, scenario, seed, args.suite);
    const folder = run && shelf.put((out) => writeRunFolder(out, run, args.suite));
    if (folder !== undefined) folders.set(key, folder);
  };
  if (isSingle || args.keepFirst) for (const [scenario, result] of report.firsts) leave(scenario, result);
  const counts = new Map<string, number>();
  const leaveSome = (scenario: string, which: { readonly seed: string }): void => {
    const count = counts.get(scenario) ?? 0;
    counts.set(scenario, count + 1);
    if (count < FOLDERS_PER_ID) leave(scenario, which);
  };
  for (const { scenario, result } of report.failures) leaveSome(scenario, result);
  for (const mismatch of report.mismatches) leaveSome(mismatch.scenario, mismatch);
  return folders;
}

/** What the simulator itself threw is in the report already, and there is no run to write down. */
function rerun(runner: SeedRunner, scenario: string, seed: string, suite: Suite): SeedRun | undefined {
  try {
    return runner.runSeed(scenario, seed, { suite });
  } catch {
    return undefined;
  }
}

function replayLine(scenario: string, seed: string, folders: Folders): string {
  const folder = folders.get(keyOf(scenario, seed));
  return folder === undefined ? `npx zerok sim ${scenario} --seed ${seed}` : `npx zerok replay ${shownPath(folder)}`;
}

/** A run that came out otherwise elsewhere has to be seen elsewhere again. */
function repeatLine({ scenario, seed, against }: Mismatch, folders: Folders): string {
  if (against === "process") return `${replayLine(scenario, seed, folders)} --twice`;
  return `npx zerok sim ${scenario} --seed ${seed} --portable-every 1`;
}

/** Of ids whose seeds go through cases: how many of them were covered. */
interface CaseCount {
  readonly id: string;
  readonly covered: number;
  readonly cases: number;
}

function casesOf({ tallies }: SweepReport, catalogue: Catalogue): readonly CaseCount[] {
  return tallies.flatMap(({ id, seeds }) => {
    const cases = catalogue.find(id)?.cases;
    return cases === undefined ? [] : [{ id, covered: Math.min(seeds, cases), cases }];
  });
}

function renderCases(counts: readonly CaseCount[]): string {
  if (counts.length === 0) return "";
  return `Cases: ${counts.map(({ id, covered, cases }) => `${id} ${covered} of ${cases}`).join(", ")}.\n`;
}

function print(
  report: SweepReport,
  missed: readonly Mark[],
  folders: Folders,
  shelf: Shelf,
  args: SimArguments,
  io: Io,
  services: Services,
): void {
  const paint = createPaint(io.hasColor);
  if (!args.quiet) io.out(`${renderTallies(paint, report.tallies, io.columns)}\n`);
  io.out(renderTotals(paint, report));
  io.out(renderCases(casesOf(report, services.catalogue)));
  if (args.marks) io.out(`${renderMarks(paint, report.marks)}\n`);
  io.out(renderMarkTotals(report.marks));
  io.out(renderMissedMarks(paint, missed));
  for (const tally of report.tallies.filter(isIdleTooOften)) {
    io.out(
      `${paint.red("idle too often")} ${tally.id}: the trouble never came in ${tally.idle} of ${tally.seeds} runs; more than one in ten tests too little.\n`,
    );
  }
  for (const mismatch of report.mismatches.slice(0, FAILURES_SHOWN))
    io.out(renderMismatch(paint, mismatch, repeatLine(mismatch, folders)));
  for (const failure of report.failures.slice(0, FAILURES_SHOWN)) {
    io.out(renderFailure(paint, failure, replayLine(failure.scenario, failure.result.seed, folders)));
  }
  const more = report.failures.length + report.mismatches.length - 2 * FAILURES_SHOWN;
  if (more > 0)
    io.out(`… and more, ${report.failures.length + report.mismatches.length} in all: --json lists every one.\n`);
  if (args.quiet || (folders.size === 0 && shelf.isBroken)) return;
  const newest = [...folders.values()].at(-1);
  io.out(
    newest === undefined
      ? "No run failed, so none left a folder; one seed always does: npx zerok sim <ID> --seed 0x1\n"
      : `Results: ${folders.size === 1 ? shortPath(newest) : `${folders.size} folders below ${args.out}/`}  (see one again: npx zerok replay ${shownPath(newest)})\n`,
  );
}

function toJson(
  report: SweepReport,
  folders: Folders,
  isSingle: boolean,
  shrunk: ShrunkRun | undefined,
  cases: readonly CaseCount[],
  missed: readonly Mark[],
): object {
  const totals = totalsOf(report);
  const single = isSingle ? [...report.firsts][0] : undefined;
  const folderOf = (scenario: string, seed: string): string | null => folders.get(keyOf(scenario, seed)) ?? null;
  return {
    verdict: report.verdict,
    ...(single === undefined ? {} : singleToJson(single[0], single[1], folderOf(single[0], single[1].seed))),
    ...totals,
    wallMs: report.wallMs,
    scenarios: report.tallies.map((tally) => ({
      ...tally,
      verdict: tallyVerdict(tally),
      isIdleTooOften: isIdleTooOften(tally),
    })),
    failures: report.failures.map((failure) => ({
      scenario: failure.scenario,
      seed: failure.result.seed,
      verdict: failure.result.verdict,
      findings: failure.result.findings,
      unknowns: failure.result.unknowns,
      run: folderOf(failure.scenario, failure.result.seed),
      replay: replayLine(failure.scenario, failure.result.seed, folders),
    })),
    mismatches: report.mismatches.map((mismatch) => ({ ...mismatch, replay: repeatLine(mismatch, folders) })),
    cases,
    marks: marksToJson(report.marks, missed),
    shrunk: shrunk === undefined ? null : shrunkToJson(shrunk),
    runs: [...folders.values()],
  };
}

function singleToJson(scenario: string, result: SeedResult, run: string | null): object {
  const { seed, idle, findings, unknowns, events, simulatedMs, traceHash, shapeHash } = result;
  return { scenario, seed, idle, findings, unknowns, events, simulatedMs, traceHash, shapeHash, run };
}
