/** What a worker loads: it makes its world once and then does tasks. A second process first gets another heap layout. */
import process from "node:process";
import { tuneEngine } from "./engine.ts";
import { SeedRunner } from "./seed-runner.ts";
import { CATALOGUE, createSimulatedWorld } from "./simulated-world.ts";
import type { Answers, Task } from "./task.ts";

tuneEngine();
const runner = new SeedRunner(createSimulatedWorld(), CATALOGUE);
const isSecondProcess = process.send !== undefined;
let ballast: readonly unknown[] = [];

export default function perform(task: Task): Answers[Task["job"]] {
  if (isSecondProcess) ballast = createLitter(ballast.length);
  return runner.perform(task);
}

/** Objects of many shapes and sizes, other ones at each call, so that nothing lies where it lay in the first run. */
function createLitter(salt: number): readonly unknown[] {
  const count = 1_000 + ((salt * 7_919) % 5_000);
  return Array.from({ length: count }, (_, i) =>
    i % 3 === 0 ? new Uint8Array(i % 257) : { [`k${i % 97}`]: [i, salt] },
  );
}
