/**
 * One plan on a real backend, from its start to a folder with all that was seen. Called by `zerok chaos` and by
 * `zerok replay --on`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOn } from "../../chaos/run-on.ts";
import type { RunError, WorldRun, WorldRunOptions } from "../../chaos/world/run-world.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import type { PhaseRecord } from "../../scenarios/history.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { keepLogs, writeRealRunFolder } from "../results/real-run-folder.ts";
import type { Shelf } from "../results/shelf.ts";
import type { Programs } from "./build-on.ts";

export interface RealRunOptions {
  readonly programs: Programs;
  readonly shelf: Shelf;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: PhaseRecord["phase"]) => void;
}

export interface RealRun {
  readonly run: WorldRun;
  /** None when it could not be written. */
  readonly folder: string | undefined;
  readonly tookMs: number;
}

export async function runReal(plan: Plan, options: RealRunOptions): Promise<Result<RealRun, RunError>> {
  const { programs, shelf, signal, onPhase } = options;
  const work = makeWork();
  if (!work.ok) return work;
  const logs = join(work.value, "logs");
  const startedMs = performance.now();
  try {
    const common: WorldRunOptions = {
      folder: join(work.value, "run"),
      around: work.value,
      signal,
      onPhase,
      onEnd: (folder, _run, links) => keepLogs(folder, links, logs),
    };
    const run = await runOn(plan, { ...common, ...programs });
    if (!run.ok) return run;
    const folder = shelf.put((out) => writeRealRunFolder(out, programs, plan, run.value, logs));
    return ok({ run: run.value, folder, tookMs: Math.round(performance.now() - startedMs) });
  } finally {
    rmSync(work.value, { recursive: true, force: true, maxRetries: 5 });
  }
}

function makeWork(): Result<string, RunError> {
  try {
    return ok(mkdtempSync(join(tmpdir(), "zerok-run-")));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    const message = `no folder can be made in ${tmpdir()} (${why}): let TMPDIR name one that you may write`;
    return fail({ type: "EnvironmentError", message });
  }
}
