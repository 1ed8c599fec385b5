/** Workers that do tasks: threads for a sweep, child processes for the second run of `--twice`. */
import { Tinypool } from "tinypool";
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
    perform: (task) => pool.run(task),
    close: () => pool.destroy(),
  };
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
