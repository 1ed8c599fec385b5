/** Where a plan comes from that somebody names: a capsule, the folder of a run, a regression, or a seed with its scenario. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { parseSeed } from "../../scenarios/draw.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { parsePlan } from "../../scenarios/plan-schema.ts";
import type { Capsule } from "../results/capsule.ts";
import { assertReadable, readCapsule } from "../results/run-folder.ts";
import type { SeedRunner } from "../sweep/seed-runner.ts";
import type { Suite } from "../sweep/sim-world.ts";
import { UserError } from "../user-error.ts";
import { chooseBuilt } from "./choose-scenarios.ts";
import type { Services } from "./services.ts";

export interface PlanArguments {
  readonly what: string;
  readonly scenario: string | undefined;
  readonly edited: boolean;
  readonly suite: Suite | undefined;
}

export interface PlanSource {
  readonly plan: Plan;
  readonly suite: Suite;
  /** Of the capsule; `undefined` for a seed. */
  readonly folder: string | undefined;
  readonly capsule: Capsule | undefined;
}

export function findPlan(args: PlanArguments, services: Services, runner: SeedRunner): PlanSource {
  const { what, scenario } = args;
  if (existsSync(what)) {
    if (scenario !== undefined) {
      throw new UserError(`${what} says itself which scenario it is of: leave --scenario out; it goes with a seed.`);
    }
    const regression = readRegression(what);
    if (regression !== undefined)
      return { plan: regression, suite: args.suite ?? "toy", folder: undefined, capsule: undefined };
    const { path, capsule } = readCapsule(what, args.edited);
    return { plan: capsule.plan, suite: args.suite ?? capsule.suite, folder: dirname(path), capsule };
  }
  const seed = parseSeed(what);
  if (seed === undefined) {
    throw new UserError(
      `"${what}" is neither a file or folder that exists nor a seed: name a capsule.json, a run folder such as runs/latest, or a seed with --scenario.`,
    );
  }
  if (scenario === undefined) {
    throw new UserError(`A seed means something only with its scenario: ${what} --scenario S-CONC-01, for example.`);
  }
  const row = chooseBuilt(services.catalogue, [scenario])[0]!;
  return { plan: runner.planOf(row.id, seed), suite: args.suite ?? "toy", folder: undefined, capsule: undefined };
}

const REGRESSION_FORMAT = "zerok-regression/1";

/** The plan of a file as they lie in `scenarios/regressions/`; `undefined` for anything else. */
function readRegression(path: string): Plan | undefined {
  if (statSync(path).isDirectory()) return undefined;
  assertReadable(path);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("format" in value) || value.format !== REGRESSION_FORMAT) {
    return undefined;
  }
  const plan = parsePlan("plan" in value ? value.plan : undefined);
  if (plan.ok) return plan.value;
  throw new UserError(`The plan in ${path} cannot be run, ${plan.error.message}. Mend that place.`);
}
