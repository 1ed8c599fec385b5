/**
 * Shrunk plans against plans that a person wrote: how many times as many steps the shrinker leaves, from each base seed
 * that a mutant was caught from. Called by `zerok mutants --compare-hand`; the bounds are those of issue 5.
 */
import { handPlans } from "../../scenarios/mutants/hand-plans.ts";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import type { MutantReport } from "./campaign.ts";
import { quantile } from "./quantile.ts";
import { isShrunk, type Shrunk } from "./shrunk-catches.ts";

/** Of all shrunk plans: the middle one's, and each one's. */
export const RATIO_MEDIAN_MAX = 1.2;
export const RATIO_MAX = 2;
export const SHRINK_SECONDS_MAX = 30;

export interface HandComparison {
  readonly mutant: Mutant;
  readonly handSteps: number;
  /** Of every plan that was shrunk, as they came. */
  readonly steps: readonly number[];
  readonly stepsBefore: readonly number[];
  readonly seconds: readonly number[];
  /** Base seeds from which nothing was found. */
  readonly missed: number;
  readonly unshrunk: number;
  /** Plans of which a step can be left out, or that the time cut off. */
  readonly notMinimal: number;
}

export interface HandComparisons {
  readonly rows: readonly HandComparison[];
  readonly ratioMedian: number;
  readonly ratioMax: number;
  readonly secondsMax: number;
  readonly isWithin: boolean;
}

/** Mutants that somebody wrote a plan for, in the order of the list. */
export function isWrittenByHand({ id }: Mutant): boolean {
  return handPlans[id] !== undefined;
}

export function compareByHand(reports: readonly MutantReport[], shrunk: Shrunk): HandComparisons {
  const rows = reports
    .filter(({ mutant }) => isWrittenByHand(mutant))
    .map(({ mutant, missed, catches }): HandComparison => {
      const all = shrunk.get(mutant.id) ?? [];
      const plans = all.filter(isShrunk);
      return {
        mutant,
        handSteps: handPlans[mutant.id]!.steps.length,
        steps: plans.map(({ plan }) => plan.steps.length),
        stepsBefore: plans.map(({ stepsBefore }) => stepsBefore),
        seconds: plans.map(({ seconds }) => seconds),
        missed: catches.length === 0 ? Math.max(1, missed) : missed,
        unshrunk: all.length - plans.length,
        notMinimal: plans.filter(({ isMinimal }) => !isMinimal).length,
      };
    });
  const ratios = rows.flatMap(({ steps, handSteps }) => steps.map((count) => count / handSteps));
  const ratioMedian = quantile(ratios, 0.5);
  const ratioMax = quantile(ratios, 1);
  const secondsMax = quantile(
    rows.flatMap(({ seconds }) => seconds),
    1,
  );
  const isWhole = rows.every(({ missed, unshrunk, notMinimal }) => missed + unshrunk + notMinimal === 0);
  const isSmall = ratioMedian <= RATIO_MEDIAN_MAX && ratioMax <= RATIO_MAX && secondsMax < SHRINK_SECONDS_MAX;
  return { rows, ratioMedian, ratioMax, secondsMax, isWithin: isWhole && isSmall };
}
