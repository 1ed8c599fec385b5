/**
 * `zerok sim --exhaustive`: every order of what happens in the small worlds (`scenarios/small-world.ts`), up to
 * equivalence, each with one fault at a time. Each exploration ends at the first order that is not valid, which leaves a
 * run folder with that order in its plan. With ids it is a sweep, of those whose seeds go through all their cases.
 */
import { SMALL_WORLDS, type SmallWorld } from "../../scenarios/small-world.ts";
import type { Verdict } from "../../scenarios/verdict.ts";
import { assertWritableOut, writeRunFolder } from "../results/run-folder.ts";
import { Shelf } from "../results/shelf.ts";
import type { Pool } from "../sweep/pool.ts";
import type { Explored, ExploreTask } from "../sweep/task.ts";
import { UserError } from "../user-error.ts";
import { chooseBuilt } from "./choose-scenarios.ts";
import { explorationsToJson, renderExplorations } from "./exhaustive-text.ts";
import { exitCodeOf, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { parseJobsOption } from "./option-values.ts";
import { createPaint } from "./paint.ts";
import { renderShrunk, SHRINK_MS, shrinkToFolder, type ShrunkRun } from "./shrunk-run.ts";
import { runSimCommand, type SimArguments } from "./sim-command.ts";
import type { Services } from "./services.ts";

/** One small world with one of its faults, gone through. */
export interface ExplorationReport extends Explored {
  readonly world: SmallWorld;
  readonly fault: string;
  readonly verdict: Verdict["verdict"];
  /** Of the first order that was not valid. */
  readonly folder: string | undefined;
  /** Whether another process came to the same; `undefined` when none was asked. */
  readonly isRepeated: boolean | undefined;
}

export interface ExhaustiveReport {
  readonly verdict: Verdict["verdict"];
  readonly explorations: readonly ExplorationReport[];
  readonly wallMs: number;
}

/** One broken thing breaks many worlds: the first folders are enough. */
const FOLDERS_MAX = 3;

export async function runExhaustiveCommand(args: SimArguments, io: Io, services: Services): Promise<ExitCode> {
  if (args.ids.length > 0) return runSimCommand(withAllCases(args, services), io, services);
  assertNothingElse(args);
  const jobs = parseJobsOption(args.jobs);
  assertWritableOut(args.out);
  const startedMs = Date.now();
  if (!args.json && !args.quiet) {
    io.err(`Going through all orders of ${SMALL_WORLDS.length} small worlds, about a minute of two cores …\n`);
  }
  const tasks = listTasks();
  const first = await exploreAll(services.createPool("threads", jobs), tasks);
  const second = args.twice ? await exploreAll(services.createPool("processes", jobs), tasks) : undefined;
  let foldersLeft = FOLDERS_MAX;
  const shelf = new Shelf(args.out);
  const explorations = tasks.map((task, i): ExplorationReport => {
    const explored = first[i]!;
    const { failure } = explored;
    const world = SMALL_WORLDS[task.world]!;
    const isRepeated = second === undefined ? undefined : isSame(explored, second[i]!);
    const isKept = failure !== undefined && isRunnable(explored) && foldersLeft-- > 0;
    return {
      ...explored,
      world,
      fault: world.faults[task.fault]!.name,
      verdict: isRepeated === false ? "invalid" : (failure?.verdict.verdict ?? "valid"),
      folder: isKept
        ? shelf.put((out) => writeRunFolder(out, services.createRunner().runPlan(failure.plan), "toy"))
        : undefined,
      isRepeated,
    };
  });
  const report = { verdict: verdictOf(explorations), explorations, wallMs: Date.now() - startedMs };
  const shrunk = args.noShrink ? undefined : shrinkFirst(report, shelf, services);
  if (args.json) io.out(`${JSON.stringify(explorationsToJson(report, shrunk), undefined, 2)}\n`);
  else {
    const paint = createPaint(io.hasColor);
    io.out(renderExplorations(paint, report, args.quiet));
    if (shrunk !== undefined) io.out(`\nThe first of them, shrunk: ${renderShrunk(paint, shrunk, args.quiet)}`);
  }
  return shelf.end(io, exitCodeOf(report.verdict));
}

/** The same as a sweep of every case once. */
function withAllCases(args: SimArguments, services: Services): SimArguments {
  const given = ["seeds", "seed", "time", "shard"].filter((name) => args[name as "seeds"] !== undefined);
  if (given.length > 0) throw new UserError(`--exhaustive takes every case once: leave --${given[0]} out.`);
  const rows = chooseBuilt(services.catalogue, args.ids);
  const without = rows.find(({ cases }) => cases === undefined);
  if (without !== undefined) {
    const which = services.catalogue.all.flatMap(({ id, cases }) => (cases === undefined ? [] : [id])).join(", ");
    throw new UserError(
      `The seeds of ${without.id} are drawn, so there is no end to them: --exhaustive goes with ${which === "" ? "none that is built" : which}, or without an id.`,
    );
  }
  return { ...args, seeds: String(Math.max(...rows.map(({ cases }) => cases!))) };
}

function assertNothingElse(args: SimArguments): void {
  const { seeds, seed, time, shard, portableEvery, suite, keepFirst } = args;
  const given = Object.entries({ seeds, seed, time, shard, "portable-every": portableEvery })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (keepFirst) given.push("keep-first");
  if (suite !== "toy") given.push("suite");
  if (given.length > 0) {
    throw new UserError(
      `--exhaustive goes through all orders of small worlds, without a seed: leave --${given[0]} out.`,
    );
  }
}

function listTasks(): readonly ExploreTask[] {
  return SMALL_WORLDS.flatMap(({ faults }, world) =>
    faults.map((_, fault): ExploreTask => ({ job: "explore", world, fault })),
  );
}

/** The long ones first, so that no worker is left alone with one at the end; answers in the order of the tasks. */
async function exploreAll(pool: Pool, tasks: readonly ExploreTask[]): Promise<readonly Explored[]> {
  try {
    const size = ({ world }: ExploreTask): number => SMALL_WORLDS[world]!.operations.length;
    const begun = new Map<ExploreTask, Promise<Explored>>();
    for (const task of tasks.toSorted((x, y) => size(y) - size(x))) begun.set(task, pool.perform<"explore">(task));
    return await Promise.all(tasks.map((task) => begun.get(task)!));
  } finally {
    await pool.close();
  }
}

/** Numbers and traces of all that was judged. */
function isSame(first: Explored, second: Explored): boolean {
  return JSON.stringify(first.counts) === JSON.stringify(second.counts);
}

/** What a simulator threw has no run to be written down. */
function isRunnable({ failure }: Explored): boolean {
  return failure?.verdict.findings[0]?.checker !== "simulator";
}

function shrinkFirst(report: ExhaustiveReport, shelf: Shelf, services: Services): ShrunkRun | undefined {
  for (const explored of report.explorations) {
    const [target] = explored.failure?.verdict.findings ?? [];
    if (target === undefined || !isRunnable(explored)) continue;
    const options = { suite: "toy", withinMs: SHRINK_MS, shelf } as const;
    return shrinkToFolder(services, explored.failure!.plan, target, options);
  }
  return undefined;
}

function verdictOf(explorations: readonly ExplorationReport[]): Verdict["verdict"] {
  const verdicts = new Set(explorations.map(({ verdict }) => verdict));
  if (verdicts.has("invalid")) return "invalid";
  return verdicts.has("unknown") ? "unknown" : "valid";
}
