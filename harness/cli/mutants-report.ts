/** What `zerok mutants` writes for others: the table of the README as Markdown, and everything as JSON. */
import type { CampaignReport, MutantReport } from "../mutants/campaign.ts";
import { neverFirst, type Firsts } from "../mutants/firsts.ts";
import { quantile } from "../mutants/quantile.ts";
import { isShrunk, type Shrunk, type ShrunkCatch, type UnshrunkCatch } from "../mutants/shrunk-catches.ts";
import type { TestReport } from "../mutants/test-mutants.ts";
import { describeFirsts, renderTotals } from "./mutants-totals.ts";

const HEAD = ["id", "planted bug", "first caught by", "seeds, p95", "s, p95", "steps"] as const;
const RULE = ["---", "---", "---", "---:", "---:", "---:"] as const;

export function renderMarkdown(
  campaign: CampaignReport,
  tests: readonly TestReport[],
  firsts: readonly Firsts[] | undefined,
  shrunk: Shrunk = new Map(),
): string {
  // Without anything shrunk there is no last column.
  const columns = shrunk.size === 0 ? HEAD.length - 1 : HEAD.length;
  const rows = [
    ...campaign.reports.map((report) => [...reportRow(report), describeSteps(shrunk.get(report.mutant.id)?.[0])]),
    ...tests.map((test) => [...testRow(test), ""]),
  ];
  const lines = [HEAD, RULE, ...rows.map((cells) => cells.map(escaped))].map(
    (cells) => `| ${cells.slice(0, columns).join(" | ")} |\n`,
  );
  const totals = renderTotals(campaign, tests).replaceAll("\n", "  \n");
  const bases = Math.max(0, ...campaign.reports.map(({ catches, missed }) => catches.length + missed));
  const figures = `Seeds and seconds of a thread until then: median and p95 of ${bases} base seeds.`;
  const last = [totals, ...(firsts === undefined ? [] : [describeFirsts(firsts)]), figures].join(" ");
  return `${lines.join("")}\n${last}\n`;
}

/** `42 → 2`; a dash where it could not be shrunk. */
export function describeSteps(one: ShrunkCatch | UnshrunkCatch | undefined): string {
  if (one === undefined) return "";
  return isShrunk(one) ? `${one.stepsBefore} → ${one.plan.steps.length}` : "–";
}

function reportRow({ mutant, outcome, catches, seedsInVain }: MutantReport): readonly string[] {
  const { id, title } = mutant;
  if (outcome !== "caught") {
    const word = outcome === "waiting" ? "waits" : outcome === "missed" ? "**not caught**" : `**${outcome}**`;
    return [id, title, word, seedsInVain > 0 ? `(${seedsInVain})` : "", ""];
  }
  const by = [...new Set(catches.map(({ first }) => first.checker))].map((checker) => `\`${checker}\``);
  const seeds = catches.map((one) => one.seeds);
  const seconds = catches.map((one) => one.seconds);
  return [
    id,
    title,
    by.join(", "),
    `${quantile(seeds, 0.5)}, ${quantile(seeds, 0.95)}`,
    `${quantile(seconds, 0.5).toFixed(2)}, ${quantile(seconds, 0.95).toFixed(2)}`,
  ];
}

function testRow({ mutant, outcome, seconds }: TestReport): readonly string[] {
  const word = outcome === "caught" ? `\`${mutant.test}\`` : `**${outcome === "missed" ? "not caught" : outcome}**`;
  return [mutant.id, mutant.title, word, "", seconds.toFixed(2)];
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}

export function toJson(
  campaign: CampaignReport,
  tests: readonly TestReport[],
  firsts: readonly Firsts[] | undefined,
  shrunk: Shrunk = new Map(),
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
    ...(firsts === undefined ? {} : { firsts, neverFirst: neverFirst(firsts) }),
  };
}

function shrunkToJson(one: ShrunkCatch | UnshrunkCatch): unknown {
  return isShrunk(one) ? { ...one, steps: one.plan.steps.length } : one;
}

function summary(values: readonly number[]): { readonly median: number; readonly p95: number } {
  return { median: quantile(values, 0.5), p95: quantile(values, 0.95) };
}
