/**
 * The ceiling: the least that any event loop must do. A plain binary heap of records ordered by time and number, held at
 * 256 pending: pop the earliest, push one for later. Written as plainly as possible, and kept here so that a change to
 * the kernel's queue cannot move the yardstick.
 */
import { EventQueue } from "../../sim/kernel/event-queue.ts";

export const PENDING = 256;

interface HeapRecord {
  readonly atMs: number;
  readonly number: number;
}

class PlainHeap {
  readonly #records: HeapRecord[] = [];

  push(record: HeapRecord): void {
    const records = this.#records;
    let at = records.length;
    records.push(record);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(record, records[parent]!)) break;
      records[at] = records[parent]!;
      at = parent;
    }
    records[at] = record;
  }

  pop(): HeapRecord {
    const records = this.#records;
    const first = records[0]!;
    const last = records.pop()!;
    const { length } = records;
    if (length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(records[child + 1]!, records[child]!)) child += 1;
      if (!isBefore(records[child]!, last)) break;
      records[at] = records[child]!;
      at = child;
    }
    records[at] = last;
    return first;
  }
}

function isBefore(a: HeapRecord, b: HeapRecord): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);
}

/** Delays of 0 to 511 ms, the same ones for both queues. */
const DELAYS_MS = createDelays();
const DELAY_MASK = DELAYS_MS.length - 1;

function createDelays(): Uint16Array {
  const delays = new Uint16Array(4096);
  let state = 0x2545f491;
  for (let i = 0; i < delays.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    delays[i] = state & 511;
  }
  return delays;
}

/** Pops and pushes `count` times; returns the last time, so that nothing of it can be left out. */
export function runBareLoop(count: number): number {
  const heap = new PlainHeap();
  let number = 0;
  for (; number < PENDING; number++) heap.push({ atMs: DELAYS_MS[number & DELAY_MASK]!, number });
  let nowMs = 0;
  for (let i = 0; i < count; i++) {
    nowMs = heap.pop().atMs;
    heap.push({ atMs: nowMs + DELAYS_MS[number & DELAY_MASK]!, number });
    number += 1;
  }
  return nowMs;
}

/** The same with the kernel's own queue. */
export function runKernelQueue(count: number): number {
  const queue = new EventQueue<HeapRecord>();
  let number = 0;
  for (; number < PENDING; number++) pushOne(queue, 0, number);
  let nowMs = 0;
  for (let i = 0; i < count; i++) {
    nowMs = queue.pop()!.atMs;
    pushOne(queue, nowMs, number);
    number += 1;
  }
  return nowMs;
}

function pushOne(queue: EventQueue<HeapRecord>, nowMs: number, number: number): void {
  const atMs = nowMs + DELAYS_MS[number & DELAY_MASK]!;
  queue.push(atMs, { atMs, number });
}
