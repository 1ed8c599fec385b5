/**
 * The event queue: earliest time first, and first in first out among equal times.
 *
 * Time is cut into blocks of 1,024 ms. What is due in the present block lies in a ring with a slot per millisecond; the
 * next 1,023 blocks (17 minutes) have a slot each in a second ring; what is due later waits in a heap. When the present
 * block is used up, the next occupied one is spread over the first ring. Things move towards the present in the order
 * in which they were pushed, and before anything newer can be put where they go: hence the order among equal times.
 * Times are whole milliseconds. What is pushed for a block that has gone (the run stopped between two blocks) goes
 * through a heap of its own and still comes out in order. The scheduler owns one.
 */
import { NONE, SLOTS, SLOT_MASK, SlotRing } from "./slot-ring.ts";
import { TimeHeap } from "./time-heap.ts";

export class EventQueue<T> {
  /** Time of the item popped last. */
  poppedMs = 0;

  /** Start of the present block, and its number within the second ring. */
  private blockMs = 0;
  private blockSlot = 0;
  private readonly present = new SlotRing();
  private readonly blocks = new SlotRing();
  private readonly far = new TimeHeap();
  private readonly past = new TimeHeap();
  private sequence = 0;

  private count = 0;
  private items: (T | undefined)[] = [];
  /** The next node of the same slot, or of the free list. */
  private nexts = new Int32Array(64);
  /** Each node's millisecond within its block. */
  private offsets = new Int32Array(64);
  private freeNode = NONE;

  get size(): number {
    return this.count;
  }

  /** Throws `RangeError` for a time that is not a whole number. */
  push(atMs: number, item: T): void {
    if (!Number.isSafeInteger(atMs)) throw new RangeError(`an event's time must be whole milliseconds, not ${atMs}`);
    const node = this.takeNode(item);
    this.count += 1;
    const ahead = atMs - this.blockMs;
    if (ahead >= SLOTS * SLOTS) this.far.push(atMs, this.sequence++, node);
    else if (ahead >= 0) this.place(ahead, node);
    else this.past.push(atMs, this.sequence++, node);
  }

  /** The earliest item, `undefined` when there is none. */
  pop(): T | undefined {
    return this.popUntil(Infinity);
  }

  /** The earliest item if it is due at or before `untilMs`, else `undefined`. */
  popUntil(untilMs: number): T | undefined {
    if (this.past.size > 0) {
      const pastMs = this.past.topMs;
      return pastMs > untilMs ? undefined : this.release(this.past.pop(), pastMs);
    }
    if (this.present.isEmpty) {
      const single = this.enterNextBlock(untilMs);
      if (single !== NONE) return this.release(single, this.blockMs + this.offsets[single]!);
      if (this.present.isEmpty) return undefined;
    }
    const slot = this.present.first();
    const atMs = this.blockMs + slot;
    return atMs > untilMs ? undefined : this.release(this.present.unlink(slot, this.nexts), atMs);
  }

  /** When the earliest item is due, `undefined` when there is none. */
  peekMs(): number | undefined {
    if (this.past.size > 0) return this.past.topMs;
    if (!this.present.isEmpty) return this.blockMs + this.present.first();
    if (this.blocks.isEmpty) return this.far.size > 0 ? this.far.topMs : undefined;
    const slot = this.blocks.firstFrom(this.blockSlot);
    let offset = SLOTS;
    for (let node = this.blocks.heads[slot]!; node !== NONE; node = this.nexts[node]!) {
      if (this.offsets[node]! < offset) offset = this.offsets[node]!;
    }
    return this.startOf(slot) + offset;
  }

  /** Empties it and sets its time back to 0. Keeps its arrays. */
  clear(): void {
    this.present.clear();
    this.blocks.clear();
    this.far.clear();
    this.past.clear();
    this.items = [];
    this.freeNode = NONE;
    this.count = 0;
    this.sequence = 0;
    this.blockMs = 0;
    this.blockSlot = 0;
    this.poppedMs = 0;
  }

  /** Into one of the rings; `ahead` of the start of the present block. */
  private place(ahead: number, node: number): void {
    if (ahead < SLOTS) {
      this.present.link(ahead, node, this.nexts);
    } else {
      this.offsets[node] = ahead & SLOT_MASK;
      this.blocks.link((this.blockSlot + (ahead >>> 10)) & SLOT_MASK, node, this.nexts);
    }
  }

  /**
   * Makes the next occupied block the present one, if it begins at or before `untilMs`. A block of one node, the rule
   * when little is pending, is not spread: the node is the answer, if it is due.
   */
  private enterNextBlock(untilMs: number): number {
    const { blocks, present, far, nexts, offsets } = this;
    if (blocks.isEmpty) {
      if (far.size > 0 && far.topMs <= untilMs) this.enter(far.topMs - (far.topMs & SLOT_MASK));
      return NONE;
    }
    const startMs = this.startOf(blocks.firstFrom(this.blockSlot));
    if (startMs > untilMs) return NONE;
    this.enter(startMs);
    let node = blocks.unlinkAll(this.blockSlot);
    if (nexts[node] === NONE && startMs + offsets[node]! <= untilMs) return node;
    while (node !== NONE) {
      const next = nexts[node]!;
      present.link(offsets[node]!, node, nexts);
      node = next;
    }
    return NONE;
  }

  /** Moves the present to a block and brings in from the heap what is within reach from there. */
  private enter(startMs: number): void {
    this.blockSlot = (this.blockSlot + (startMs - this.blockMs) / SLOTS) & SLOT_MASK;
    this.blockMs = startMs;
    const { far } = this;
    while (far.size > 0 && far.topMs < startMs + SLOTS * SLOTS) {
      const ahead = far.topMs - startMs;
      this.place(ahead, far.pop());
    }
  }

  private startOf(slot: number): number {
    return this.blockMs + ((slot - this.blockSlot) & SLOT_MASK) * SLOTS;
  }

  private takeNode(item: T): number {
    const free = this.freeNode;
    if (free !== NONE) {
      this.freeNode = this.nexts[free]!;
      this.items[free] = item;
      return free;
    }
    const node = this.items.length;
    if (node === this.nexts.length) this.grow();
    this.items.push(item);
    return node;
  }

  private release(node: number, atMs: number): T {
    const item = this.items[node] as T;
    this.items[node] = undefined;
    this.nexts[node] = this.freeNode;
    this.freeNode = node;
    this.count -= 1;
    this.poppedMs = atMs;
    return item;
  }

  private grow(): void {
    const length = this.nexts.length * 2;
    const nexts = new Int32Array(length);
    const offsets = new Int32Array(length);
    nexts.set(this.nexts);
    offsets.set(this.offsets);
    this.nexts = nexts;
    this.offsets = offsets;
  }
}
