/** What an exploration of all orders says to a person and to a program. */
import type { SmallOperation } from "../../scenarios/small-world.ts";
import type { ExhaustiveReport, ExplorationReport } from "./exhaustive-command.ts";
import { renderCount, renderDuration } from "./figures.ts";
import { paintVerdict, type Paint } from "./paint.ts";
import { shortPath } from "./short-path.ts";
import { shrunkToJson, type ShrunkRun } from "./shrunk-run.ts";
import { renderTable } from "./table.ts";

const LEGEND = `A state is what each host has gone through, in its order: orders that differ only in things which touch no host in common
lead to the same one. A fault strikes once, in every state. Where three operations or two hints meet, the devices' own disks
and all reads answer at once (W-09 breaks the disks at each step), and the order after a fault is the one by time.
`;

export function renderExplorations(paint: Paint, report: ExhaustiveReport, isQuiet: boolean): string {
  const { explorations, verdict, wallMs } = report;
  const columns = [
    { head: "two devices, one relay" },
    { head: "fault" },
    { head: "states", isNumber: true },
    { head: "runs", isNumber: true },
    { head: "judged", isNumber: true },
    { head: "longest", isNumber: true },
    { head: "verdict" },
  ];
  const rows = explorations.map((each) => [
    each.world.name,
    each.fault,
    renderCount(each.counts.states),
    renderCount(each.counts.runs),
    renderCount(each.counts.judged),
    renderCount(each.counts.longest),
    renderVerdict(paint, each),
  ]);
  const table = isQuiet ? "" : `${renderTable(paint, columns, rows)}\n`;
  const { states, runs, judged } = totalsOf(report);
  const total =
    `${paint.bold(paintVerdict(paint, verdict))}: ${renderCount(states)} states, ${renderCount(runs)} runs, ` +
    `${renderCount(judged)} of them different to the end and judged, in ${renderDuration(wallMs)}.\n`;
  const repeated = explorations.filter(({ isRepeated }) => isRepeated === true).length;
  const twice =
    explorations[0]?.isRepeated === undefined
      ? ""
      : `Twice: ${repeated} of ${explorations.length} came out the same in another process.\n`;
  return `${table}${total}${twice}${isQuiet ? "" : LEGEND}${explorations.map((each) => renderFailure(paint, each)).join("")}`;
}

function renderVerdict(paint: Paint, { verdict, isRepeated, counts }: ExplorationReport): string {
  const painted = paintVerdict(paint, verdict);
  if (isRepeated === false) return `${painted} (not repeatable)`;
  return counts.isComplete ? painted : `${painted} (left there)`;
}

function renderFailure(paint: Paint, { failure, folder, verdict, world, fault }: ExplorationReport): string {
  if (failure === undefined) return "";
  const [finding] = failure.verdict.findings;
  const why =
    finding === undefined
      ? (failure.verdict.unknowns[0] ?? "no reason given")
      : `${finding.checker}/${finding.kind}: ${finding.message}`;
  const where = `${world.name}, fault: ${fault}, in run ${renderCount(failure.runs)}`;
  const again = folder === undefined ? "" : `  ${paint.bold(`npx zerok replay ${shortPath(folder)}`)}\n`;
  return `${paintVerdict(paint, verdict)} ${where}  ${why}\n${again}`;
}

function totalsOf({ explorations }: ExhaustiveReport): { states: number; runs: number; judged: number } {
  const sum = (of: "states" | "runs" | "judged"): number =>
    explorations.reduce((total, { counts }) => total + counts[of], 0);
  return { states: sum("states"), runs: sum("runs"), judged: sum("judged") };
}

export function explorationsToJson(report: ExhaustiveReport, shrunk: ShrunkRun | undefined): object {
  const { verdict, wallMs, explorations } = report;
  return {
    verdict,
    ...totalsOf(report),
    wallMs,
    explorations: explorations.map(({ world, fault, counts, failure, folder, isRepeated, ...each }) => ({
      verdict: each.verdict,
      world: world.name,
      operations: world.operations.map(describe),
      fault,
      ...counts,
      isRepeated: isRepeated ?? null,
      failure: failure === undefined ? null : { runs: failure.runs, ...briefOf(failure.verdict), run: folder ?? null },
    })),
    shrunk: shrunk === undefined ? null : shrunkToJson(shrunk),
    runs: explorations.flatMap(({ folder }) => folder ?? []),
  };
}

function briefOf({ findings, unknowns }: NonNullable<ExplorationReport["failure"]>["verdict"]): object {
  return { findings: findings.map(({ checker, kind, message }) => ({ checker, kind, message })), unknowns };
}

function describe({ device, does }: SmallOperation): string {
  return `${does} by ${device}`;
}
