/**
 * On a busy machine a signal waits until each thread of its process has had a turn: these threads go first, so that a
 * fault is on time. Only where the system lets us; otherwise it comes when it comes, and the run says how late.
 */
import { readdirSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";

export const FIRST = constants.priority.PRIORITY_HIGHEST;

/** Runs of this process that are going on. */
let runs = 0;
let before = 0;

/**
 * The controller goes before its hosts, and so does what its proxies carry. Gives the priority that hosts keep;
 * `undefined` where the system does not let us.
 */
export function goFirst(): number | undefined {
  if (runs++ > 0) return getPriority() === FIRST ? before : undefined;
  before = getPriority();
  try {
    setPriority(FIRST);
    return before;
  } catch {
    return undefined;
  }
}

/** After each `goFirst`. */
export function goBack(): void {
  if (--runs > 0 || getPriority() !== FIRST) return;
  setPriority(before);
}

export function setThreadPriorities(pid: number, priority: number): void {
  for (const thread of threadsOf(pid)) {
    try {
      setPriority(thread, priority);
    } catch {
      // It has ended, or we may not.
    }
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
