/**
 * The devices of a group as its relay knows them: who may come in, when it is written down that one was seen, and what
 * everybody has acknowledged. A revoked device stays in the list, so that it is known when it comes again.
 */

/** One device; the store has its id beside it. */
export interface DeviceRecord {
  /** Cursor, in the present epoch. */
  readonly acknowledged: number;
  /** Wall clock of an admission, at most `SEEN_STEP_MS` before the last one. */
  readonly lastSeenMs: number;
  readonly isRevoked: boolean;
}

export type EnterDecision =
  | { readonly type: "revoked" }
  /** An unknown device, and no more may be. */
  | { readonly type: "full" }
  /** `record` is to be written, when it is not undefined. */
  | { readonly type: "entered"; readonly record: DeviceRecord | undefined };

/** Seen again within this time: not written, so that a device that comes back at once costs no commit. */
export const SEEN_STEP_MS = 60_000;

export function decideEnter(
  known: DeviceRecord | undefined,
  devices: number,
  devicesMax: number,
  wallMs: number,
): EnterDecision {
  if (known === undefined) {
    if (devices >= devicesMax) return { type: "full" };
    return { type: "entered", record: { acknowledged: 0, lastSeenMs: wallMs, isRevoked: false } };
  }
  if (known.isRevoked) return { type: "revoked" };
  // A clock that was set back is believed too.
  const isFresh = wallMs >= known.lastSeenMs && wallMs < known.lastSeenMs + SEEN_STEP_MS;
  return { type: "entered", record: isFresh ? undefined : { ...known, lastSeenMs: wallMs } };
}

/** What every unrevoked device has acknowledged: 0 when there is none, since nobody can say that it has everything. */
export function acknowledgedByAll(devices: Iterable<Pick<DeviceRecord, "acknowledged" | "isRevoked">>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { acknowledged, isRevoked } of devices) if (!isRevoked) least = Math.min(least, acknowledged);
  return least === Number.POSITIVE_INFINITY ? 0 : least;
}
