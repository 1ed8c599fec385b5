/**
 * A host's alarm: the queue entries behind its machine's deadline.
 *
 * A deadline that moves later leaves its entry where it is, and the alarm is set again when that entry fires; only one
 * that moves earlier adds an entry. The pending entries are a stack of ever earlier times, so there are as many as
 * there were strictly earlier deadlines in a row, usually one. The host sets it after each turn.
 */
import type { Cause } from "./choices.ts";
import type { Entry, Scheduler } from "./scheduler.ts";

export class Alarm implements Entry {
  readonly cause: Cause;
  private readonly scheduler: Scheduler;
  private readonly ring: () => void;
  /** When the pending entries fire; the earliest is last. */
  private readonly pendingMs: number[] = [];

  constructor(scheduler: Scheduler, cause: Cause, ring: () => void) {
    this.scheduler = scheduler;
    this.cause = cause;
    this.ring = ring;
  }

  /** Makes sure that it rings at `atMs` or before; not before now. */
  set(atMs: number): void {
    const pending = this.pendingMs;
    const dueMs = Math.max(atMs, this.scheduler.nowMs);
    if (pending.length > 0 && pending[pending.length - 1]! <= dueMs) return;
    this.scheduler.push(dueMs, this);
    pending.push(dueMs);
  }

  fire(): void {
    this.pendingMs.pop();
    this.ring();
  }
}
