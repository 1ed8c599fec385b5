/** What a sweep says to a person when it is over. */
import type { Failure, Mismatch, SweepReport } from "../sweep/sweep.ts";
import { isIdleTooOften, tallyVerdict, type Tally } from "../sweep/tally.ts";
import { describeDivergence } from "./divergence-text.ts";
import { renderCount, renderDuration, renderRounded, renderShare } from "./figures.ts";
import { paintVerdict, type Paint } from "./paint.ts";
import { renderTable, shorten } from "./table.ts";

export interface Totals {
  readonly seeds: number;
  readonly events: number;
  readonly simulatedMs: number;
  readonly repeated: number;
  readonly portable: number;
  readonly portableMismatches: number;
  readonly speedUp: number;
}

export function totalsOf(report: SweepReport): Totals {
  const sum = (of: (tally: Tally) => number): number => report.tallies.reduce((total, tally) => total + of(tally), 0);
  const simulatedMs = sum((tally) => tally.simulatedMs);
  return {
    seeds: sum((tally) => tally.seeds),
    events: sum((tally) => tally.events),
    simulatedMs,
    repeated: sum((tally) => tally.repeated),
    portable: sum((tally) => tally.portable),
    portableMismatches: report.mismatches.filter((mismatch) => mismatch.against === "portable").length,
    speedUp: simulatedMs / Math.max(1, report.wallMs),
  };
}

/** `width`: columns of the terminal. */
export function renderTallies(paint: Paint, tallies: readonly Tally[], width: number): string {
  const columns = [
    { head: "scenario" },
    { head: "title", isElastic: true },
    { head: "seeds", isNumber: true },
    { head: "idle", isNumber: true },
    { head: "simulated", isNumber: true },
    { head: "events", isNumber: true },
    { head: "verdict" },
  ];
  const rows = tallies.map((tally) => [
    tally.id,
    shorten(tally.title, 44),
    renderCount(tally.seeds),
    isIdleTooOften(tally) ? paint.red(renderShare(tally.idle, tally.seeds)) : renderShare(tally.idle, tally.seeds),
    renderDuration(tally.simulatedMs),
    renderCount(tally.events),
    renderTallyVerdict(paint, tally),
  ]);
  return renderTable(paint, columns, rows, width);
}

function renderTallyVerdict(paint: Paint, tally: Tally): string {
  const notes: string[] = [];
  if (tally.invalid > 0) notes.push(`${renderCount(tally.invalid)} invalid`);
  if (tally.unknown > 0) notes.push(`${renderCount(tally.unknown)} unknown`);
  if (tally.mismatches > 0) notes.push(`${renderCount(tally.mismatches)} not repeatable`);
  if (isIdleTooOften(tally)) notes.push("idle too often");
  const verdict = paintVerdict(paint, tallyVerdict(tally));
  return notes.length === 0 ? verdict : `${verdict} (${notes.join(", ")})`;
}

export function renderTotals(paint: Paint, report: SweepReport): string {
  const totals = totalsOf(report);
  const runs = `${renderCount(totals.seeds)} ${totals.seeds === 1 ? "run" : "runs"}`;
  const lines = [
    `${paint.bold(paintVerdict(paint, report.verdict))}: ${runs}, ${renderCount(totals.events)} events, ` +
      `${renderDuration(totals.simulatedMs)} simulated in ${renderDuration(report.wallMs)}: ` +
      `${paint.bold(`${renderRounded(totals.speedUp)} times`)} real time.`,
  ];
  if (totals.repeated > 0) {
    const count = report.mismatches.length - totals.portableMismatches;
    lines.push(
      `Twice: ${renderCount(totals.repeated)} runs repeated in another process, ${renderMismatchCount(paint, count)}.`,
    );
  }
  if (totals.portable > 0) {
    lines.push(
      `Portable: ${renderCount(totals.portable)} of them repeated with real cryptography, ` +
        `${renderMismatchCount(paint, totals.portableMismatches)} in shape.`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function renderMismatchCount(paint: Paint, count: number): string {
  const text = `${renderCount(count)} ${count === 1 ? "mismatch" : "mismatches"}`;
  return count === 0 ? text : paint.red(text);
}

export function renderFailure(paint: Paint, { scenario, result }: Failure, replay: string): string {
  const first = result.findings[0];
  const why =
    first === undefined
      ? (result.unknowns[0] ?? "no reason given")
      : `${first.checker}/${first.kind}: ${first.message}`;
  return `${paintVerdict(paint, result.verdict)} ${scenario} ${result.seed}  ${why}\n  ${paint.bold(replay)}\n`;
}

export function renderMismatch(paint: Paint, mismatch: Mismatch, again: string): string {
  const { scenario, seed, against, first, second, divergence } = mismatch;
  const where = against === "process" ? "in another process" : "with the portable suite";
  const lines = [`${paint.red("not repeatable")} ${scenario} ${seed}: ${first}, and ${where} ${second}`];
  if (divergence !== undefined) lines.push(...describeDivergence(divergence));
  lines.push(`  ${paint.bold(again)}`);
  return `${lines.join("\n")}\n`;
}
