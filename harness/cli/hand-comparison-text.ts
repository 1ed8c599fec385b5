/** What `zerok mutants --compare-hand` shows: a row for each mutant, the figures over all, and the same as JSON. */
import {
  RATIO_MAX,
  RATIO_MEDIAN_MAX,
  SHRINK_SECONDS_MAX,
  type HandComparison,
  type HandComparisons,
} from "../mutants/hand-comparison.ts";
import { quantile } from "../mutants/quantile.ts";
import type { Paint } from "./paint.ts";
import { renderTable, shorten } from "./table.ts";

const TITLE_WIDTH = 58;

export function renderComparisons(paint: Paint, comparisons: HandComparisons): string {
  const { rows, ratioMedian, ratioMax, secondsMax, isWithin } = comparisons;
  const columns = [
    { head: "mutant" },
    { head: "planted bug" },
    { head: "by hand", isNumber: true },
    { head: "shrunk", isNumber: true },
    { head: "most", isNumber: true },
    { head: "ratio", isNumber: true },
    { head: "minimal", isNumber: true },
    { head: "s", isNumber: true },
  ];
  const table = renderTable(
    paint,
    columns,
    rows.map((row) => [
      row.mutant.id,
      shorten(row.mutant.title, TITLE_WIDTH),
      String(row.handSteps),
      String(quantile(row.steps, 0.5)),
      String(quantile(row.steps, 1)),
      ratioOf(row).toFixed(2),
      `${row.steps.length - row.notMinimal}/${row.steps.length + row.unshrunk + row.missed}`,
      quantile(row.seconds, 1).toFixed(1),
    ]),
  );
  const word = isWithin ? paint.green("Within the bounds") : paint.red("Not within the bounds");
  return (
    `${table}${word}: ${ratioMedian.toFixed(2)} times as many steps in the median (${RATIO_MEDIAN_MAX} at most), ` +
    `${ratioMax.toFixed(2)} at most (${RATIO_MAX}), the slowest in ${secondsMax.toFixed(1)} s (under ${SHRINK_SECONDS_MAX}).\n`
  );
}

/** Of the largest of its plans. */
function ratioOf({ steps, handSteps }: HandComparison): number {
  return quantile(steps, 1) / handSteps;
}

export function comparisonsToJson({ rows, ...figures }: HandComparisons): unknown {
  return { ...figures, mutants: rows.map(({ mutant: { id, title }, ...row }) => ({ id, title, ...row })) };
}
