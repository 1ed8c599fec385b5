/** Tables without frames: columns under a head, numbers to the right. */
import Table from "cli-table3";
import type { Paint } from "./paint.ts";

export interface Column {
  readonly head: string;
  readonly isNumber?: boolean;
}

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

export function renderTable(paint: Paint, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: columns.map((column) => paint.bold(column.head)),
    colAligns: columns.map((column) => (column.isNumber === true ? "right" : "left")),
    chars: NO_FRAME,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return `${table.toString().replace(/[ \t]+$/gm, "")}\n`;
}

export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
