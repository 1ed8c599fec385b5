/** What `zerok mutants` shows: a line for each as it is done, and a table of all. For programs: `mutants-report.ts`. */
import type { CampaignProgress, CampaignReport, MutantReport } from "../mutants/campaign.ts";
import type { FalseAlarm } from "../mutants/hunt.ts";
import type { Firsts } from "../mutants/firsts.ts";
import { quantile } from "../mutants/quantile.ts";
import { isShrunk, type Shrunk, type ShrunkCatch, type UnshrunkCatch } from "../mutants/shrunk-catches.ts";
import type { TestReport } from "../mutants/test-mutants.ts";
import { renderCount } from "./figures.ts";
import { describeSteps } from "./mutants-report.ts";
import { describeFirsts, renderTotals } from "./mutants-totals.ts";
import type { Paint } from "./paint.ts";
import { renderTable, shorten } from "./table.ts";

const TITLE_WIDTH = 58;

export function describeProgress(paint: Paint, { done, of, last }: CampaignProgress): string {
  return `${String(done).padStart(String(of).length)}/${of}  ${last.mutant.id}  ${describeOutcome(paint, last)}`;
}

export function renderTestProgress(paint: Paint, report: TestReport): string {
  return `test  ${report.mutant.id}  ${describeTest(paint, report)}`;
}

function describeOutcome(paint: Paint, { outcome, why, catches, missed, seedsInVain }: MutantReport): string {
  switch (outcome) {
    case "caught": {
      const { first, scenario, seeds } = catches[0]!;
      return `${paint.green("caught")} by ${first.checker} (${scenario}, ${seeds === 1 ? "first seed" : `${seeds} seeds`})`;
    }
    case "missed": {
      const some =
        catches.length === 0 ? "" : `, caught from ${catches.length} of ${catches.length + missed} base seeds`;
      return `${paint.red("not caught")} in ${renderCount(seedsInVain)} seeds${some}`;
    }
    case "waiting":
      return `waits: ${why}`;
    case "stale":
    case "broken":
      return `${paint.red(outcome)}: ${why}`;
  }
}

function describeTest(paint: Paint, { outcome, why, failed, mutant }: TestReport): string {
  if (outcome === "caught") return `${paint.green("caught")} by ${mutant.test} (${failed.length} failed)`;
  return outcome === "missed" ? `${paint.red("not caught")}: ${mutant.test} passes` : `${paint.red(outcome)}: ${why}`;
}

export function renderShrunk(paint: Paint, id: string, one: ShrunkCatch | UnshrunkCatch): string {
  const about = `shrunk  ${id}  ${one.scenario} ${one.seed}`;
  if (!isShrunk(one)) return `${about}  ${paint.red("not")}: ${one.why}`;
  const minimal = one.isMinimal ? "" : paint.red(", not minimal");
  return `${about}  steps ${describeSteps(one)} in ${one.seconds.toFixed(1)} s${minimal}`;
}

/** `firsts`: of a run of all mutants; `shrunk` is empty when nothing was. */
export function renderMutants(
  paint: Paint,
  campaign: CampaignReport,
  tests: readonly TestReport[],
  firsts?: readonly Firsts[],
  shrunk: Shrunk = new Map(),
): string {
  const parts = [renderCampaign(paint, campaign.reports, shrunk)];
  if (tests.length > 0) parts.push(renderTests(paint, tests));
  const others = campaign.reports.filter(({ isByOthersOnly }) => isByOthersOnly);
  if (others.length > 0) parts.push(renderOthers(others));
  if (campaign.falseAlarms.length > 0) parts.push(renderAlarms(paint, campaign.falseAlarms));
  parts.push(renderTotals(campaign, tests));
  if (firsts !== undefined) parts.push(describeFirsts(firsts));
  return `${parts.join("\n")}\n`;
}

function renderCampaign(paint: Paint, reports: readonly MutantReport[], shrunk: Shrunk): string {
  const columns = [
    { head: "mutant" },
    { head: "planted bug" },
    { head: "first caught by" },
    { head: "scenario" },
    { head: "seeds", isNumber: true },
    { head: "p95", isNumber: true },
    { head: "s", isNumber: true },
    { head: "p95", isNumber: true },
    ...(shrunk.size === 0 ? [] : [{ head: "steps", isNumber: true }]),
  ];
  return renderTable(
    paint,
    columns,
    reports.map((report) => {
      const { mutant, outcome, catches, isByOthersOnly, seedsInVain } = report;
      const title = shorten(mutant.title, TITLE_WIDTH);
      const first = catches[0];
      if (outcome !== "caught" || first === undefined) {
        const word = outcome === "waiting" ? "waits" : paint.red(outcome === "missed" ? "not caught" : outcome);
        return [mutant.id, title, word, "", seedsInVain > 0 ? `(${renderCount(seedsInVain)})` : "", "", "", ""];
      }
      const seeds = catches.map((one) => one.seeds);
      const seconds = catches.map((one) => one.seconds);
      return [
        mutant.id,
        title,
        isByOthersOnly ? `${first.first.checker} *` : first.first.checker,
        first.scenario,
        renderCount(quantile(seeds, 0.5)),
        renderCount(quantile(seeds, 0.95)),
        quantile(seconds, 0.5).toFixed(2),
        quantile(seconds, 0.95).toFixed(2),
        ...(shrunk.size === 0 ? [] : [describeSteps(shrunk.get(mutant.id)?.[0])]),
      ];
    }),
  );
}

function renderTests(paint: Paint, tests: readonly TestReport[]): string {
  return renderTable(
    paint,
    [{ head: "mutant" }, { head: "planted bug (outside of the simulated world)" }, { head: "test" }, { head: "" }],
    tests.map(({ mutant, outcome }) => [
      mutant.id,
      shorten(mutant.title, TITLE_WIDTH),
      mutant.test!,
      outcome === "caught" ? "fails, as it should" : paint.red(outcome === "missed" ? "passes" : outcome),
    ]),
  );
}

function renderOthers(reports: readonly MutantReport[]): string {
  const lines = reports.map(({ mutant, catches }) => {
    const by = [...new Set(catches.flatMap(({ checkers }) => checkers))].join(", ");
    return `  ${mutant.id}: ${mutant.caughtBy} says nothing, but ${by}`;
  });
  return `* To be looked at, caught only by other checkers than the one named:\n${lines.join("\n")}\n`;
}

function renderAlarms(paint: Paint, alarms: readonly FalseAlarm[]): string {
  const lines = alarms.map(({ scenario, seed, checker, message }) => `  ${scenario} ${seed}: ${checker}: ${message}`);
  return `${paint.red("The correct core is accused too")}, so these seeds prove nothing:\n${lines.join("\n")}\n`;
}
