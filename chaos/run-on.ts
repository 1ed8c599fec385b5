/** The one way in: a plan, a backend by name, and what starts a relay and an agent there. Called by the CLI. */
import type { Result } from "../core/result.ts";
import type { Plan } from "../scenarios/plan.ts";
import { LocalBackend, type LocalCommands } from "./local/local-backend.ts";
import { runWorld, type RunError, type WorldRun, type WorldRunOptions } from "./world/run-world.ts";

export interface RunOnOptions extends WorldRunOptions, LocalCommands {
  readonly backend: "local";
}

export function runOn(plan: Plan, options: RunOnOptions): Promise<Result<WorldRun, RunError>> {
  return runWorld(plan, new LocalBackend(options), options);
}
