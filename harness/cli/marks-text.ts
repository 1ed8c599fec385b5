/** What `zerok sim` says of marks: a line of how many were hit, and with `--marks` a table of all. */
import type { Mark } from "../../scenarios/marks/mark.ts";
import type { MarkHits } from "../sweep/mark-tally.ts";
import { renderCount } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { renderTable, shorten } from "./table.ts";

const WHAT_WIDTH = 60;

export function renderMarkTotals(hits: readonly MarkHits[]): string {
  const hit = hits.filter(({ runs }) => runs > 0);
  const expected = hits.filter(({ mark }) => mark.expected);
  const met = expected.filter(({ runs }) => runs > 0);
  return `Marks: ${hit.length} of ${hits.length} hit, ${met.length} of the ${expected.length} that every id together must hit.\n`;
}

export function renderMissedMarks(paint: Paint, missed: readonly Mark[]): string {
  return missed.map(({ name, where, what }) => `${paint.red("mark never hit")} ${name} (${where}): ${what}\n`).join("");
}

export function renderMarks(paint: Paint, hits: readonly MarkHits[]): string {
  const columns = [
    { head: "mark" },
    { head: "runs", isNumber: true },
    { head: "first" },
    { head: "what it is, or why it is not expected" },
  ];
  const rows = hits.map(({ mark, runs, first }) => [
    mark.expected && runs === 0 ? paint.red(mark.name) : mark.name,
    renderCount(runs),
    first === undefined ? "" : `${first.scenario} ${first.seed}`,
    runs > 0 || mark.expected ? shorten(mark.what, WHAT_WIDTH) : `(${mark.why})`,
  ]);
  return renderTable(paint, columns, rows);
}

export function marksToJson(hits: readonly MarkHits[], missed: readonly Mark[]): object {
  return {
    hit: hits.filter(({ runs }) => runs > 0).length,
    of: hits.length,
    missed: missed.map(({ name }) => name),
    each: hits.map(({ mark: { name, where, expected }, runs, first }) => ({
      name,
      where,
      expected,
      runs,
      first: first ?? null,
    })),
  };
}
