/** `zerok mutants`: bugs planted on purpose, and which of them the checkers see. */
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import type { CampaignReport } from "../mutants/campaign.ts";
import type { TestReport } from "../mutants/test-mutants.ts";
import { UserError } from "../user-error.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { parseCountOption, parseJobsOption, parseSeedOption, parseTimeOption } from "./option-values.ts";
import { createPaint } from "./paint.ts";
import { shortPath } from "./short-path.ts";

export interface MutantsArguments {
  readonly ids: readonly string[];
  readonly budget: string | undefined;
  readonly file: string | undefined;
  readonly seed: string | undefined;
  readonly repeat: string | undefined;
  readonly jobs: string | undefined;
  readonly shrink: boolean;
  readonly "compare-hand": boolean;
  readonly plant: string | undefined;
  readonly bundle: string | undefined;
  readonly markdown: boolean;
  readonly compare: "swarm" | "guided" | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

const REPEAT_MAX = 1000;
/** Base seeds of the comparison with plans written by hand. */
const COMPARED_REPEAT = 20;
/** For each way, mutant and base seed, when no budget is given. */
const HUNT_MS = 10_000;

/**
 * Ends with 0 when every mutant that does not wait is caught, the correct core is not accused, and, of the whole list of
 * the project, each checker was the first to accuse at least one; else with 1.
 */
export async function runMutantsCommand(args: MutantsArguments, io: Io): Promise<ExitCode> {
  // Loaded here: no other command needs a compiler.
  const { findCheckout } = await import("../mutants/checkout.ts");
  const root = findCheckout();
  const mutants = await readMutants(args, root);
  if (args.plant !== undefined || args.bundle !== undefined) return plant(args, root, mutants, io);

  if (args.compare !== undefined && args["compare-hand"]) {
    throw new UserError("--compare and --compare-hand are two comparisons: one of them at a time.");
  }
  if (args.compare !== undefined) return compare(args, args.compare, root, io);

  const budgetMs = args.budget === undefined ? undefined : parseTimeOption(args.budget, "budget");
  const firstSeed = parseSeedOption(args.seed ?? "1");
  const usualRepeat = args["compare-hand"] ? COMPARED_REPEAT : 1;
  const repeat = args.repeat === undefined ? usualRepeat : parseCountOption("repeat", args.repeat, 1, REPEAT_MAX);
  const jobs = parseJobsOption(args.jobs);
  const { compareByHand, isWrittenByHand } = await import("../mutants/hand-comparison.ts");
  const wanted = choose(mutants, args.ids);
  const chosen = args["compare-hand"] ? wanted.filter(isWrittenByHand) : wanted;
  if (chosen.length === 0) {
    const names = wanted.map(({ id }) => id).join(", ");
    throw new UserError(
      `There is no plan written by hand for ${names}; without ids, --compare-hand takes all that have one.`,
    );
  }
  const isTold = !args.json && !args.quiet;
  const paint = createPaint(io.hasColor);
  const { describeProgress, renderMutants, renderShrunk, renderTestProgress } = await import("./mutants-text.ts");
  const tell = (line: string): void => {
    if (isTold) io.err(`${line}\n`);
  };

  const { runCampaign } = await import("../mutants/campaign.ts");
  const { runTestMutants } = await import("../mutants/test-mutants.ts");
  const campaign = await runCampaign({
    root,
    mutants: chosen.filter(({ test }) => test === undefined),
    firstSeed,
    repeat,
    jobs,
    budgetMs,
    watch: (progress) => tell(describeProgress(paint, progress)),
  });
  const tests = await runTestMutants(
    root,
    chosen.filter(({ test }) => test !== undefined),
    (report) => tell(renderTestProgress(paint, report)),
  );
  const { shrinkCatches } = await import("../mutants/shrunk-catches.ts");
  const isCompared = args["compare-hand"];
  const shrunk = await shrinkCatches({
    root,
    reports: args.shrink || isCompared ? campaign.reports : [],
    isEach: isCompared,
    jobs,
    watch: (id, one) => tell(renderShrunk(paint, id, one)),
  });
  if (isCompared) {
    const comparisons = compareByHand(campaign.reports, shrunk);
    const { comparisonsToJson, renderComparisons } = await import("./hand-comparison-text.ts");
    if (args.json) io.out(`${JSON.stringify(comparisonsToJson(comparisons), undefined, 2)}\n`);
    else io.out(renderComparisons(paint, comparisons));
    return isAllCaught(campaign, tests) && comparisons.isWithin ? EXIT.valid : EXIT.invalid;
  }
  const { firstsOf, neverFirst } = await import("../mutants/firsts.ts");
  // Of a part of the mutants, or of somebody's own, not every checker need see one.
  const isWhole = args.file === undefined && args.ids.length === 0;
  const firsts = isWhole ? firstsOf(campaign.reports) : undefined;
  const { renderMarkdown, toJson } = await import("./mutants-report.ts");
  if (args.json) io.out(`${JSON.stringify(toJson(campaign, tests, firsts, shrunk), undefined, 2)}\n`);
  else if (args.markdown) io.out(renderMarkdown(campaign, tests, firsts, shrunk));
  else io.out(renderMutants(paint, campaign, tests, firsts, shrunk));
  const isEachFirst = firsts === undefined || neverFirst(firsts).length === 0;
  return isAllCaught(campaign, tests) && isEachFirst ? EXIT.valid : EXIT.invalid;
}

/** Two ways of wild plans over mutants: of the whole list, or for guidance of those that need several rare events. */
async function compare(args: MutantsArguments, what: "swarm" | "guided", root: string, io: Io): Promise<ExitCode> {
  const { COMPARED, compareWays } = await import("../mutants/comparison.ts");
  const { comparisonToJson, renderComparison } = await import("./comparison-text.ts");
  const { rareMutants } = await import("../../scenarios/mutants/rare.ts");
  const listed = (await readMutants(args, root)).filter(({ test, waiting }) => (test ?? waiting) === undefined);
  const isRare = what === "guided" && args.ids.length === 0 && args.file === undefined;
  const chosen = isRare ? rareMutants : args.ids.length > 0 ? choose([...listed, ...rareMutants], args.ids) : listed;
  const repeat = args.repeat === undefined ? 1 : parseCountOption("repeat", args.repeat, 1, REPEAT_MAX);
  const jobs = parseJobsOption(args.jobs);
  const ways = COMPARED[what];
  const hunts = chosen.length * ways.length * repeat;
  const huntMs = args.budget === undefined ? HUNT_MS : (parseTimeOption(args.budget, "budget") * jobs) / hunts;
  const reports = await compareWays({
    root,
    mutants: chosen,
    ways,
    firstSeed: parseSeedOption(args.seed ?? "1"),
    repeat,
    jobs,
    huntMs,
    watch: ({ mutant, way, hunts: done }) => {
      const found = done.filter(({ isFound }) => isFound).length;
      if (!args.json && !args.quiet) io.err(`${mutant.id}  ${way}: found from ${found} of ${done.length} base seeds\n`);
    },
  });
  if (args.json) io.out(`${JSON.stringify(comparisonToJson(reports), undefined, 2)}\n`);
  else io.out(renderComparison(createPaint(io.hasColor), ways, reports));
  return reports.every(({ flaw }) => flaw === undefined) ? EXIT.valid : EXIT.invalid;
}

async function readMutants({ file }: MutantsArguments, root: string): Promise<readonly Mutant[]> {
  if (file !== undefined) return (await import("../mutants/mutant-file.ts")).readMutantFile(file, root);
  return (await import("../../scenarios/mutants/list.ts")).mutants;
}

function choose(mutants: readonly Mutant[], ids: readonly string[]): readonly Mutant[] {
  if (ids.length === 0) return mutants;
  const chosen = new Set(ids.map((id) => find(mutants, id)));
  return mutants.filter((mutant) => chosen.has(mutant));
}

function find(mutants: readonly Mutant[], id: string): Mutant {
  const mutant = mutants.find((one) => one.id === id) ?? mutants.find((one) => one.id === id.toUpperCase());
  if (mutant !== undefined) return mutant;
  const all = mutants.map((one) => one.id).join(", ");
  throw new UserError(`There is no mutant ${id}; it is one of ${all}.`);
}

async function plant(args: MutantsArguments, root: string, mutants: readonly Mutant[], io: Io): Promise<ExitCode> {
  if (args.plant === undefined || args.bundle === undefined) {
    throw new UserError("--plant and --bundle go together: npx zerok mutants --plant M01 --bundle build/M01");
  }
  const mutant = find(mutants, args.plant);
  if (mutant.waiting !== undefined) throw new UserError(`${mutant.id} cannot be planted yet: ${mutant.waiting}.`);
  const { writePlantedBuild } = await import("../mutants/planted-build.ts");
  const { relayCommand, agentCommand } = await writePlantedBuild(root, mutant, args.bundle);
  if (args.json) {
    io.out(`${JSON.stringify({ mutant: mutant.id, folder: args.bundle, relayCommand, agentCommand }, undefined, 2)}\n`);
  } else {
    io.out(
      `${mutant.id} (${mutant.title}) is planted in ${shortPath(args.bundle)}: relay.mjs and agent.mjs take the options of zerok relay and zerok agent.\n`,
    );
  }
  return EXIT.valid;
}

function isAllCaught({ reports, falseAlarms }: CampaignReport, tests: readonly TestReport[]): boolean {
  const isCaught = ({ outcome }: { readonly outcome: string }): boolean =>
    outcome === "caught" || outcome === "waiting";
  return falseAlarms.length === 0 && reports.every(isCaught) && tests.every(isCaught);
}
