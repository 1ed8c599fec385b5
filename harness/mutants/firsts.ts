/**
 * Which checker was the first to accuse which mutants, by the earliest event of the run: each must be that once, or
 * nobody knows whether it adds anything. Alone, when no other told at the same event; some never can be, as where two
 * checkers look at two sides of one answer.
 */
import { checkers } from "../../scenarios/checkers/index.ts";
import { RELAY_VIEW } from "../../scenarios/checkers/relay-view.ts";
import type { MutantReport } from "./campaign.ts";

export interface Firsts {
  readonly checker: string;
  /** Ids of the mutants, in the order of their list. */
  readonly mutants: readonly string[];
  /** Those of them of which no other checker told at the same event. */
  readonly alone: readonly string[];
}

/** All that judge a simulated run, or two of them. */
export const CHECKER_NAMES: readonly string[] = [...checkers.map(({ name }) => name), RELAY_VIEW];

export function firstsOf(reports: readonly MutantReport[]): readonly Firsts[] {
  return CHECKER_NAMES.map((checker) => {
    const own = reports.filter(({ catches }) => catches.some(({ first }) => first.checker === checker));
    const alone = own.filter(({ catches }) =>
      catches.some(({ first, firsts }) => first.checker === checker && firsts.length === 1),
    );
    const idsOf = (list: readonly MutantReport[]): string[] => list.map(({ mutant }) => mutant.id);
    return { checker, mutants: idsOf(own), alone: idsOf(alone) };
  });
}

/** Checkers that were the first to accuse none. */
export function neverFirst(firsts: readonly Firsts[]): readonly string[] {
  return firsts.filter(({ mutants }) => mutants.length === 0).map(({ checker }) => checker);
}
