/** Whether a simulator that is used for seed after seed keeps anything: its heap after seed 1,000 and after seed 10,000. */
import { setFlagsFromString } from "node:v8";
import process from "node:process";
import { runInNewContext } from "node:vm";
import { seedAfter } from "../../scenarios/draw.ts";
import { judge } from "../../scenarios/judge.ts";
import { builtScenarios } from "../../scenarios/registry.ts";
import { Simulator } from "../../sim/simulator.ts";

export interface HeapBench {
  readonly heapAt1000: number;
  readonly heapAt10000: number;
  readonly ratio: number;
  /** Within a tenth of each other. */
  readonly isMet: boolean;
}

const SCENARIO = "S-CONV-04";
const EARLY = 1_000;
const LATE = 10_000;
const TOLERANCE = 0.1;

/** Runs and judges ten thousand seeds, all scenarios in turn: minutes. */
export function benchHeap(onSeed: (seeds: number) => void): HeapBench {
  const scenarios = builtScenarios();
  const measured = scenarios.find(({ id }) => id === SCENARIO)!;
  const simulator = new Simulator();
  let heapAt1000 = 0;
  for (let i = 1; i <= LATE; i++) {
    // What the last run left in buffers depends on its size: before a reading it is the same scenario.
    const scenario = i === EARLY || i === LATE ? measured : scenarios[i % scenarios.length]!;
    const plan = scenario.plan(seedAfter("0x0", i));
    judge(plan, simulator.run(plan).history);
    if (i === EARLY) heapAt1000 = heapUsed();
    onSeed(i);
  }
  const heapAt10000 = heapUsed();
  const ratio = heapAt10000 / heapAt1000;
  return { heapAt1000, heapAt10000, ratio, isMet: Math.abs(ratio - 1) <= TOLERANCE };
}

export function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What a first collection finalizes, a second one frees.
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage().heapUsed;
}
