/** `zerok sim wild --guided`: wild plans of which those that reached something new are kept and edited. */
import { WILD_ID } from "../../scenarios/wild/wild.ts";
import { assertWritableOut, writeRunFolder } from "../results/run-folder.ts";
import { Shelf } from "../results/shelf.ts";
import { runGuidedSweep, type GuidedFailure, type GuidedReport } from "../sweep/guided-sweep.ts";
import { UserError } from "../user-error.ts";
import { exitCodeOf, type ExitCode } from "./exit-code.ts";
import { renderCount, renderDuration } from "./figures.ts";
import type { Io } from "./io.ts";
import { marksToJson, renderMarks, renderMarkTotals } from "./marks-text.ts";
import { parseSeedOption, parseSeedsOption, parseTimeOption } from "./option-values.ts";
import { createPaint, paintVerdict } from "./paint.ts";
import { shownPath } from "./short-path.ts";
import { renderShrunk, SHRINK_MS, shrinkToFolder, shrunkToJson, type ShrunkRun } from "./shrunk-run.ts";
import type { Services } from "./services.ts";
import type { SimArguments } from "./sim-command.ts";
import { SEEDS_DEFAULT } from "./sim-defaults.ts";

const FOLDERS_MAX = 3;
const FAILURES_SHOWN = 20;

export async function runGuidedCommand(args: SimArguments, io: Io, services: Services): Promise<ExitCode> {
  if (args.ids.length !== 1 || args.ids[0]!.toLowerCase() !== WILD_ID) {
    throw new UserError("--guided makes wild plans of wild plans: npx zerok sim wild --guided");
  }
  if (args.twice || args.shard !== undefined) {
    throw new UserError("--guided makes each plan of the runs before it: leave --twice and --shard away.");
  }
  assertWritableOut(args.out);
  const timeMs = args.time === undefined ? undefined : parseTimeOption(args.time);
  const seeds = args.seeds === undefined ? undefined : parseSeedsOption(args.seeds);
  const runs = seeds ?? (timeMs === undefined ? SEEDS_DEFAULT : undefined);
  const firstSeed = parseSeedOption(args.seed ?? "1");
  if (!args.json && !args.quiet) io.err(`Simulating guided wild plans, from seed ${firstSeed} …\n`);
  const request = { firstSeed, runs, timeMs, suite: args.suite, isFailFast: args.failFast };
  const report = runGuidedSweep(request, services.createRunner());

  const shelf = new Shelf(args.out);
  const folders = new Map<GuidedFailure, string>();
  for (const failure of report.failures.slice(0, FOLDERS_MAX)) {
    const { run } = failure;
    const folder = run && shelf.put((out) => writeRunFolder(out, run, args.suite));
    if (folder !== undefined) folders.set(failure, folder);
  }
  const shrunk = args.noShrink ? undefined : shrinkFirst(report, args, shelf, services);
  if (args.json) io.out(`${JSON.stringify(toJson(report, folders, shrunk), undefined, 2)}\n`);
  else print(report, folders, shrunk, args, io);
  return shelf.end(io, exitCodeOf(report.verdict));
}

function shrinkFirst(
  report: GuidedReport,
  args: SimArguments,
  shelf: Shelf,
  services: Services,
): ShrunkRun | undefined {
  for (const { plan, run } of report.failures) {
    const target = run?.verdict.findings[0];
    if (target === undefined) continue;
    return shrinkToFolder(services, plan, target, { suite: args.suite, withinMs: SHRINK_MS, shelf });
  }
  return undefined;
}

function print(
  report: GuidedReport,
  folders: ReadonlyMap<GuidedFailure, string>,
  shrunk: ShrunkRun | undefined,
  args: SimArguments,
  io: Io,
): void {
  const paint = createPaint(io.hasColor);
  const { verdict, runs, kept, features, events, simulatedMs, wallMs, failures } = report;
  io.out(
    `${paint.bold(paintVerdict(paint, verdict))}: ${renderCount(runs)} guided runs, ${renderCount(events)} events, ` +
      `${renderDuration(simulatedMs)} simulated in ${renderDuration(wallMs)}.\n` +
      `Guidance: ${renderCount(kept)} plans reached something new, ${renderCount(features)} marks, pairs, counts and ends of connections in all.\n`,
  );
  if (args.marks) io.out(`${renderMarks(paint, report.marks)}\n`);
  io.out(renderMarkTotals(report.marks));
  for (const failure of failures.slice(0, FAILURES_SHOWN)) {
    const folder = folders.get(failure);
    const shown = failure.run?.verdict.verdict ?? "invalid";
    io.out(`${paintVerdict(paint, shown)} guided run ${failure.number}  ${failure.message}\n`);
    if (folder !== undefined) io.out(`  ${paint.bold(`npx zerok replay ${shownPath(folder)}`)}\n`);
  }
  if (failures.length > FAILURES_SHOWN)
    io.out(`… and more, ${renderCount(failures.length)} in all: --json lists every one.\n`);
  if (shrunk !== undefined) io.out(`\nThe first of them, shrunk: ${renderShrunk(paint, shrunk, args.quiet)}`);
}

function toJson(
  report: GuidedReport,
  folders: ReadonlyMap<GuidedFailure, string>,
  shrunk: ShrunkRun | undefined,
): object {
  const { failures, marks, ...rest } = report;
  return {
    ...rest,
    marks: marksToJson(marks, []),
    failures: failures.map((failure) => ({
      number: failure.number,
      message: failure.message,
      seed: failure.plan.seed,
      run: folders.get(failure) ?? null,
    })),
    shrunk: shrunk === undefined ? null : shrunkToJson(shrunk),
  };
}
