/**
 * What is due once in a while: a plan's step, a command, a timer, the end of a fault.
 *
 * All of them are of this one class, and only what comes all the time (segments, transactions, alarms) is of its own: the
 * run loop then meets four classes, which an engine tells apart on the spot; from the fifth on it searches, entry by entry.
 */
import type { Cause } from "./choices.ts";
import type { Entry, Lane } from "./scheduler.ts";

export class Action implements Entry {
  readonly cause: Cause;
  private readonly act: () => void;
  private readonly laneNow: (() => Lane | undefined) | undefined;

  /** `laneNow`: where it stands at the moment when somebody asks. */
  constructor(cause: Cause, act: () => void, laneNow?: () => Lane | undefined) {
    this.cause = cause;
    this.act = act;
    this.laneNow = laneNow;
  }

  get lane(): Lane | undefined {
    return this.laneNow?.();
  }

  fire(): void {
    this.act();
  }
}
