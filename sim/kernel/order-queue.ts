/**
 * The queue of an exploration: by time as usual, but while its window is open, by somebody's choice.
 *
 * In the window time stands still. The first entry of each lane may come next, whatever its time, and the guide says
 * which; what has no lane (timers) waits. The window closes by itself when no lane has anything left, and is not opened
 * again: from then on time goes on. Worlds that are explored are small, so that a list in order of time is enough.
 */
import type { Entry, Lane, Queue } from "./scheduler.ts";

/** Chooses what comes next. */
export interface Guide {
  /** Index into `enabled`, which has at least one lane: those of which something can come, in the order of time. */
  pick(enabled: readonly Lane[]): number;
}

interface Waiting {
  readonly atMs: number;
  readonly entry: Entry;
}

export class OrderQueue implements Queue {
  poppedMs = 0;
  private readonly guide: Guide;
  /** By time, and first in first out among equal times. */
  private readonly waiting: Waiting[] = [];
  private isOpen = false;

  constructor(guide: Guide) {
    this.guide = guide;
  }

  get size(): number {
    return this.waiting.length;
  }

  push(atMs: number, entry: Entry): void {
    let at = this.waiting.length;
    while (at > 0 && this.waiting[at - 1]!.atMs > atMs) at--;
    this.waiting.splice(at, 0, { atMs, entry });
  }

  popUntil(untilMs: number): Entry | undefined {
    if (this.isOpen) {
      const chosen = this.choose();
      if (chosen !== undefined) return this.take(chosen);
      this.isOpen = false;
    }
    const first = this.waiting[0];
    if (first === undefined || first.atMs > untilMs) return undefined;
    // What was passed over in the window may be due before the present.
    if (first.atMs > this.poppedMs) this.poppedMs = first.atMs;
    return this.take(0);
  }

  peekMs(): number | undefined {
    const first = this.waiting[0];
    if (first === undefined) return undefined;
    return this.isOpen || first.atMs < this.poppedMs ? this.poppedMs : first.atMs;
  }

  /** From the present on. */
  open(): void {
    this.isOpen = true;
  }

  clear(): void {
    this.waiting.length = 0;
    this.poppedMs = 0;
    this.isOpen = false;
  }

  private choose(): number | undefined {
    const names = new Set<string>();
    const lanes: Lane[] = [];
    const places: number[] = [];
    for (let i = 0; i < this.waiting.length; i++) {
      const { lane } = this.waiting[i]!.entry;
      if (lane === undefined || names.has(lane.name)) continue;
      names.add(lane.name);
      lanes.push(lane);
      places.push(i);
    }
    return lanes.length === 0 ? undefined : places[this.guide.pick(lanes)]!;
  }

  private take(place: number): Entry {
    const [taken] = this.waiting.splice(place, 1);
    return taken!.entry;
  }
}
