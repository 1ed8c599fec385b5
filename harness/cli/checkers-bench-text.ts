/** What `zerok bench checkers` prints. */
import type { CheckerCost, CheckersBench } from "../bench/checkers-bench.ts";
import { renderCount, renderRounded } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { renderTable } from "./table.ts";

export function renderCheckersBench(paint: Paint, bench: CheckersBench): string {
  const { operations, records, ms, msMax, isMet, ratioToBare, alone, machine } = bench;
  const row = ({ name, nsPerRecord, ratio }: CheckerCost): string[] => [
    name,
    nsPerRecord.toFixed(1),
    renderRounded(ratio),
  ];
  const seconds = `${(ms / 1000).toFixed(2)} s`;
  const met = isMet ? paint.green("met") : paint.red("missed");
  const mib = (bench.heapBytes / 1024 / 1024).toFixed(0);
  const place = `Node ${machine.node}, ${machine.cores} ${machine.cores === 1 ? "core" : "cores"}, ${machine.platform}`;
  return [
    `${paint.bold(`${renderCount(operations)} operations`)} (${renderCount(records)} records) judged by ${alone.checkers.length} checkers ` +
      `as they come; one thread. ${place}.`,
    "",
    renderTable(
      paint,
      [{ head: "all together" }, { head: "", isNumber: true }, { head: "target" }, { head: "" }],
      [
        ["time", seconds, `less than ${msMax / 1000} s`, met],
        ["to a bare pass over the records", renderRounded(ratioToBare), "", ""],
        ["memory held at the end", `${mib} MiB`, "", ""],
        [
          "added by each operation of the second half",
          `${renderCount(Math.round(bench.grownBytesPerOperation))} B`,
          "",
          "",
        ],
      ],
    ),
    "What is added: of each old blob its id, number and places, and what its payload is recognized by, so that both are known",
    "when they come again. Records are held of the latest blobs only, and of those that some device lacks.",
    "",
    renderTable(
      paint,
      [{ head: "each alone" }, { head: "ns per record", isNumber: true }, { head: "to the bare pass", isNumber: true }],
      [
        ["a bare pass", alone.bareNsPerRecord.toFixed(1), "1"],
        row({ ...alone.lookUp, name: "looking records up, once for all" }),
        ...alone.checkers.map(row),
      ],
    ),
    `Alone: medians of ${alone.rounds} interleaved rounds over ${renderCount(alone.operations)} operations, beyond the look-up.`,
    "",
  ].join("\n");
}
