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

/** What a lane carries: segments, commands, syncs of a disk, its answers to writes and to reads, steps of a plan, a fault. */
export type LaneKind = "flow" | "commands" | "disk" | "answers" | "reads" | "steps" | "fault";

/**
 * What keeps its order among its like: a directed flow of a connection, a host's transactions, its commands. Entries of
 * two lanes may come in either order; only an `OrderQueue` asks.
 */
export interface Lane {
  /** The same in every run of a plan. */
  readonly name: string;
  readonly kind: LaneKind;
  /** Whose turn it becomes; of a fault, empty. */
  readonly host: string;
  /** What its entries read or change, by name. Entries that share none of it may be exchanged and nobody can tell. */
  readonly touches: readonly string[];
}

export function createLane(name: string, kind: LaneKind, host: string, touched = host): Lane {
  return { name, kind, host, touches: [touched] };
}

/** Something that is due at a time. `cause` is that of the turn that made it. */
export interface Entry {
  readonly cause: Cause;
  /** Absent of what waits for time alone: a timer, a plan's step, the end of a fault. */
  readonly lane?: Lane | undefined;
  fire(): void;
}

/** Who is asked what comes next: `EventQueue`, by time, or another that an exploration puts in its place. */
export interface Queue {
  readonly size: number;
  /** The time at which the entry popped last is served: never before that of the one before. */
  readonly poppedMs: number;
  push(atMs: number, entry: Entry): void;
  popUntil(untilMs: number): Entry | undefined;
  peekMs(): number | undefined;
  clear(): void;
}

export class Scheduler {
  nowMs = 0;
  /** The cause of the entry being served: what a turn puts out inherits it. */
  cause: Cause = createCause(0);
  /** Wall clock of a host without clock fault at `nowMs` 0, since the Unix epoch. */
  startWallMs = 0;
  /** Calls of any machine's `handle`. */
  handled = 0;
  private readonly byTime = new EventQueue<Entry>();
  /** Exchanged at a reset only. */
  queue: Queue = this.byTime;

  /** Due at `atMs`, or at once if that is past. */
  push(atMs: number, entry: Entry): void {
    this.queue.push(atMs > this.nowMs ? atMs : this.nowMs, entry);
  }

  /** `queue`: instead of the one by time. */
  reset(startWallMs: number, queue: Queue = this.byTime): void {
    this.nowMs = 0;
    this.cause = createCause(0);
    this.startWallMs = startWallMs;
    this.handled = 0;
    this.queue.clear();
    this.queue = queue;
    queue.clear();
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
