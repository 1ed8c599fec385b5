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
  readonly json: boolean;
  readonly quiet: boolean;
}

const REPEAT_MAX = 1000;
/** Base seeds of the comparison with plans written by hand. */
const COMPARED_REPEAT = 20;

/** Ends with 0 when every mutant that does not wait is caught and the correct core is not accused; else with 1. */
export async function runMutantsCommand(args: MutantsArguments, io: Io): Promise<ExitCode> {
  // Loaded here: no other command needs a compiler.
  const { findCheckout } = await import("../mutants/checkout.ts");
  const root = findCheckout();
  const mutants = await readMutants(args, root);
  if (args.plant !== undefined || args.bundle !== undefined) return plant(args, root, mutants, io);

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
  const text = await import("./mutants-text.ts");
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
    watch: (progress) => tell(text.describeProgress(paint, progress)),
  });
  const tests = await runTestMutants(
    root,
    chosen.filter(({ test }) => test !== undefined),
    (report) => tell(text.renderTestProgress(paint, report)),
  );
  const { shrinkCatches } = await import("../mutants/shrunk-catches.ts");
  const isCompared = args["compare-hand"];
  const shrunk = await shrinkCatches({
    root,
    reports: args.shrink || isCompared ? campaign.reports : [],
    isEach: isCompared,
    jobs,
    watch: (id, one) => tell(text.renderShrunk(paint, id, one)),
  });
  const isCaught = isAllCaught(campaign, tests);
  if (!isCompared) {
    if (args.json) io.out(`${JSON.stringify(text.toJson(campaign, tests, shrunk), undefined, 2)}\n`);
    else io.out(text.renderMutants(paint, campaign, tests, shrunk));
    return isCaught ? EXIT.valid : EXIT.invalid;
  }
  const comparisons = compareByHand(campaign.reports, shrunk);
  const { comparisonsToJson, renderComparisons } = await import("./comparison-text.ts");
  if (args.json) io.out(`${JSON.stringify(comparisonsToJson(comparisons), undefined, 2)}\n`);
  else io.out(renderComparisons(paint, comparisons));
  return isCaught && comparisons.isWithin ? EXIT.valid : EXIT.invalid;
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
  const first = mutants[0]?.id ?? "none";
  throw new UserError(`There is no mutant ${id}. All of them: npx zerok mutants --json; the first is ${first}.`);
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
