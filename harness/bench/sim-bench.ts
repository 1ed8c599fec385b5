/**
 * How fast the simulator is, as two ratios: its rate of events to that of the bare loop, and the time of a run to the
 * time of the codec, the toy cryptography and the hash of its very frames. Absolute figures are printed beside them.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { seedAfter } from "../../scenarios/draw.ts";
import { createJudge } from "../../scenarios/judge.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { findScenario } from "../../scenarios/registry.ts";
import { Simulator } from "../../sim/simulator.ts";
import { PENDING, runBareLoop, runKernelQueue } from "./bare-loop.ts";
import { recordWork, redoCodec, redoCrypto, redoHash } from "./recorded-work.ts";
import { median, perRound, timeRounds } from "./rounds.ts";

export const SCENARIO = "S-CONV-04";
/** At least this share of the bare loop's rate. */
export const RATE_TARGET = 1 / 40;
/** At most so many times what the frames cost alone. */
export const FRAMES_TARGET = 3;

const SEEDS_PER_ROUND = 24;
const LOOPS_PER_ROUND = 400_000;

export interface Ratio {
  readonly median: number;
  readonly target: number;
  readonly isMet: boolean;
  readonly rounds: readonly number[];
}

export interface SimBench {
  readonly scenario: string;
  readonly rounds: number;
  readonly eventsPerSecond: number;
  readonly seedsPerSecond: number;
  readonly simulatedSecondsPerSecond: number;
  readonly eventsPerSimulatedSecond: number;
  readonly bareLoopPerSecond: number;
  readonly kernelQueuePerSecond: number;
  readonly pending: number;
  /** Rate of events to rate of the bare loop. */
  readonly rateToBareLoop: Ratio;
  /** The kernel's queue to the bare loop. */
  readonly queueToBareLoop: Ratio;
  /** Time of a run to time of its frames alone. */
  readonly runToFrames: Ratio;
  /** Of the time of a run; `machines` is what the others leave. */
  readonly shares: Readonly<Record<"queue" | "codec" | "crypto" | "hash" | "checking" | "machines", number>>;
  readonly machine: { readonly node: string; readonly cores: number; readonly platform: string };
}

export function benchSim(rounds: number, onRound: (round: number) => void): SimBench {
  const scenario = findScenario(SCENARIO)!;
  const plans: Plan[] = Array.from({ length: SEEDS_PER_ROUND }, (_, i) => scenario.plan!(seedAfter("0x1", i)));
  const simulator = new Simulator();
  const judge = createJudge();
  const runs = plans.map((plan) => simulator.run(plan));
  const work = recordWork(plans);
  let events = 0;
  let simulatedMs = 0;
  for (const run of runs) {
    events += run.events;
    simulatedMs += run.simulatedMs;
  }

  const timings = timeRounds(
    {
      bareLoop: () => runBareLoop(LOOPS_PER_ROUND),
      kernelQueue: () => runKernelQueue(LOOPS_PER_ROUND),
      // As a sweep does it: the plan is drawn, run and judged, its hash is taken.
      whole: () => {
        for (const { seed } of plans) {
          const plan = scenario.plan!(seed);
          const run = simulator.run(plan);
          if (judge(plan, run.history).verdict !== "valid") throw new Error(`${SCENARIO} ${seed} is not valid`);
        }
      },
      codec: () => redoCodec(work),
      crypto: () => redoCrypto(work),
      hash: () => redoHash(work),
      checking: () => plans.forEach((plan, i) => judge(plan, runs[i]!.history)),
    },
    rounds,
    onRound,
  );

  const perSecond = (count: number, ms: readonly number[]): number => (1000 * count) / median(ms);
  const share = (of: (ms: Record<keyof typeof timings, number>) => number): number =>
    median(perRound(timings, (ms) => of(ms) / ms.whole));
  const queueMs = (ms: Record<keyof typeof timings, number>): number => (ms.kernelQueue / LOOPS_PER_ROUND) * events;
  const shares = {
    queue: share(queueMs),
    codec: share((ms) => ms.codec),
    crypto: share((ms) => ms.crypto),
    hash: share((ms) => ms.hash),
    checking: share((ms) => ms.checking),
    machines: share((ms) => ms.whole - queueMs(ms) - ms.codec - ms.crypto - ms.hash - ms.checking),
  };
  const rate = perRound(timings, (ms) => events / ms.whole / (LOOPS_PER_ROUND / ms.bareLoop));
  const queue = perRound(timings, (ms) => ms.bareLoop / ms.kernelQueue);
  const frames = perRound(timings, (ms) => ms.whole / (ms.codec + ms.crypto + ms.hash));
  return {
    scenario: SCENARIO,
    rounds,
    eventsPerSecond: perSecond(events, timings.whole),
    seedsPerSecond: perSecond(plans.length, timings.whole),
    simulatedSecondsPerSecond: perSecond(simulatedMs / 1000, timings.whole),
    eventsPerSimulatedSecond: events / (simulatedMs / 1000),
    bareLoopPerSecond: perSecond(LOOPS_PER_ROUND, timings.bareLoop),
    kernelQueuePerSecond: perSecond(LOOPS_PER_ROUND, timings.kernelQueue),
    pending: PENDING,
    rateToBareLoop: ratio(rate, RATE_TARGET, (value) => value >= RATE_TARGET),
    queueToBareLoop: ratio(queue, 1, (value) => value >= 1),
    runToFrames: ratio(frames, FRAMES_TARGET, (value) => value <= FRAMES_TARGET),
    shares,
    machine: {
      node: process.versions.node,
      cores: availableParallelism(),
      platform: `${process.platform} ${process.arch}`,
    },
  };
}

function ratio(rounds: readonly number[], target: number, isMet: (value: number) => boolean): Ratio {
  const value = median(rounds);
  return { median: value, target, isMet: isMet(value), rounds };
}
