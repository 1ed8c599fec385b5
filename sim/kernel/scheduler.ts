/**
 * The scheduler: what time it is, what is due, and on whose behalf the present turn is taken.
 *
 * One per kernel. Network, disks and hosts push entries and read `nowMs` and `cause`; only the kernel's run loop pops
 * entries and moves the time. Time is whole milliseconds since the start of the run and never goes back.
 */
import type { Cause, Choices, LabelTable } from "./choices.ts";
import { createCause } from "./choices.ts";
import { EventQueue } from "./event-queue.ts";
import type { TraceDigest } from "./trace.ts";

/** Something that is due at a time. `cause` is that of the turn that made it. */
export interface Entry {
  readonly cause: Cause;
  fire(): void;
}

export class Scheduler {
  nowMs = 0;
  /** The cause of the entry being served: what a turn puts out inherits it. */
  cause: Cause = createCause(0);
  /** Wall clock of a host without clock fault at `nowMs` 0, since the Unix epoch. */
  startWallMs = 0;
  /** Calls of any machine's `handle`. */
  handled = 0;
  readonly queue = new EventQueue<Entry>();

  /** Due at `atMs`, or at once if that is past. */
  push(atMs: number, entry: Entry): void {
    this.queue.push(atMs > this.nowMs ? atMs : this.nowMs, entry);
  }

  reset(startWallMs: number): void {
    this.nowMs = 0;
    this.cause = createCause(0);
    this.startWallMs = startWallMs;
    this.handled = 0;
    this.queue.clear();
  }
}

/** What every part of the kernel needs of it. `choices` is exchanged at a reset: read it at each use. */
export interface Substrate {
  readonly scheduler: Scheduler;
  readonly labels: LabelTable;
  readonly choices: Choices;
  readonly trace: TraceDigest;
  /** A machine or its store threw. The run ends after the present entry. The first one counts. */
  fail(host: string, error: unknown): void;
}
