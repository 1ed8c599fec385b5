/**
 * `zerok chaos`: the scenarios of the catalogue in the real world, one after the other, on processes or on containers.
 * Each run leaves a folder; the table says what was done only approximately, and how late the faults were.
 */
import { seedAfter } from "../../scenarios/draw.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import { heal } from "../../chaos/world/heal.ts";
import type { RunError } from "../../chaos/world/run-world.ts";
import { programsFor, replayOn, type Programs, type RealBackend } from "../chaos/build-on.ts";
import { runReal, type RealRun } from "../chaos/real-run.ts";
import { assertWritableOut } from "../results/run-folder.ts";
import { Shelf } from "../results/shelf.ts";
import { UserError } from "../user-error.ts";
import { chooseBuilt } from "./choose-scenarios.ts";
import { EXIT, exitCodeOf, type ExitCode } from "./exit-code.ts";
import { renderDuration } from "./figures.ts";
import type { Io } from "./io.ts";
import { laterOption } from "./later.ts";
import * as values from "./option-values.ts";
import { createPaint, paintVerdict, type Paint } from "./paint.ts";
import { assertRealTime } from "./real-time.ts";
import type { Services } from "./services.ts";
import { shortPath } from "./short-path.ts";
import { renderTable } from "./table.ts";
import { withInterrupt } from "./with-interrupt.ts";

