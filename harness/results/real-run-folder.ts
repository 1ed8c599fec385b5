/**
 * A run on real processes or containers on disk, beside those of the simulator: `<out>/<scenario>/<utc>-<seed>-<on>/` with
 * its capsule, history, verdict, the times of its faults, the hosts' logs, and what the proxies knew. The capsule has the
 * plan as it was given, so that it replays anywhere.
 */
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import process from "node:process";
import type { WorldRun } from "../../chaos/world/run-world.ts";
import { encodeHistoryRecord } from "../../scenarios/history-json.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { replayOn, type Programs } from "../chaos/build-on.ts";
import { CAPSULE_FORMAT, encodeCapsule, type Capsule } from "./capsule.ts";
import { readCodeVersion } from "./code-version.ts";
import { renderJunit } from "./junit.ts";
import { notWritten, settle, utcName } from "./run-folder.ts";

/** Of one log: more than that nobody reads. */
const LOG_BYTES_MAX = 32 * 1024 * 1024;
const KEPT: ReadonlySet<string> = new Set([".log", ".pcap", ".toml"]);

/** Keeps what is in a run's own folder before that goes. Returns where it is kept until the run is written. */
export function keepLogs(runFolder: string, links: string, at: string): void {
  mkdirSync(at, { recursive: true });
  for (const path of readdirSync(runFolder, { recursive: true, encoding: "utf8" })) {
    const from = join(runFolder, path);
    if (!KEPT.has(extname(path))) continue;
    const { size } = statSync(from, { throwIfNoEntry: false }) ?? { size: LOG_BYTES_MAX + 1 };
    if (size > LOG_BYTES_MAX) continue;
    cpSync(from, join(at, relative(".", path).replaceAll(sep, "-")));
  }
  if (links !== "") writeFileSync(join(at, "proxies.txt"), links);
}

/** Returns the path of the folder. Throws `NotWritten`. */
export function writeRealRunFolder(
  out: string,
  programs: Pick<Programs, "backend" | "build">,
  plan: Plan,
  run: WorldRun,
  logs: string,
  at = new Date(),
): string {
  const home = join(out, plan.scenario);
  const draft = join(home, `.writing-${process.pid}-${plan.seed}`);
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    return writeDraft(
      out,
      draft,
      join(home, `${utcName(at)}-${plan.seed}-${programs.backend}`),
      programs,
      plan,
      run,
      logs,
    );
  } catch (error) {
    throw notWritten(home, draft, error);
  }
}

function writeDraft(
  out: string,
  draft: string,
  wanted: string,
  programs: Pick<Programs, "backend" | "build">,
  plan: Plan,
  run: WorldRun,
  logs: string,
): string {
  const { verdict, history, faults, lag, fidelity, blindSpots } = run;
  const lastMs = history.at(-1)?.at ?? 0;
  const capsule: Omit<Capsule, "replay"> = {
    format: CAPSULE_FORMAT,
    scenario: plan.scenario,
    seed: plan.seed,
    backend: programs.backend,
    suite: "toy",
    verdict: verdict.verdict,
    idle: verdict.idle,
    findings: verdict.findings.map(({ checker, kind, message }) => ({ checker, kind, message })),
    unknowns: verdict.unknowns,
    traceHash: null,
    shapeHash: null,
    events: history.length,
    simulatedMs: Math.round(lastMs),
    ...readCodeVersion(),
    node: process.versions.node,
    plan,
  };
  const witnessed = verdict.findings.map((finding) => ({
    ...finding,
    witness: finding.witness.map((record) => JSON.parse(encodeHistoryRecord(record)) as unknown),
  }));
  const write = (name: string, text: string): void => writeFileSync(join(draft, name), text);
  const pretty = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  write("history.jsonl", history.map((record) => `${encodeHistoryRecord(record)}\n`).join(""));
  write("verdict.json", pretty({ ...verdict, findings: witnessed }));
  write("faults.json", pretty({ lag: lag ?? null, faults, fidelity, blindSpots }));
  write("junit.xml", renderJunit({ scenario: plan.scenario, seed: plan.seed, verdict, simulatedMs: lastMs }));
  cpSync(logs, join(draft, "logs"), { recursive: true });
  return settle(out, draft, wanted, (folder) =>
    write("capsule.json", encodeCapsule({ ...capsule, replay: replayOn(folder, programs) })),
  );
}
