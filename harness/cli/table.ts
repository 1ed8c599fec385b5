/** Tables without frames: columns under a head, numbers to the right. */
import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import type { Paint } from "./paint.ts";

export interface Column {
  readonly head: string;
  readonly isNumber?: boolean;
  /** Gets shorter, from the last of its kind on, where the table is wider than the terminal. Without colours. */
  readonly isElastic?: boolean;
}

/** Less says nothing any more. */
const ELASTIC_MIN = 12;
const GAP = 2;

const NO_FRAME = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** `within`: columns of the terminal. */
export function renderTable(
  paint: Paint,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  within = Number.POSITIVE_INFINITY,
): string {
  const fitting = fit(columns, rows, within);
  const table = new Table({
    head: columns.map((column) => paint.bold(column.head)),
    colAligns: columns.map((column) => (column.isNumber === true ? "right" : "left")),
    chars: NO_FRAME,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  table.push(...fitting.map((row) => [...row]));
  return `${table.toString().replace(/[ \t]+$/gm, "")}\n`;
}

function fit(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  within: number,
): readonly (readonly string[])[] {
  const widths = columns.map(({ head }, i) =>
    Math.max(head.length, ...rows.map((row) => stripVTControlCharacters(row[i] ?? "").length)),
  );
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - within;
  if (excess <= 0) return rows;
  const limits = [...widths];
  for (let i = columns.length - 1; i >= 0; i--) {
    if (excess <= 0 || columns[i]!.isElastic !== true) continue;
    limits[i] = Math.max(Math.min(ELASTIC_MIN, widths[i]!), widths[i]! - excess);
    excess -= widths[i]! - limits[i]!;
  }
  return rows.map((row) => row.map((cell, i) => (columns[i]!.isElastic === true ? shorten(cell, limits[i]!) : cell)));
}

export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
