/** A run that was shrunk: what it was, what is left, and where that stands. Made by `zerok shrink` and after a sweep. */
import type { Plan } from "../../scenarios/plan.ts";
import { tellStory } from "../../scenarios/story.ts";
import { writeRunFolder } from "../results/run-folder.ts";
import type { Shelf } from "../results/shelf.ts";
import { shrinkPlan, type ShrinkResult, type ShrinkTarget } from "../shrink/shrink.ts";
import type { SeedRun } from "../sweep/seed-runner.ts";
import type { Suite } from "../sweep/sim-world.ts";
import { renderDuration, renderMany } from "./figures.ts";
import type { Paint } from "./paint.ts";
import type { Services } from "./services.ts";
import { shownPath } from "./short-path.ts";
import { renderStory } from "./story-text.ts";

export interface ShrunkRun {
  readonly target: ShrinkTarget;
  readonly before: Plan;
  readonly after: SeedRun;
  readonly result: ShrinkResult;
  readonly tookMs: number;
  /** None when it could not be written. */
  readonly folder: string | undefined;
}

/** What anybody waits for. */
export const SHRINK_MS = 30_000;

export function shrinkToFolder(
  services: Services,
  plan: Plan,
  target: ShrinkTarget,
  { suite, withinMs, shelf }: { readonly suite: Suite; readonly withinMs: number; readonly shelf: Shelf },
): ShrunkRun {
  const startedMs = Date.now();
  const result = shrinkPlan(services.createWorld(), plan, target, { suite, withinMs, now: Date.now });
  if (result === undefined) throw new Error(`${target.checker}/${target.kind} was found, and then was not`);
  const after = services.createRunner().runPlan(result.plan, { suite });
  const folder = shelf.put((out) => writeRunFolder(out, after, suite));
  return { target, before: plan, after, result, tookMs: Date.now() - startedMs, folder };
}

export function renderShrunk(paint: Paint, shrunk: ShrunkRun, isQuiet: boolean): string {
  const { target, before, after, result, tookMs, folder } = shrunk;
  const took = `${renderMany(result.runs, "run")} in ${renderDuration(tookMs)}`;
  const lines = [
    `${paint.bold(`${target.checker}/${target.kind}`)}  ${before.scenario} ${before.seed}`,
    `${renderSize(before)} → ${renderSize(after.plan)}, ${took}`,
  ];
  if (!result.isMinimal) lines.push(`${paint.yellow("not minimal")}: the time was over; more of it: --time 5m`);
  lines.push("", renderStory(tellStory(after.plan, after.run.history, after.verdict), paint));
  if (!isQuiet && folder !== undefined) lines.push(`See it again: npx zerok replay ${shownPath(folder)}`, "");
  return lines.join("\n");
}

export function shrunkToJson({ target, before, after, result, tookMs, folder }: ShrunkRun): object {
  const { runs, isMinimal, plan } = result;
  const { verdict } = after.verdict;
  return {
    verdict,
    target,
    before: sizeOf(before),
    after: sizeOf(plan),
    runs,
    isMinimal,
    tookMs,
    run: folder ?? null,
    plan,
  };
}

function sizeOf({ topology, steps, choices }: Plan): object {
  const { relays, devices } = topology;
  return { relays: relays.length, devices: devices.length, steps: steps.length, choices: choices?.length ?? null };
}

function renderSize({ topology, steps }: Plan): string {
  const count = (many: readonly unknown[], what: string): string =>
    `${many.length} ${what}${many.length === 1 ? "" : "s"}`;
  return `${count(topology.relays, "relay")}, ${count(topology.devices, "device")}, ${count(steps, "step")}`;
}
