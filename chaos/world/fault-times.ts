/**
 * When each fault of a run was planned, issued, seen in place and over, and how late that was: the figures that tell
 * whether a run took place as its plan has it. All on the controller's clock, milliseconds from the plan's zero.
 */
export interface FaultTime {
  readonly step: number;
  readonly fault: string;
  readonly plannedMs: number;
  readonly issuedMs: number;
  /** Read back to be in place; of a `restart`, asked: how long a stop takes is the host's own doing. */
  readonly inPlaceMs?: number;
  readonly healedMs?: number;
}

export interface FaultLag {
  readonly faults: number;
  /** (in place − planned): half of the faults were quicker, and 99 of 100. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

/** `undefined` without any fault that was seen in place. */
export function measureLag(times: readonly FaultTime[]): FaultLag | undefined {
  const lags = times
    .flatMap(({ plannedMs, inPlaceMs }) => (inPlaceMs === undefined ? [] : [inPlaceMs - plannedMs]))
    .toSorted((a, b) => a - b);
  if (lags.length === 0) return undefined;
  const at = (share: number): number => {
    const lag = lags[Math.min(lags.length - 1, Math.ceil(share * lags.length) - 1)]!;
    return Math.round(10 * lag) / 10;
  };
  return { faults: lags.length, medianMs: at(0.5), p99Ms: at(0.99), worstMs: at(1) };
}
