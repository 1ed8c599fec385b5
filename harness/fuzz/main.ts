/**
 * `node dist/harness/fuzz/main.js --inputs 1000000 --seed 1 [--target NAME]`: so many inputs in all, shared among the
 * targets. Prints one line for each target and each finding; ends with 1 when there was one. The targets run in a
 * thread of their own, so that one that never comes back is a finding too, with the input that did it.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { encodeHex } from "../../core/bytes.ts";
import { EXIT } from "../cli/exit-code.ts";
import { fuzzTarget, makeInput, TARGETS, type TargetReport } from "./fuzz.ts";

/** Far longer than any one input may take. */
const HANG_MS = 20_000;
/** What the whole process may have grown by, garbage included. */
const GROWTH_BYTES_MAX = 512 * 1024 * 1024;

interface Task {
  readonly names: readonly string[];
  readonly seed: number;
  readonly inputs: number;
  /** Number of the target, and of its input, that the thread is at. */
  readonly at: Int32Array;
}

function work({ names, seed, inputs, at }: Task): void {
  for (const [number, name] of names.entries()) {
    const target = TARGETS.find((each) => each.name === name)!;
    Atomics.store(at, 0, number);
    const startedMs = performance.now();
    const report = fuzzTarget(target, seed, inputs, (index) => Atomics.store(at, 1, index));
    parentPort!.postMessage({ report, ms: performance.now() - startedMs });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function parseTask(): Task | string {
  const options = { inputs: { type: "string" }, seed: { type: "string" }, target: { type: "string" } } as const;
  let values: { inputs?: string; seed?: string; target?: string };
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    return (error as Error).message;
  }
  const total = Number(values.inputs ?? 100_000);
  const seed = Number(values.seed ?? 1);
  if (!Number.isSafeInteger(total) || total < 1) return "--inputs takes a whole number from 1.";
  if (!Number.isSafeInteger(seed) || seed < 0) return "--seed takes a whole number from 0.";
  const all = TARGETS.map(({ name }) => name);
  const names = values.target === undefined ? all : all.filter((name) => name === values.target);
  if (names.length === 0) return `There is no target ${values.target}: take ${all.join(", ")}.`;
  const at = new Int32Array(new SharedArrayBuffer(8));
  return { names, seed, inputs: Math.ceil(total / names.length), at };
}

async function run(task: Task): Promise<number> {
  const before = process.memoryUsage().rss;
  const worker = new Worker(new URL(import.meta.url), { workerData: task });
  let found = 0;
  let inputs = 0;
  const startedMs = performance.now();
  const isDone = await new Promise<boolean>((resolve) => {
    let last = "";
    const watchdog = setInterval(() => {
      const place = task.at.join("/");
      if (place === last) resolve(false);
      last = place;
    }, HANG_MS);
    worker.on("message", ({ report, ms }: { report: TargetReport; ms: number }) => {
      inputs += report.inputs;
      found += report.findings.length;
      say(`${report.target}: ${report.inputs} inputs, ${report.taken} taken, ${(ms / 1000).toFixed(1)} s`);
      for (const { index, what, inputHex } of report.findings) say(`  finding at ${index}: ${what}\n    ${inputHex}`);
    });
    worker.on("error", (error) => {
      say(`The thread ended: ${error.message}`);
      resolve(false);
    });
    worker.on("exit", () => {
      clearInterval(watchdog);
      resolve(true);
    });
  });
  if (!isDone) {
    const [number = 0, index = 0] = task.at;
    const target = TARGETS.find(({ name }) => name === task.names[number])!;
    say(`${target.name}: no answer at ${index}\n    ${encodeHex(makeInput(task.seed, target, index))}`);
    await worker.terminate();
    return EXIT.invalid;
  }
  const growth = process.memoryUsage().rss - before;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  say(
    `${inputs} inputs, seed ${task.seed}, ${found} findings, ${seconds} s, memory +${Math.round(growth / 2 ** 20)} MiB`,
  );
  return found > 0 || growth > GROWTH_BYTES_MAX ? EXIT.invalid : EXIT.valid;
}

if (isMainThread) {
  const task = parseTask();
  if (typeof task === "string") process.stderr.write(`fuzz: ${task}\n`);
  process.exitCode = typeof task === "string" ? EXIT.usage : await run(task);
} else {
  work(workerData as Task);
}
