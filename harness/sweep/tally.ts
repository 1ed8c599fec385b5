/**
 * What a sweep adds up for one scenario, and the rule on idle runs: a scenario whose trouble does not come in more than
 * one run in ten tests nothing much, and fails the sweep. Fewer than twenty runs are too few to tell.
 */
import type { SeedResult } from "./task.ts";

export const IDLE_JUDGED_FROM_RUNS = 20;

export interface Tally {
  readonly id: string;
  readonly title: string;
  seeds: number;
  valid: number;
  invalid: number;
  unknown: number;
  idle: number;
  events: number;
  simulatedMs: number;
  /** Runs repeated in another process, and how many of them differed. */
  repeated: number;
  /** Runs repeated with the portable suite, likewise. */
  portable: number;
  mismatches: number;
}

export function createTally(id: string, title: string): Tally {
  const none = { seeds: 0, valid: 0, invalid: 0, unknown: 0, idle: 0, events: 0, simulatedMs: 0 };
  return { id, title, ...none, repeated: 0, portable: 0, mismatches: 0 };
}

export function addResult(tally: Tally, result: SeedResult): void {
  tally.seeds += 1;
  tally[result.verdict] += 1;
  if (result.idle) tally.idle += 1;
  tally.events += result.events;
  tally.simulatedMs += result.simulatedMs;
  if (result.portableShapeHash !== undefined) tally.portable += 1;
}

export function isIdleTooOften(tally: Tally): boolean {
  return tally.seeds >= IDLE_JUDGED_FROM_RUNS && tally.idle * 10 > tally.seeds;
}

export function tallyVerdict(tally: Tally): "valid" | "invalid" | "unknown" {
  if (tally.invalid > 0 || tally.mismatches > 0 || isIdleTooOften(tally)) return "invalid";
  return tally.unknown > 0 ? "unknown" : "valid";
}
