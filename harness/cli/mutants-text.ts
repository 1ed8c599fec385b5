/** What `zerok mutants` shows: a line for each as it is done, a table of all, and the same as JSON. */
import type { CampaignProgress, CampaignReport, MutantReport } from "../mutants/campaign.ts";
import type { FalseAlarm } from "../mutants/hunt.ts";
import { quantile } from "../mutants/quantile.ts";
import { isShrunk, type ShrunkCatch, type UnshrunkCatch } from "../mutants/shrunk-catches.ts";
import type { TestReport } from "../mutants/test-mutants.ts";
import { renderCount, renderDuration } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { renderTable, shorten } from "./table.ts";

const TITLE_WIDTH = 58;

/** By the mutant's id; empty when nothing was shrunk. */
export type Shrunk = ReadonlyMap<string, readonly (ShrunkCatch | UnshrunkCatch)[]>;
const NOTHING_SHRUNK: Shrunk = new Map();

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
  return `${about}  ${describeSteps(one)} steps in ${one.seconds.toFixed(1)} s${minimal}`;
}

function describeSteps({ stepsBefore, plan }: ShrunkCatch): string {
  return `${stepsBefore} → ${plan.steps.length}`;
}

export function renderMutants(
  paint: Paint,
  campaign: CampaignReport,
  tests: readonly TestReport[],
  shrunk: Shrunk = NOTHING_SHRUNK,
): string {
  const parts = [renderCampaign(paint, campaign.reports, shrunk)];
  if (tests.length > 0) parts.push(renderTests(paint, tests));
  const others = campaign.reports.filter(({ isByOthersOnly }) => isByOthersOnly);
  if (others.length > 0) parts.push(renderOthers(others));
  if (campaign.falseAlarms.length > 0) parts.push(renderAlarms(paint, campaign.falseAlarms));
  parts.push(renderTotals(campaign, tests));
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
        ...(shrunk.get(mutant.id) ?? []).slice(0, 1).map((one) => (isShrunk(one) ? describeSteps(one) : "–")),
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

function renderTotals({ reports, wallMs }: CampaignReport, tests: readonly TestReport[]): string {
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

export function toJson(
  campaign: CampaignReport,
  tests: readonly TestReport[],
  shrunk: Shrunk = NOTHING_SHRUNK,
): unknown {
  const { reports, falseAlarms, wallMs } = campaign;
  return {
    wallMs: Math.round(wallMs),
    planted: reports.filter(({ outcome }) => outcome !== "waiting").length,
    caught: reports.filter(({ outcome }) => outcome === "caught").length,
    mutants: reports.map(({ mutant, outcome, why, catches, missed, seedsInVain, isByOthersOnly }) => ({
      id: mutant.id,
      title: mutant.title,
      from: mutant.from,
      outcome,
      ...(why === undefined ? {} : { why }),
      named: mutant.caughtBy,
      isByOthersOnly,
      missed,
      seedsInVain,
      ...(catches.length === 0
        ? {}
        : {
            seeds: summary(catches.map((one) => one.seeds)),
            seconds: summary(catches.map((one) => one.seconds)),
          }),
      catches,
      ...(shrunk.has(mutant.id) ? { shrunk: shrunk.get(mutant.id)!.map(shrunkToJson) } : {}),
    })),
    tests: tests.map(({ mutant, outcome, why, failed, seconds }) => ({
      id: mutant.id,
      title: mutant.title,
      from: mutant.from,
      test: mutant.test,
      outcome,
      ...(why === undefined ? {} : { why }),
      failed,
      seconds,
    })),
    falseAlarms,
  };
}

function shrunkToJson(one: ShrunkCatch | UnshrunkCatch): unknown {
  return isShrunk(one) ? { ...one, steps: one.plan.steps.length } : one;
}

function summary(values: readonly number[]): { readonly median: number; readonly p95: number } {
  return { median: quantile(values, 0.5), p95: quantile(values, 0.95) };
}
