/** What `zerok mutants --compare` shows: two ways beside each other, mutant by mutant, and what they found in all. */
import type { Way, WayHunt, WayReport } from "../mutants/comparison.ts";
import { renderCount, renderMany } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { renderTable, shorten } from "./table.ts";

const TITLE_WIDTH = 46;

export function renderComparison(paint: Paint, ways: readonly Way[], reports: readonly WayReport[]): string {
  const columns = [
    { head: "mutant" },
    { head: "planted bug" },
    ...ways.flatMap((way) => [
      { head: way, isNumber: true },
      { head: "runs", isNumber: true },
      { head: "s", isNumber: true },
    ]),
  ];
  const rows = [...new Set(reports.map(({ mutant }) => mutant))].map((mutant) => [
    mutant.id,
    shorten(mutant.title, TITLE_WIDTH),
    ...reports.filter((report) => report.mutant === mutant).flatMap((report) => renderCells(paint, report)),
  ]);
  const lines = ways.map((way) => renderTotal(way, reports));
  return `${renderTable(paint, columns, rows)}\n${lines.join("\n")}\n`;
}

function renderCells(paint: Paint, { hunts, flaw }: WayReport): readonly string[] {
  if (flaw !== undefined) return [paint.red("not tried"), "", ""];
  const found = hunts.filter(({ isFound }) => isFound);
  const share = `${found.length}/${hunts.length}`;
  if (found.length === 0) return [paint.red(share), `>${renderCount(median(hunts, "runs"))}`, ""];
  return [share, renderCount(median(found, "runs")), median(found, "seconds").toFixed(1)];
}

function renderTotal(way: Way, reports: readonly WayReport[]): string {
  const own = reports.filter((report) => report.way === way && report.flaw === undefined);
  const hunts = own.flatMap((report) => report.hunts);
  const found = hunts.filter(({ isFound }) => isFound);
  const mutants = own.filter((report) => report.hunts.some(({ isFound }) => isFound)).length;
  const seconds = hunts.reduce((sum, hunt) => sum + hunt.seconds, 0);
  const runs = hunts.reduce((sum, hunt) => sum + hunt.runs, 0);
  const middle = found.length === 0 ? "" : `, median ${renderMany(median(found, "runs"), "run")}`;
  return `${way}: ${mutants} of ${own.length} mutants, ${found.length} of ${hunts.length} hunts${middle}; ${renderMany(runs, "run")} in ${seconds.toFixed(0)} s.`;
}

/** The lower of two in the middle. */
function median(hunts: readonly WayHunt[], of: "runs" | "seconds"): number {
  const sorted = hunts.map((hunt) => hunt[of]).toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

export function comparisonToJson(reports: readonly WayReport[]): object {
  return reports.map(({ mutant, way, hunts, flaw }) => ({ mutant: mutant.id, way, hunts, flaw: flaw ?? null }));
}
