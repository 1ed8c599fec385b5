/**
 * A sweep: many seeds of some scenarios, run and judged by a pool of workers. With a second pool every seed runs again
 * there, in another process and the other way round, and the trace hashes are compared; with the portable slice some
 * run again with real cryptography, and the shape hashes are compared. It adds up and reports; folders, tables and exit
 * codes are the caller's.
 */
import { seedAfter } from "../../scenarios/draw.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import type { Shard } from "../cli/option-values.ts";
import { findDivergence, type Divergence } from "./divergence.ts";
import { MarkTally, type MarkHits } from "./mark-tally.ts";
import type { Pool } from "./pool.ts";
import { cutPortions } from "./portion.ts";
import type { Suite } from "./sim-world.ts";
import { addResult, createTally, tallyVerdict, type Tally } from "./tally.ts";
import type { Look, SeedResult, SweepTask } from "./task.ts";

export interface SweepRequest {
  readonly scenarios: readonly Scenario[];
  readonly firstSeed: string;
  readonly seedsPerId: number | undefined;
  readonly timeMs: number | undefined;
  readonly shard: Shard;
  readonly suite: Suite;
  readonly portableEvery: number;
  readonly isFailFast: boolean;
}

export interface Failure {
  readonly scenario: string;
  readonly result: SeedResult;
}

export interface Mismatch {
  readonly scenario: string;
  readonly seed: string;
  /** `process`: a second run in another process; `portable`: the shape of a run with the portable suite. */
  readonly against: "process" | "portable";
  readonly first: string;
  readonly second: string;
  readonly divergence: Divergence | undefined;
}

export interface SweepReport {
  readonly verdict: "valid" | "invalid" | "unknown";
  readonly tallies: readonly Tally[];
  /** Runs that are not valid, in the order of the catalogue and then of the seeds. */
  readonly failures: readonly Failure[];
  readonly mismatches: readonly Mismatch[];
  /** The first run of each id. */
  readonly firsts: ReadonlyMap<string, SeedResult>;
  readonly marks: readonly MarkHits[];
  readonly wallMs: number;
}

/** Told after every task: runs done so far, and how many there will be if that is known. */
export type SweepWatch = (done: {
  readonly seeds: number;
  readonly elapsedMs: number;
  readonly failed: number;
}) => void;

/** Differences are looked into at some cost: the first few are enough. */
const DIVERGENCES_MAX = 3;

export async function runSweep(
  request: SweepRequest,
  pool: Pool,
  secondPool: Pool | undefined,
  watch: SweepWatch,
): Promise<SweepReport> {
  const startedMs = Date.now();
  const stopAtMs = request.timeMs === undefined ? undefined : startedMs + request.timeMs;
  const tallies = new Map(request.scenarios.map(({ id, title }) => [id, createTally(id, title)]));
  const marks = new MarkTally(request.scenarios.map(({ id }) => id));
  const failures: Failure[] = [];
  const mismatches: Mismatch[] = [];
  const firsts = new Map<string, SeedResult>();
  const firstSeed = seedAfter(request.firstSeed, request.shard.index);
  let seeds = 0;
  let isStopped = false;

  async function perform(task: SweepTask): Promise<void> {
    const results = await pool.perform(task);
    const tally = tallies.get(task.scenario)!;
    for (const result of results) {
      addResult(tally, result);
      marks.add(task.scenario, result);
      if (result.seed === firstSeed) firsts.set(task.scenario, result);
      if (result.verdict !== "valid") failures.push({ scenario: task.scenario, result });
      const { seed, shapeHash, portableShapeHash } = result;
      if (portableShapeHash !== undefined && portableShapeHash !== shapeHash) {
        const hashes = { first: shapeHash, second: portableShapeHash };
        mismatches.push({ scenario: task.scenario, seed, against: "portable", ...hashes, divergence: undefined });
        tally.mismatches += 1;
      }
    }
    if (secondPool !== undefined && results.length > 0) await repeat(task, results, tally, secondPool);
    seeds += results.length;
    if (request.isFailFast && (failures.length > 0 || mismatches.length > 0)) isStopped = true;
    watch({ seeds, elapsedMs: Date.now() - startedMs, failed: failures.length + mismatches.length });
  }

  async function repeat(task: SweepTask, results: readonly SeedResult[], tally: Tally, second: Pool): Promise<void> {
    const { scenario, suite } = task;
    const order = results.map((result) => result.seed);
    const backwards = order.toReversed();
    const echoes = await second.perform({ job: "echo", scenario, seeds: backwards, suite });
    const hashes = new Map(echoes.map((echo) => [echo.seed, echo.traceHash]));
    for (const { seed, traceHash } of results) {
      tally.repeated += 1;
      const other = hashes.get(seed) ?? "";
      if (other === traceHash) continue;
      tally.mismatches += 1;
      let divergence: Divergence | undefined;
      if (mismatches.length < DIVERGENCES_MAX) {
        // What ran before in the same process may be what matters: run it again in the same order.
        const inspect = (where: Pool, seedsOfIt: readonly string[]) => (detail: Look | undefined) =>
          where.perform({ job: "inspect", scenario, suite, seeds: upTo(seedsOfIt, seed), detail });
        divergence = await findDivergence(inspect(pool, order), inspect(second, backwards));
      }
      mismatches.push({ scenario, seed, against: "process", first: traceHash, second: other, divergence });
    }
  }

  // A few tasks more than workers, so that none waits for its next; with a second pool, for that one's too.
  const width = 2 * pool.size + (secondPool === undefined ? 0 : 2 * secondPool.size);
  const tasks = cutPortions({
    ids: request.scenarios.map((scenario) => scenario.id),
    firstSeed: request.firstSeed,
    seedsPerId: request.seedsPerId,
    stopAtMs,
    shard: request.shard,
    suite: request.suite,
    portableEvery: request.portableEvery,
    workers: pool.size,
  });
  const lane = async (): Promise<void> => {
    for (const task of tasks) {
      if (isStopped || (isOver(stopAtMs) && task.atLeast === 0)) return;
      await perform(task);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));

  const ordered = [...tallies.values()];
  const place = new Map(ordered.map((tally, index) => [tally.id, index]));
  const bySeed = (a: Failure, b: Failure): number =>
    place.get(a.scenario)! - place.get(b.scenario)! || Number(BigInt(a.result.seed) - BigInt(b.result.seed));
  return {
    verdict: worst(ordered.map(tallyVerdict)),
    tallies: ordered,
    failures: failures.toSorted(bySeed),
    mismatches,
    firsts: new Map(ordered.flatMap(({ id }) => (firsts.has(id) ? [[id, firsts.get(id)!] as const] : []))),
    marks: marks.hits(),
    wallMs: Date.now() - startedMs,
  };
}

function isOver(stopAtMs: number | undefined): boolean {
  return stopAtMs !== undefined && Date.now() >= stopAtMs;
}

function upTo(seeds: readonly string[], seed: string): readonly string[] {
  return seeds.slice(0, seeds.indexOf(seed) + 1);
}

function worst(verdicts: readonly SweepReport["verdict"][]): SweepReport["verdict"] {
  if (verdicts.includes("invalid")) return "invalid";
  return verdicts.includes("unknown") ? "unknown" : "valid";
}
