/** When to dial again: 1, 2, 4 … 30 s plus jitter; after being replaced 30 s, doubling (invariants 12 and 17). */
import type { Entropy } from "../machine.ts";
import { BACKOFF, REPLACED } from "./config.ts";

/** `attempt` counts from 0 and survives timers; the caller resets it after `BACKOFF.resetAfterMs` of a live session. */
export function backoffMs(attempt: number, entropy: Entropy): number {
  const doubled = Math.min(BACKOFF.capMs, BACKOFF.firstMs * 2 ** Math.min(attempt, 20));
  return doubled + entropy.below("jitter", BACKOFF.jitterMs + 1);
}

/** `times` counts from 0: how often in a row this device was replaced. */
export function replacedMs(times: number): number {
  return Math.min(REPLACED.capMs, REPLACED.firstMs * 2 ** Math.min(times, 20));
}

/** After a store failed, or a relay that named no time. */
export const RETRY_MS = 1000;

/** The wait after so many failures in a row: `firstMs`, doubling up to the cap of the backoff. */
export function doubledMs(firstMs: number, times: number): number {
  return Math.min(BACKOFF.capMs, firstMs * 2 ** Math.min(times - 1, 20));
}
