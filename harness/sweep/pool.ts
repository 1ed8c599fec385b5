/** Workers that do tasks: threads for a sweep, child processes for the second run of `--twice`. */
import { Tinypool } from "tinypool";
import { EXIT } from "../cli/exit-code.ts";
import { UserError } from "../user-error.ts";
import { SeedRunner } from "./seed-runner.ts";
import type { Catalogue, SimWorld } from "./sim-world.ts";
import type { Answers, Task } from "./task.ts";

export interface Pool {
  /** Tasks done at the same time. */
  readonly size: number;
  perform<J extends Task["job"]>(task: Extract<Task, { job: J }>): Promise<Answers[J]>;
  close(): Promise<void>;
}

export type PoolKind = "threads" | "processes";

/** Workers load compiled JavaScript: this works from `dist/` only. */
export function createWorkerPool(kind: PoolKind, size: number): Pool {
  const pool = new Tinypool({
    filename: new URL("./worker.js", import.meta.url).href,
    runtime: kind === "threads" ? "worker_threads" : "child_process",
    minThreads: size,
    maxThreads: size,
    serialization: "advanced",
  });
  return {
    size,
    perform: (task) =>
      pool.run(task).catch((error: unknown) => {
        throw isEnded(error) ? new UserError(ENDED, EXIT.machineCannot) : error;
      }),
    close: () => pool.destroy(),
  };
}

const ENDED =
  "A process that repeats runs was ended from outside, perhaps because memory was short: the sweep has no verdict; --jobs 2 needs less.";

/** What the library says when a worker is gone and nobody asked it to go. */
function isEnded(error: unknown): boolean {
  return error instanceof Error && error.message === "Worker exited unexpectedly";
}

/** Does tasks in this very process: for a single run, and for tests. */
export function createInlinePool(world: SimWorld, catalogue: Catalogue): Pool {
  const runner = new SeedRunner(world, catalogue);
  return {
    size: 1,
    perform: async (task) => runner.perform(task),
    close: async () => {},
  };
}
