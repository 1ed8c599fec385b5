/**
 * The one way in: a plan, a backend by name, and what starts a relay and an agent there. What a backend needs is loaded
 * when it is chosen. Called by the CLI.
 */
import { fail, type Result } from "../core/result.ts";
import type { Plan } from "../scenarios/plan.ts";
import { LocalBackend, type LocalCommands } from "./local/local-backend.ts";
import type { OpenDockerOptions } from "./docker/open-docker.ts";
import { runWorld, type RunError, type WorldRun, type WorldRunOptions } from "./world/run-world.ts";

export type RunOnOptions = WorldRunOptions &
  (({ readonly backend: "local" } & LocalCommands) | ({ readonly backend: "docker" } & OpenDockerOptions));

export async function runOn(plan: Plan, options: RunOnOptions): Promise<Result<WorldRun, RunError>> {
  if (options.backend === "local") return runWorld(plan, new LocalBackend(options), options);
  const { openDockerBackend } = await import("./docker/open-docker.ts");
  const opened = await openDockerBackend(options);
  if (!opened.ok) return fail({ type: "EnvironmentError", message: opened.error.message });
  return runWorld(plan, opened.value, options);
}
