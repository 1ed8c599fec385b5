/** What `zerok bench relay` says to a person. */
import type { Part, RelayBench } from "../bench/relay-bench.ts";
import { renderCount, renderRounded } from "./figures.ts";
import type { Paint } from "./paint.ts";
import { renderTable } from "./table.ts";

export function renderRelayBench(paint: Paint, bench: RelayBench): string {
  const { pushes, pulls, ceilings, loaded, single, idle } = bench;
  const row = (what: string, { perSecond, medianMs, p99Ms }: Part): string[] => [
    what,
    renderCount(perSecond),
    renderRounded(medianMs),
    renderRounded(p99Ms),
  ];
  const ceiling = (what: string, perSecond: number): string[] => [what, renderCount(perSecond), "", ""];
  const rates = [
    row("durable pushes, 1 connection, one at a time", pushes[1]),
    row("durable pushes, 8 connections, 8 at a time each", pushes[8]),
    row("durable pushes, 64 connections, 8 at a time each", pushes[64]),
    row("pages pulled, 64 connections", pulls),
    ceiling("blobs in them", pulls.blobsPerSecond),
    ceiling("ceiling: frames echoed, 64 connections", ceilings.echoPerSecond),
    ceiling("ceiling: rows inserted, 100 to a transaction", ceilings.insertsBy100PerSecond),
    ceiling("ceiling: rows inserted one by one", ceilings.insertsBy1PerSecond),
  ];
  const met = ({ isMet }: { readonly isMet: boolean }): string => (isMet ? paint.green("met") : paint.red("missed"));
  const each = idle.bytesPerSession === null ? "unknown" : `${(idle.bytesPerSession / 1024).toFixed(1)} KiB`;
  const ratios = [
    ["64 connections to the lower ceiling", `${Math.round(100 * loaded.median)} %`, "at least 40 %", met(loaded)],
    ["1 connection to inserts one by one", `${Math.round(100 * single.median)} %`, "at least 50 %", met(single)],
    [`each of ${renderCount(idle.sessions)} idle sessions`, each, "below 50 KiB", met(idle)],
  ];
  return [
    `A relay in a process of its own, ${renderCount(bench.payloadBytes)} bytes to a push, synchronous=FULL; medians of ${bench.rounds} interleaved rounds.`,
    "",
    renderTable(
      paint,
      [
        { head: "what" },
        { head: "per second", isNumber: true },
        { head: "median ms", isNumber: true },
        { head: "p99 ms", isNumber: true },
      ],
      rates,
    ),
    renderTable(
      paint,
      [{ head: "ratio" }, { head: "measured", isNumber: true }, { head: "target" }, { head: "" }],
      ratios,
    ),
    "",
  ].join("\n");
}