export interface ChaosArguments {
  readonly ids: readonly string[];
  readonly on: string;
  readonly seed: string | undefined;
  readonly repeat: string | undefined;
  readonly jobs: string | undefined;
  readonly build: string | undefined;
  readonly heal: boolean;
  readonly out: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

type Verdict = RealRun["run"]["verdict"]["verdict"];

interface Done {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly real: RealRun;
}

const FIRST_SEED = "0x1";

export async function runChaosCommand(args: ChaosArguments, io: Io, services: Services): Promise<ExitCode> {
  const on = parseOn(args.on);
  if (args.heal) return healAll(on, args, io);
  const chosen = chooseFor(on, args, services);
  const seeds = args.repeat === undefined ? 1 : values.parseCountOption("repeat", args.repeat, 1, 10_000);
  const first = args.seed === undefined ? FIRST_SEED : values.parseSeedOption(args.seed);
  assertWritableOut(args.out);
  const shelf = new Shelf(args.out);
  const programs = await programsFor(on, args.build);
  const paint = createPaint(io.hasColor);
  const say = (text: string): void => {
    if (!args.json && !args.quiet) io.err(text);
  };

  const done: Done[] = [];
  const jobs = args.jobs === undefined ? 1 : values.parseCountOption("jobs", args.jobs, 1, 64);
  const queue = chosen.flatMap((scenario) =>
    Array.from({ length: seeds }, (_, i) => ({ scenario, seed: seedAfter(first, i) })),
  );
  const total = queue.length;
  // Before the first of them: what is asked for wrongly is not found out after an hour.
  for (const { scenario, seed } of queue) assertRealTime(scenario.plan!(seed));
  const failed = await withInterrupt(async (signal) => {
    let error: RunError | undefined;
    async function lane(): Promise<void> {
      for (let next = queue.shift(); next !== undefined && error === undefined; next = queue.shift()) {
        const { scenario, seed } = next;
        const plan = scenario.plan!(seed);
        if (jobs === 1) say(`${scenario.id} ${seed} on ${on} `);
        const onPhase = (phase: string): void => (jobs === 1 ? say(`· ${phase} `) : undefined);
        const real = await runReal(plan, { programs, shelf, signal, onPhase });
        if (!real.ok) {
          error ??= real.error;
          return say("\n");
        }
        done.push({ scenario, seed, real: real.value });
        const { verdict } = real.value.run.verdict;
        say(jobs === 1 ? "\n" : `${done.length} of ${total}  ${scenario.id} ${seed} on ${on}: ${verdict}\n`);
      }
    }
    // All lanes clean up before the fault of one is told.
    const ends = await Promise.allSettled(
      Array.from({ length: jobs }, () =>
        lane().catch((cause: unknown) => {
          queue.length = 0;
          throw cause;
        }),
      ),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return error;
  });
  done.sort(
    (x, y) =>
      chosen.indexOf(x.scenario) - chosen.indexOf(y.scenario) ||
      x.seed.length - y.seed.length ||
      (x.seed < y.seed ? -1 : 1),
  );
  if (args.json) io.out(`${JSON.stringify(toJson(on, done, failed), undefined, 2)}\n`);
  else print(programs, done, args, io, paint);
  if (failed !== undefined) {
    if (failed.type === "Interrupted")
      throw new UserError("Interrupted: what the run had made was taken away.", EXIT.unknown);
    throw new UserError(failed.message, EXIT.machineCannot);
  }
  return shelf.end(io, exitCodeOf(worst(done)));
}

export function parseOn(text: string): RealBackend {
  if (text === "local" || text === "docker") return text;
  const hint = text === "sim" ? " The simulator is `zerok sim`." : "";
  if (text === "live") throw laterOption("--on live");
  throw new UserError(`"${text}" does not fit --on: it takes local or docker.${hint}`);
}

/** Those named; without any, all whose row asks for this backend. */
function chooseFor(on: RealBackend, args: ChaosArguments, services: Services): readonly Scenario[] {
  const named = chooseBuilt(services.catalogue, args.ids);
  if (args.ids.length === 0) return named.filter(({ backends }) => backends.includes(on));
  for (const { id, backends } of named) {
    if (backends.includes(on)) continue;
    throw new UserError(`${id} is not for ${on}: its row in the catalogue says ${backends.join(", ")}.`);
  }
  return named;
}

async function healAll(on: RealBackend, args: ChaosArguments, io: Io): Promise<ExitCode> {
  const { removeLabel } = await import("../../chaos/docker/open-docker.ts");
  const healings = await heal(on === "docker" ? { removeLabel } : {});
  const left = healings.flatMap((healing) => healing.left);
  if (args.json) io.out(`${JSON.stringify({ healings }, undefined, 2)}\n`);
  else if (healings.length === 0) io.out("Nothing is left of any run that was killed.\n");
  for (const { run, undone, left: stuck } of args.json ? [] : healings) {
    const what = undone.length > 0 ? undone.join(", ") : stuck.length > 0 ? "not healed" : "nothing was left";
    io.out(`${run}: ${what}\n`);
    for (const each of stuck) io.out(`  still there: ${each}\n`);
  }
  return left.length === 0 ? EXIT.valid : EXIT.machineCannot;
}

function worst(done: readonly Done[]): Verdict {
  const verdicts = done.map(({ real }) => real.run.verdict.verdict);
  if (verdicts.includes("invalid")) return "invalid";
  return verdicts.includes("unknown") ? "unknown" : "valid";
}

function print(programs: Programs, done: readonly Done[], args: ChaosArguments, io: Io, paint: Paint): void {
  if (done.length === 0) return;
  const on = programs.backend;
  const columns = [
    { head: "scenario" },
    { head: "seed" },
    { head: "took", isNumber: true },
    { head: "faults", isNumber: true },
    { head: "late (p99)", isNumber: true },
    { head: "not exact", isNumber: true },
    { head: "verdict" },
  ];
  const rows = done.map(({ scenario, seed, real: { run, tookMs } }) => [
    scenario.id,
    seed,
    renderDuration(tookMs),
    String(run.faults.length),
    run.lag === undefined ? "–" : `${run.lag.p99Ms} ms`,
    run.fidelity.length === 0 ? "–" : String(run.fidelity.length),
    `${paintVerdict(paint, run.verdict.verdict)}${run.verdict.idle ? " (idle)" : ""}`,
  ]);
  if (!args.quiet) io.out(`${renderTable(paint, columns, rows)}\n`);
  for (const { scenario, seed, real } of done) {
    const { verdict, fidelity } = real.run;
    if (verdict.verdict === "valid") continue;
    for (const { checker, kind, message } of verdict.findings) {
      io.out(`${paint.red("invalid")} ${scenario.id} ${seed}  ${checker}/${kind}: ${message}\n`);
    }
    for (const why of verdict.unknowns) io.out(`${paint.yellow("unknown")} ${scenario.id} ${seed}  ${why}\n`);
    for (const { step, how, reason } of fidelity) io.out(`  step ${step} is ${how} on ${on}: ${reason}\n`);
    if (real.folder !== undefined) io.out(`  ${replayOn(real.folder, programs)}\n`);
  }
  const late = done.flatMap(({ real }) => real.run.faults).length;
  const p99s = done.flatMap(({ real }) => (real.run.lag === undefined ? [] : [real.run.lag.p99Ms]));
  const worstLag = p99s.length === 0 ? "" : `, ${late} faults, at most ${Math.max(...p99s)} ms late (p99 of a run)`;
  io.out(
    `${paintVerdict(paint, worst(done))}: ${done.length} ${done.length === 1 ? "run" : "runs"} on ${on}${worstLag}.\n`,
  );
  const folders = done.flatMap(({ real }) => real.folder ?? []);
  if (args.quiet || folders.length === 0) return;
  const newest = shortPath(folders.at(-1)!);
  io.out(
    `Results: ${folders.length === 1 ? newest : `${folders.length} folders below ${args.out}/, the last is ${newest}`}\n`,
  );
}

function toJson(on: RealBackend, done: readonly Done[], failed: object | undefined): object {
  return {
    verdict: failed === undefined ? worst(done) : "unknown",
    on,
    error: failed ?? null,
    runs: done.map(({ scenario, seed, real: { run, folder, tookMs } }) => ({
      scenario: scenario.id,
      seed,
      verdict: run.verdict.verdict,
      idle: run.verdict.idle,
      findings: run.verdict.findings.map(({ checker, kind, message }) => ({ checker, kind, message })),
      unknowns: run.verdict.unknowns,
      tookMs,
      lag: run.lag ?? null,
      fidelity: run.fidelity,
      run: folder ?? null,
    })),
  };
}
