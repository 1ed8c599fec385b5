/**
 * What checking costs: a history of a million operations judged by all checkers together, as it comes, and each checker
 * alone on a shorter one. Beside it the ceiling of the same process: a pass that only reads each record. Making the
 * history is not part of any time.
 */
import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { checkers } from "../../scenarios/checkers/index.ts";
import type { Checker } from "../../scenarios/checker.ts";
import type { HistoryRecord } from "../../scenarios/history.ts";
import { startJudge } from "../../scenarios/judge.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { heapUsed } from "./heap-bench.ts";
import { createLongHistory } from "./long-history.ts";
import { median, timeRounds } from "./rounds.ts";

/** Operations that all checkers together must judge within `MS_MAX`. */
export const OPERATIONS = 1_000_000;
export const MS_MAX = 10_000;
const OPERATIONS_ALONE = 20_000;
const PIECE_RECORDS = 16_384;

export interface CheckerCost {
  readonly name: string;
  /** Beyond looking records up, which all share. */
  readonly nsPerRecord: number;
  /** To the bare pass. */
  readonly ratio: number;
}

export interface CheckersBench {
  readonly operations: number;
  readonly records: number;
  /** All checkers together, the whole history, each record as it comes. */
  readonly ms: number;
  readonly msMax: number;
  readonly isMet: boolean;
  readonly bareMs: number;
  readonly ratioToBare: number;
  /** Memory that the checkers hold at the end, typed arrays included. */
  readonly heapBytes: number;
  /** What the second half of the history added to it, for each of its operations. */
  readonly grownBytesPerOperation: number;
  readonly alone: {
    readonly operations: number;
    readonly rounds: number;
    readonly bareNsPerRecord: number;
    /** Looking up what a record is about, once for all. */
    readonly lookUp: CheckerCost;
    readonly checkers: readonly CheckerCost[];
  };
  readonly machine: { readonly node: string; readonly cores: number; readonly platform: string };
}

export function benchCheckers(rounds: number, operations: number = OPERATIONS): CheckersBench {
  const alone = benchAlone(rounds);
  const together = benchTogether(operations);
  return {
    ...together,
    msMax: MS_MAX,
    isMet: together.ms < MS_MAX,
    ratioToBare: together.ms / together.bareMs,
    alone,
    machine: {
      node: process.versions.node,
      cores: availableParallelism(),
      platform: `${process.platform} ${process.arch}`,
    },
  };
}

function benchTogether(
  operationsMax: number,
): Pick<CheckersBench, "operations" | "records" | "ms" | "bareMs" | "heapBytes" | "grownBytesPerOperation"> {
  const history = createLongHistory(operationsMax);
  const before = memoryHeld();
  const judge = startJudge(history.plan);
  let records = 0;
  let ms = 0;
  let bareMs = 0;
  let half: { readonly operations: number; readonly heapBytes: number } | undefined;
  for (let piece = history.next(PIECE_RECORDS); piece.length > 0; piece = history.next(PIECE_RECORDS)) {
    records += piece.length;
    let started = performance.now();
    readAll(piece);
    bareMs += performance.now() - started;
    started = performance.now();
    for (let i = 0; i < piece.length; i++) judge.observe(piece[i]!);
    ms += performance.now() - started;
    const { operations } = history;
    if (half === undefined && operations >= operationsMax / 2) half = { operations, heapBytes: memoryHeld() - before };
  }
  const heapBytes = memoryHeld() - before;
  const grownBytesPerOperation = (heapBytes - half!.heapBytes) / Math.max(1, history.operations - half!.operations);
  const started = performance.now();
  const { verdict, findings } = judge.finish();
  ms += performance.now() - started;
  if (verdict !== "valid") throw new Error(`the long history is not valid: ${findings[0]?.message}`);
  return { operations: history.operations, records, ms, bareMs, heapBytes, grownBytesPerOperation };
}

/** The heap, and what typed arrays hold beside it. */
function memoryHeld(): number {
  return heapUsed() + process.memoryUsage().arrayBuffers;
}

function benchAlone(rounds: number): CheckersBench["alone"] {
  const history = createLongHistory(OPERATIONS_ALONE);
  const records: HistoryRecord[] = [];
  for (let piece = history.next(PIECE_RECORDS); piece.length > 0; piece = history.next(PIECE_RECORDS)) {
    records.push(...piece);
  }
  const parts: Record<string, () => unknown> = {
    bare: () => readAll(records),
    lookUp: () => judgeAll(history.plan, records, []),
  };
  for (const checker of checkers) parts[checker.name] = () => judgeAll(history.plan, records, [checker]);
  const timings = timeRounds(parts, rounds);
  const ns = (name: string): number => (1e6 * median(timings[name]!)) / records.length;
  const bare = ns("bare");
  const cost = (name: string, shared: number): CheckerCost => {
    const nsPerRecord = Math.max(0, ns(name) - shared);
    return { name, nsPerRecord, ratio: nsPerRecord / bare };
  };
  const lookUp = cost("lookUp", 0);
  return {
    operations: history.operations,
    rounds,
    bareNsPerRecord: bare,
    lookUp,
    checkers: checkers
      .map(({ name }) => cost(name, lookUp.nsPerRecord))
      .toSorted((a, b) => b.nsPerRecord - a.nsPerRecord),
  };
}

function judgeAll(plan: Plan, records: readonly HistoryRecord[], using: readonly Checker[]): void {
  const judge = startJudge(plan, using);
  for (let i = 0; i < records.length; i++) judge.observe(records[i]!);
  const { verdict, findings } = judge.finish();
  if (verdict !== "valid") throw new Error(`the long history is not valid: ${findings[0]?.message}`);
}

/** Touches each record, and what it says: whoever judges must do as much. */
function readAll(records: readonly HistoryRecord[]): number {
  let sum = 0;
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!;
    sum += record.at + record.type.length + (record.type === "relay-view" ? record.bytes[0]! : 0);
  }
  return sum;
}
