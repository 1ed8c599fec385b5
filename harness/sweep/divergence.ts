/**
 * Two runs of one seed that differ: find the first event that does. The checkpoints say in which stretch of about a
 * thousand events they part, and both are run again with that stretch in detail.
 */
import type { Inspection, Stretch } from "./task.ts";

export interface Divergence {
  /** `undefined`: the difference did not show again. */
  readonly event: number | undefined;
  readonly stretch: Stretch | undefined;
  /** The event in the one and in the other run, as JSON; `undefined` where that run was over. */
  readonly first: string | undefined;
  readonly second: string | undefined;
}

type Checkpoint = Pick<Inspection["checkpoints"][number], "event" | "hash">;

export type Inspect = (detail: Stretch | undefined) => Promise<Inspection>;

export async function findDivergence(first: Inspect, second: Inspect): Promise<Divergence> {
  const [a, b] = await Promise.all([first(undefined), second(undefined)]);
  if (a.traceHash === b.traceHash) {
    return { event: undefined, stretch: undefined, first: undefined, second: undefined };
  }
  const stretch = findStretch(a.checkpoints, b.checkpoints);
  const [left, right] = await Promise.all([first(stretch), second(stretch)]);
  const length = Math.max(left.detail.length, right.detail.length);
  for (let i = 0; i < length; i++) {
    const one: string | undefined = JSON.stringify(left.detail[i]);
    const other: string | undefined = JSON.stringify(right.detail[i]);
    if (one !== other) return { event: stretch.from + i, stretch, first: one, second: other };
  }
  return { event: undefined, stretch, first: undefined, second: undefined };
}

/** From the last checkpoint that both share to the first that they do not. */
export function findStretch(a: readonly Checkpoint[], b: readonly Checkpoint[]): Stretch {
  let same = 0;
  while (same < a.length && same < b.length && a[same]!.hash === b[same]!.hash) same++;
  const from = same === 0 ? 0 : a[same - 1]!.event;
  const to = a[same]?.event ?? b[same]?.event ?? Number.MAX_SAFE_INTEGER;
  return { from, to };
}
