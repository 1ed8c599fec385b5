/**
 * `node dist/harness/agent/run-storms.js [kills] [seed] [relay|device]`: both kill storms in full, fifty kills each, and
 * what came of them as one JSON document. Ends with 0 when no acknowledged blob was lost and none delivered twice.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { encodeHistoryRecord } from "../../scenarios/history-json.ts";
import { parseSeed } from "../../scenarios/draw.ts";
import { EXIT, type ExitCode } from "../cli/exit-code.ts";
import { runStorm, type StormKind } from "./storm.ts";

const KILLS = 50;

async function runStorms(words: readonly string[]): Promise<ExitCode> {
  const [killsWord = String(KILLS), seedWord = "1", only] = words;
  const kills = Number(killsWord);
  const seed = parseSeed(seedWord);
  const kinds = (["relay", "device"] as const).filter((kind) => only === undefined || kind === only);
  if (!Number.isInteger(kills) || kills < 1 || kills > 250 || seed === undefined || kinds.length === 0) {
    process.stderr.write("run-storms [kills, 1 to 250] [seed] [relay|device]\n");
    return EXIT.usage;
  }
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  process.once("SIGTERM", () => interrupt.abort());
  let exit: ExitCode = EXIT.valid;
  const results: unknown[] = [];
  for (const kind of kinds) {
    const result = await runOne(kind, kills, seed, interrupt.signal);
    results.push(result.document);
    if (result.exit !== EXIT.valid) exit = result.exit;
  }
  process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
  return exit;
}

async function runOne(
  kind: StormKind,
  kills: number,
  seed: string,
  signal: AbortSignal,
): Promise<{ readonly exit: ExitCode; readonly document: unknown }> {
  const say = (what: string): void => void process.stderr.write(`${kind} storm: ${what}\n`);
  const run = await runStorm({ kind, kills, seed, signal, onPhase: say });
  if (!run.ok) {
    say(run.error.type === "EnvironmentError" ? run.error.message : "interrupted");
    return { exit: EXIT.machineCannot, document: { kind, error: run.error } };
  }
  const { figures, verdict, blindSpots, history } = run.value;
  const kept = process.env["ZEROK_STORM_HISTORY"];
  if (kept !== undefined) {
    const seen = history.filter(({ type }) => type !== "relay-view");
    writeFileSync(`${kept}-${kind}.jsonl`, `${seen.map(encodeHistoryRecord).join("\n")}\n`);
  }
  const findings = verdict.findings.map(({ checker, kind: what, message }) => ({ checker, kind: what, message }));
  return { exit: EXIT[verdict.verdict], document: { ...figures, ...verdict, findings, blindSpots } };
}

process.exitCode = await runStorms(process.argv.slice(2));
