/**
 * A kill storm (`scenarios/kill-storm.ts`) on this build's own relay and agents: what done-line 2 of the reference
 * implementation asks for, with the figures that tell how much it proved.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runOn } from "../../chaos/run-on.ts";
import type { RunError } from "../../chaos/world/run-world.ts";
import { ok, type Result } from "../../core/result.ts";
import { createDraw } from "../../scenarios/draw.ts";
import type { History, PhaseRecord } from "../../scenarios/history.ts";
import { planDeviceStorm, planRelayStorm } from "../../scenarios/kill-storm.ts";
import type { Verdict } from "../../scenarios/verdict.ts";

export type StormKind = "relay" | "device";

export interface StormFigures {
  readonly kind: StormKind;
  readonly seed: string;
  /** Kills that were seen to have ended their process. */
  readonly kills: number;
  /** Pushes by what became of them; those that are open end `info`. */
  readonly pushes: number;
  readonly acknowledged: number;
  readonly failed: number;
  /** Blobs in the inboxes of all devices. */
  readonly delivered: number;
  readonly records: number;
  readonly seconds: number;
}

export interface StormRun {
  readonly figures: StormFigures;
  readonly verdict: Verdict;
  readonly blindSpots: readonly string[];
  readonly history: History;
}

export interface StormOptions {
  readonly kind: StormKind;
  readonly kills: number;
  readonly seed: string;
  readonly signal?: AbortSignal;
  readonly onPhase?: (phase: PhaseRecord["phase"]) => void;
}

/** This build's command line, from its source and from its compiled code alike. */
const ZEROK = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../zerok.mjs" : "../../../harness/zerok.mjs", import.meta.url),
);

export async function runStorm(options: StormOptions): Promise<Result<StormRun, RunError>> {
  const { kind, kills, seed, signal, onPhase } = options;
  const draw = createDraw(seed, `kill-storm/${kind}`);
  const { plan, moments } = kind === "relay" ? planRelayStorm(draw, kills) : planDeviceStorm(draw, kills);
  const folder = mkdtempSync(join(tmpdir(), "zerok-storm-"));
  const startedMs = performance.now();
  try {
    const run = await runOn(plan, {
      backend: "local",
      relayCommand: [process.execPath, ZEROK, "relay"],
      agentCommand: [process.execPath, ZEROK, "agent"],
      folder,
      moments,
      ...(signal === undefined ? {} : { signal }),
      ...(onPhase === undefined ? {} : { onPhase }),
    });
    if (!run.ok) return run;
    const { history, verdict, blindSpots } = run.value;
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    return ok({ figures: { kind, seed, ...countIn(history), seconds }, verdict, blindSpots, history });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function countIn(history: History): Omit<StormFigures, "kind" | "seed" | "seconds"> {
  let pushes = 0;
  let failed = 0;
  let delivered = 0;
  let kills = 0;
  const acknowledged = new Set<string>();
  for (const record of history) {
    if (record.type === "op" && record.f === "push") {
      if (record.outcome === "invoke") pushes += 1;
      else if (record.outcome === "fail") failed += 1;
    } else if (record.type === "ack") acknowledged.add(record.blob);
    else if (record.type === "deliver") delivered += 1;
    else if (record.type === "fault" && record.stage === "observed") kills += 1;
  }
  return { kills, pushes, acknowledged: acknowledged.size, failed, delivered, records: history.length };
}
