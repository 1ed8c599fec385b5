/**
 * Interleaved rounds: a machine drifts, so everything that is compared is measured in turn, again and again, and a
 * ratio is the median of the ratios within each round.
 */
import { performance } from "node:perf_hooks";

export type Timings<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** Milliseconds of each part in each round. The first round warms up and is thrown away. */
export function timeRounds<Name extends string>(
  parts: Readonly<Record<Name, () => unknown>>,
  rounds: number,
  onRound: (round: number) => void = () => {},
): Timings<Name> {
  const names = Object.keys(parts) as Name[];
  const timings = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const started = performance.now();
      parts[name]();
      if (round > 0) timings[name].push(performance.now() - started);
    }
    onRound(round);
  }
  return timings;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("no values, no median");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One value for each round. */
export function perRound<Name extends string>(
  timings: Timings<Name>,
  of: (ms: Readonly<Record<Name, number>>) => number,
): readonly number[] {
  const names = Object.keys(timings) as Name[];
  return timings[names[0]!].map((_, round) =>
    of(Object.fromEntries(names.map((name) => [name, timings[name][round]!])) as Record<Name, number>),
  );
}
