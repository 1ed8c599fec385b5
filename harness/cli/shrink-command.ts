/**
 * `zerok shrink`: the smallest plan that still makes the same checker find the same kind of thing, as a run folder of
 * its own and as a story. Takes what `replay` takes.
 */
import { assertWritableOut } from "../results/run-folder.ts";
import { Shelf } from "../results/shelf.ts";
import type { ShrinkTarget } from "../shrink/shrink.ts";
import type { SeedRun } from "../sweep/seed-runner.ts";
import type { Suite } from "../sweep/sim-world.ts";
import { UserError } from "../user-error.ts";
import { exitCodeOf, type ExitCode } from "./exit-code.ts";
import type { Io } from "./io.ts";
import { parseTimeOption } from "./option-values.ts";
import { createPaint } from "./paint.ts";
import { findPlan } from "./plan-source.ts";
import type { Services } from "./services.ts";
import { renderShrunk, SHRINK_MS, shrinkToFolder, shrunkToJson } from "./shrunk-run.ts";

export interface ShrinkArguments {
  readonly what: string;
  readonly scenario: string | undefined;
  readonly checker: string | undefined;
  readonly time: string | undefined;
  readonly edited: boolean;
  readonly out: string;
  readonly suite: Suite | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

export async function runShrinkCommand(args: ShrinkArguments, io: Io, services: Services): Promise<ExitCode> {
  const runner = services.createRunner();
  const { plan, suite } = findPlan(args, services, runner);
  assertWritableOut(args.out);
  const withinMs = args.time === undefined ? SHRINK_MS : parseTimeOption(args.time);
  const target = chooseTarget(runner.runPlan(plan, { suite }), args);
  const shelf = new Shelf(args.out);
  const shrunk = shrinkToFolder(services, plan, target, { suite, withinMs, shelf });
  if (args.json) io.out(`${JSON.stringify(shrunkToJson(shrunk), undefined, 2)}\n`);
  else io.out(renderShrunk(createPaint(io.hasColor), shrunk, args.quiet));
  return shelf.end(io, exitCodeOf(shrunk.after.verdict.verdict));
}

function chooseTarget({ plan, verdict }: SeedRun, { checker, what }: ShrinkArguments): ShrinkTarget {
  const found = [...new Set(verdict.findings.map((finding) => finding.checker))];
  const finding = verdict.findings.find((each) => checker === undefined || each.checker === checker);
  if (finding !== undefined) return { checker: finding.checker, kind: finding.kind };
  if (found.length === 0) {
    throw new UserError(
      `Nothing was found in ${what} (${plan.scenario} ${plan.seed} is ${verdict.verdict}), so there is nothing to shrink: take a run that is invalid.`,
    );
  }
  throw new UserError(`The checker ${checker} found nothing in ${what}: --checker takes ${found.join(", ")}.`);
}
