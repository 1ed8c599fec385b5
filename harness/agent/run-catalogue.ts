/**
 * `node dist/harness/agent/run-catalogue.js [--seeds 3] [--jobs 3] [--keep FOLDER] [ids…]`: the catalogue on this build's
 * own relay and agents as local processes, and one line for each run. Ends with 0 when every run is valid and nothing in
 * it was unsupported.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runOn } from "../../chaos/run-on.ts";
import { measureLag, type FaultTime } from "../../chaos/world/fault-times.ts";
import type { RunError, WorldRun } from "../../chaos/world/run-world.ts";
import type { Result } from "../../core/result.ts";
import { encodeHistoryRecord } from "../../scenarios/history-json.ts";
import { catalogue } from "../../scenarios/registry.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import { EXIT, type ExitCode } from "../cli/exit-code.ts";

/** This build's command line, from its compiled code. */
const ZEROK = fileURLToPath(new URL("../../../harness/zerok.mjs", import.meta.url));

async function runCatalogue(): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    options: {
      seeds: { type: "string", default: "3" },
      jobs: { type: "string", default: String(availableParallelism() + 1) },
      keep: { type: "string" },
    },
    allowPositionals: true,
  });
  const wanted = catalogue.filter(
    ({ id, backends, plan }) =>
      plan !== undefined && backends.includes("local") && (positionals.length === 0 || positionals.includes(id)),
  );
  const queue = wanted.flatMap((scenario) =>
    Array.from({ length: Number(values.seeds) }, (_, i) => ({ scenario, seed: `0x${(i + 1).toString(16)}` })),
  );
  const times: FaultTime[] = [];
  let exit: ExitCode = queue.length === 0 ? EXIT.usage : EXIT.valid;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const run = await runOne(next.scenario, next.seed, values.keep);
      process.stdout.write(`${describeRun(next.scenario.id, next.seed, run)}\n`);
      if (run.ok) times.push(...run.value.faults);
      const isWell = run.ok && run.value.verdict.verdict === "valid";
      if (!isWell && exit === EXIT.valid) exit = run.ok ? EXIT[run.value.verdict.verdict] : EXIT.machineCannot;
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  for (const { step, fault, plannedMs, issuedMs, inPlaceMs = Number.NaN } of times.toSorted(byLag).slice(0, LATEST)) {
    const [asked, seen] = [issuedMs - plannedMs, inPlaceMs - issuedMs].map((ms) => ms.toFixed(1));
    process.stdout.write(
      `late: step ${step} (${fault}): issued ${asked} ms after its time, seen ${seen} ms after that\n`,
    );
  }
  process.stdout.write(`faults in place after their time, all runs: ${JSON.stringify(measureLag(times) ?? {})}\n`);
  return exit;
}

const LATEST = 10;

function byLag(a: FaultTime, b: FaultTime): number {
  return (b.inPlaceMs ?? 0) - b.plannedMs - ((a.inPlaceMs ?? 0) - a.plannedMs);
}

async function runOne(scenario: Scenario, seed: string, keep: string | undefined): Promise<Result<WorldRun, RunError>> {
  const home = mkdtempSync(join(tmpdir(), "zerok-catalogue-"));
  try {
    return await runOn(scenario.plan!(seed), {
      backend: "local",
      relayCommand: [process.execPath, ZEROK, "relay"],
      agentCommand: [process.execPath, ZEROK, "agent"],
      folder: join(home, "run"),
      onEnd(folder, run, links) {
        if (keep === undefined || (run?.verdict.verdict === "valid" && !run.verdict.idle)) return;
        const to = join(keep, `${scenario.id}-${seed}`);
        mkdirSync(to, { recursive: true });
        cpSync(folder, to, { recursive: true });
        writeFileSync(join(to, "links.json"), links);
        if (run === undefined) return;
        const seen = run.history.filter(({ type }) => type !== "relay-view");
        writeFileSync(join(to, "history.jsonl"), `${seen.map(encodeHistoryRecord).join("\n")}\n`);
        writeFileSync(join(to, "plan.json"), JSON.stringify(run.plan, undefined, 1));
        writeFileSync(join(to, "verdict.json"), JSON.stringify({ ...run, history: [], plan: {} }, undefined, 1));
      },
    });
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function describeRun(id: string, seed: string, run: Result<WorldRun, RunError>): string {
  if (!run.ok) return `${id} ${seed} could not run: ${"message" in run.error ? run.error.message : run.error.type}`;
  const { verdict, lag, fidelity, history } = run.value;
  const seconds = Math.round(history.at(-1)?.at ?? 0) / 1000;
  const why = [...verdict.findings.map(({ checker, message }) => `${checker}: ${message}`), ...verdict.unknowns];
  const words = [
    ...[id, seed, verdict.idle ? `${verdict.verdict} (idle)` : verdict.verdict, `${seconds.toFixed(1)} s`],
    lag === undefined ? "no faults" : `${lag.faults} faults, p99 ${lag.p99Ms} ms`,
    ...(fidelity.length > 0 ? [`${fidelity.length} ${[...new Set(fidelity.map(({ how }) => how))].join(", ")}`] : []),
  ];
  return [words.join("  "), ...why.map((each) => `    ${each}`)].join("\n");
}

process.exitCode = await runCatalogue();
