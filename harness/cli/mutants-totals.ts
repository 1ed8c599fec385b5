/** The last lines of `zerok mutants`: how many were caught, and whether each checker was the first at least once. */
import type { CampaignReport } from "../mutants/campaign.ts";
import { neverFirst, type Firsts } from "../mutants/firsts.ts";
import type { TestReport } from "../mutants/test-mutants.ts";
import { renderDuration } from "./figures.ts";

export function renderTotals({ reports, wallMs }: CampaignReport, tests: readonly TestReport[]): string {
  const count = (outcome: string): number => reports.filter((report) => report.outcome === outcome).length;
  const planted = reports.length - count("waiting");
  const parts = [`${count("caught")} of ${planted} mutants caught in ${renderDuration(wallMs)}`];
  for (const [outcome, words] of [
    ["missed", "not caught"],
    ["stale", "stale"],
    ["broken", "broken"],
    ["waiting", "waiting"],
  ] as const) {
    if (count(outcome) > 0) parts.push(`${count(outcome)} ${words}`);
  }
  if (tests.length > 0) {
    parts.push(`${tests.filter(({ outcome }) => outcome === "caught").length} of ${tests.length} by their tests`);
  }
  const notes = reports
    .filter(({ outcome }) => outcome === "waiting" || outcome === "stale" || outcome === "broken")
    .map(({ mutant, outcome, why }) => `  ${mutant.id} ${outcome === "waiting" ? "waits" : `is ${outcome}`}: ${why}`);
  return [`${parts.join(", ")}.`, ...notes].join("\n");
}

export function describeFirsts(firsts: readonly Firsts[]): string {
  const never = neverFirst(firsts);
  if (never.length > 0) return `Checkers that were the first to accuse none: ${never.join(", ")}.`;
  const alone = firsts.filter((one) => one.alone.length > 0).length;
  return `Each of the ${firsts.length} checkers was the first to accuse at least one mutant, ${alone} of them with no other at the same event.`;
}
