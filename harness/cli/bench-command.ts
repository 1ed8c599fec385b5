/** `zerok bench`: how fast it is, as ratios to what the same machine does in the same minute. */
import type { HeapBench } from "../bench/heap-bench.ts";
import type { Ratio, SimBench } from "../bench/sim-bench.ts";
import { tuneEngine } from "../sweep/engine.ts";
import { UserError } from "../user-error.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { renderCount, renderRounded } from "./figures.ts";
import type { Io } from "./io.ts";
import { laterOption } from "./later.ts";
import { parseCountOption } from "./option-values.ts";
import { createPaint, type Paint } from "./paint.ts";
import { renderTable } from "./table.ts";
import { endOnInterrupt } from "./with-interrupt.ts";

export interface BenchArguments {
  readonly part: string;
  readonly rounds: string | undefined;
  readonly heap: boolean;
  readonly idle: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

const ROUNDS_MIN = 7;
const RELAY_ROUNDS_MIN = 5;
const IDLE_SESSIONS = 10_000;
const CHECKERS_ROUNDS_MIN = 5;
const LATER_PARTS = ["report"];

/** Ends with 1 when a target is missed. */
export async function runBenchCommand(args: BenchArguments, io: Io): Promise<ExitCode> {
  if (LATER_PARTS.includes(args.part)) throw laterOption(`\`zerok bench ${args.part}\``);
  assertOptionsOf(args);
  if (args.part === "relay") return runRelayBench(args, io);
  if (args.part === "checkers") return runCheckersBench(args, io);
  if (args.part !== "sim")
    throw new UserError(`There is nothing called "${args.part}" to measure: npx zerok bench sim, relay, or checkers`);
  const rounds = args.rounds === undefined ? ROUNDS_MIN : parseCountOption("rounds", args.rounds, ROUNDS_MIN, 1000);
  // Loaded here: no other command needs what is measured with.
  const { benchSim } = await import("../bench/sim-bench.ts");
  const isTold = !args.json && !args.quiet;
  if (isTold) io.err(`Measuring ${rounds} interleaved rounds …\n`);
  // As the workers of a sweep do.
  tuneEngine();
  const sim = benchSim(rounds, () => {});
  let heap: HeapBench | undefined;
  if (args.heap) {
    const { benchHeap } = await import("../bench/heap-bench.ts");
    if (isTold) io.err("Running 10,000 seeds to compare the heap; this takes minutes …\n");
    heap = benchHeap((seeds) => {
      if (isTold && seeds % 1_000 === 0) io.err(`${renderCount(seeds)} seeds\n`);
    });
  }
  const isMet =
    [sim.rateToBareLoop, sim.queueToBareLoop, sim.runToFrames].every((ratio) => ratio.isMet) && heap?.isMet !== false;
  if (args.json) io.out(`${JSON.stringify({ ...sim, heap: heap ?? null, isMet }, undefined, 2)}\n`);
  else io.out(renderBench(createPaint(io.hasColor), sim, heap));
  return isMet ? EXIT.valid : EXIT.invalid;
}

/** An option of another part would be passed over in silence. */
function assertOptionsOf({ part, heap, idle }: BenchArguments): void {
  if (heap && part !== "sim") throw new UserError("--heap is for: npx zerok bench sim");
  if (idle !== undefined && part !== "relay") throw new UserError("--idle is for: npx zerok bench relay");
}

async function runRelayBench(args: BenchArguments, io: Io): Promise<ExitCode> {
  const rounds =
    args.rounds === undefined ? RELAY_ROUNDS_MIN : parseCountOption("rounds", args.rounds, RELAY_ROUNDS_MIN, 1000);
  const idle = args.idle === undefined ? IDLE_SESSIONS : parseCountOption("idle", args.idle, 1, 100_000);
  const { benchRelay } = await import("../bench/relay-bench.ts");
  const { renderRelayBench } = await import("./relay-bench-text.ts");
  const isTold = !args.json && !args.quiet;
  const tell = (stage: string): void => (isTold ? io.err(`${stage} …\n`) : undefined);
  const sentence = "Interrupted: nothing was measured to its end, and the relays are gone.";
  const bench = await endOnInterrupt(io, sentence, () => benchRelay(rounds, idle, tell));
  const isMet = bench.loaded.isMet && bench.single.isMet && bench.idle.isMet;
  if (args.json) io.out(`${JSON.stringify({ ...bench, isMet }, undefined, 2)}\n`);
  else io.out(renderRelayBench(createPaint(io.hasColor), bench));
  return isMet ? EXIT.valid : EXIT.invalid;
}

async function runCheckersBench(args: BenchArguments, io: Io): Promise<ExitCode> {
  const rounds =
    args.rounds === undefined
      ? CHECKERS_ROUNDS_MIN
      : parseCountOption("rounds", args.rounds, CHECKERS_ROUNDS_MIN, 1000);
  const { benchCheckers } = await import("../bench/checkers-bench.ts");
  const { renderCheckersBench } = await import("./checkers-bench-text.ts");
  if (!args.json && !args.quiet) io.err("Judging a history of a million operations …\n");
  const bench = benchCheckers(rounds);
  if (args.json) io.out(`${JSON.stringify(bench, undefined, 2)}\n`);
  else io.out(renderCheckersBench(createPaint(io.hasColor), bench));
  return bench.isMet ? EXIT.valid : EXIT.invalid;
}

function renderBench(paint: Paint, sim: SimBench, heap: HeapBench | undefined): string {
  const { machine, shares } = sim;
  const rows = [
    ["events per second", renderCount(sim.eventsPerSecond)],
    ["seeds per second", renderRounded(sim.seedsPerSecond)],
    ["simulated seconds per second", renderCount(sim.simulatedSecondsPerSecond)],
    ["events per simulated second", renderRounded(sim.eventsPerSimulatedSecond)],
    [`bare loop, per second (${sim.pending} pending)`, renderCount(sim.bareLoopPerSecond)],
    ["kernel's queue, per second", renderCount(sim.kernelQueuePerSecond)],
  ];
  const ratios = [
    [
      "rate of events to the bare loop",
      `1/${renderRounded(1 / sim.rateToBareLoop.median)}`,
      "at least 1/40",
      met(paint, sim.rateToBareLoop),
    ],
    [
      "kernel's queue to the bare loop",
      renderRounded(sim.queueToBareLoop.median),
      "at least 1",
      met(paint, sim.queueToBareLoop),
    ],
    ["a run to its frames alone", renderRounded(sim.runToFrames.median), "at most 3", met(paint, sim.runToFrames)],
  ];
  if (heap !== undefined) {
    const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
    const change = `${mib(heap.heapAt1000)} to ${mib(heap.heapAt10000)}`;
    ratios.push(["heap at seed 1,000 to seed 10,000", change, "within 10 %", met(paint, heap)]);
  }
  const percent = Object.entries(shares).map(([part, share]) => `${part} ${Math.round(100 * share)} %`);
  const place = `Node ${machine.node}, ${machine.cores} ${machine.cores === 1 ? "core" : "cores"}, ${machine.platform}`;
  return [
    `${paint.bold(sim.scenario)}, toy suite, all checkers and the trace hash on; medians of ${sim.rounds} interleaved rounds; one thread. ${place}.`,
    "",
    renderTable(paint, [{ head: "figure" }, { head: "value", isNumber: true }], rows),
    renderTable(
      paint,
      [{ head: "ratio" }, { head: "median", isNumber: true }, { head: "target" }, { head: "" }],
      ratios,
    ),
    `Where the time of a run goes: ${percent.join(", ")}.`,
    "",
  ].join("\n");
}

function met(paint: Paint, { isMet }: Pick<Ratio, "isMet">): string {
  return isMet ? paint.green("met") : paint.red("missed");
}
