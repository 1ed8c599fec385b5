/** The values of options, from what was typed. Each answers with the value or throws a `UserError` that shows a right one. */
import { availableParallelism } from "node:os";
import { parseSeed } from "../../scenarios/draw.ts";
import { UserError } from "../user-error.ts";

const SEEDS_MAX = 1_000_000_000;
const JOBS_MAX = 1024;
const MS = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export function parseSeedOption(text: string): string {
  const seed = parseSeed(text);
  if (seed !== undefined) return seed;
  throw new UserError(
    `"${text}" is not a seed: a seed is a whole number of at most 64 bits, such as --seed 42 or --seed 0x2a.`,
  );
}

export function parseCountOption(name: string, text: string, min: number, max: number): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UserError(`"${text}" does not fit --${name}: it takes a whole number from ${min} to ${max}.`);
}

export function parseSeedsOption(text: string): number {
  return parseCountOption("seeds", text, 1, SEEDS_MAX);
}

export function parseJobsOption(text: string | undefined): number {
  return text === undefined ? availableParallelism() : parseCountOption("jobs", text, 1, JOBS_MAX);
}

const TIME_MS_MAX = 365 * 86_400_000;

/** Milliseconds of `500ms`, `60s`, `5m`, `1h`. */
export function parseTimeOption(text: string, name = "time"): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|min|h|d)$/.exec(text.trim());
  const ms = match === null ? 0 : Number(match[1]) * MS[match[2] as keyof typeof MS];
  if (ms > TIME_MS_MAX) throw new UserError(`"${text}" does not fit --${name}: at most 365d.`);
  if (ms >= 1) return Math.round(ms);
  throw new UserError(
    `"${text}" does not fit --${name}: it takes a number and a unit, such as --${name} 60s, 5m or 1h.`,
  );
}

/** One of `of` equal parts of a sweep, `index` counted from 0. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

export const WHOLE: Shard = { index: 0, of: 1 };

export function parseShardOption(text: string): Shard {
  const match = /^([0-9]+)\/([0-9]+)$/.exec(text.trim());
  const number = Number(match?.[1]);
  const of = Number(match?.[2]);
  if (match !== null && number >= 1 && number <= of && of <= 100_000) return { index: number - 1, of };
  throw new UserError(`"${text}" does not fit --shard: it takes a part and the number of parts, such as --shard 1/4.`);
}
