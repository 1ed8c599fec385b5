import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { createPaint } from "./paint.ts";
import { renderTable } from "./table.ts";

const COLUMNS = [
  { head: "id" },
  { head: "title", isElastic: true },
  { head: "source", isElastic: true },
  { head: "verdict" },
] as const;
const paint = createPaint(true);
const ROWS = [["A-1", "a title of thirty characters, so", "a source of twenty ch", paint.green("valid")]];

const widest = (within?: number): number =>
  Math.max(
    ...stripVTControlCharacters(renderTable(paint, COLUMNS, ROWS, within))
      .split("\n")
      .map(({ length }) => length),
  );

it("elastic columns give way to the width of the terminal, the last one first, and not below what says something", () => {
  expect([widest(), widest(200)]).toEqual([69, 69]);
  const at64 = renderTable(paint, COLUMNS, ROWS, 64);
  expect(at64).toContain("a title of thirty characters, so");
  expect(at64).toContain("a source of twe…");
  expect([widest(64), widest(50), widest(10)]).toEqual([64, 50, 40]);
});
