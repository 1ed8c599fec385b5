/** One run's verdict in readable lines: what was found, and the few records that prove it. */
import { encodeHistoryRecord } from "../../scenarios/history-json.ts";
import type { HistoryRecord } from "../../scenarios/history.ts";
import type { SeedRun } from "../sweep/seed-runner.ts";
import { renderCount, renderDuration } from "./figures.ts";
import { paintVerdict, type Paint } from "./paint.ts";

const FINDINGS_SHOWN = 10;
const WITNESSES_SHOWN = 6;
const LONG_HEX = 16;

export function renderVerdict(paint: Paint, { plan, run, verdict }: SeedRun): string {
  const idle = verdict.idle ? " (idle: its trouble never came)" : "";
  const lines = [
    `${paint.bold(paintVerdict(paint, verdict.verdict))}${idle}  ${plan.scenario} ${plan.seed}: ` +
      `${renderCount(run.events)} events, ${renderDuration(run.simulatedMs)} simulated, trace ${run.traceHash}`,
  ];
  for (const finding of verdict.findings.slice(0, FINDINGS_SHOWN)) {
    lines.push("", `${paint.red(`${finding.checker}/${finding.kind}`)}  ${finding.message}`);
    for (const record of finding.witness.slice(0, WITNESSES_SHOWN)) lines.push(`  ${renderRecord(paint, record)}`);
    const more = finding.witness.length - WITNESSES_SHOWN;
    if (more > 0) lines.push(`  … and ${more} more records`);
  }
  const more = verdict.findings.length - FINDINGS_SHOWN;
  if (more > 0) lines.push("", `… and ${renderCount(more)} more findings, all of them in verdict.json`);
  for (const unknown of verdict.unknowns) lines.push(`${paint.yellow("cannot tell")}  ${unknown}`);
  return `${lines.join("\n")}\n`;
}

/** `   1.250 s  deliver  device=b cursor=3 …`: long hex values keep their first digits. */
export function renderRecord(paint: Paint, record: HistoryRecord): string {
  const { type, at, ...fields } = JSON.parse(encodeHistoryRecord(record)) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${renderValue(value)}`);
  return `${paint.dim(`${(Number(at) / 1000).toFixed(3).padStart(9)} s`)}  ${String(type)}  ${rest.join(" ")}`;
}

function renderValue(value: unknown): string {
  if (typeof value === "string" && value.length > LONG_HEX && /^[0-9a-f]+$/.test(value)) return `${value.slice(0, 8)}…`;
  if (typeof value === "string") return /[\s=]/.test(value) ? JSON.stringify(value) : value;
  const text = JSON.stringify(value) ?? "";
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
