/**
 * A ring of 1,024 slots, each a first-in-first-out list of nodes, with a two-level bitmap of the occupied ones.
 *
 * The lists are linked through an array that belongs to the event queue, which owns two rings: one slot per
 * millisecond, and one slot per 1,024 milliseconds.
 */
export const SLOTS = 1024;
export const SLOT_MASK = SLOTS - 1;
export const NONE = -1;

export class SlotRing {
  /** First node of each slot, `NONE` if it is empty. */
  readonly heads = new Int32Array(SLOTS).fill(NONE);
  private readonly tails = new Int32Array(SLOTS);
  /** One bit per slot, and one bit per word of those. */
  private readonly occupied = new Int32Array(SLOTS / 32);
  private occupiedWords = 0;

  get isEmpty(): boolean {
    return this.occupiedWords === 0;
  }

  /** Puts a node at the end of a slot's list. */
  link(slot: number, node: number, nexts: Int32Array): void {
    nexts[node] = NONE;
    if (this.heads[slot] === NONE) {
      this.heads[slot] = node;
      const word = slot >>> 5;
      this.occupied[word]! |= 1 << (slot & 31);
      this.occupiedWords |= 1 << word;
    } else {
      nexts[this.tails[slot]!] = node;
    }
    this.tails[slot] = node;
  }

  /** Takes the first node of an occupied slot. */
  unlink(slot: number, nexts: Int32Array): number {
    const node = this.heads[slot]!;
    const next = nexts[node]!;
    this.heads[slot] = next;
    if (next === NONE) this.unmark(slot);
    return node;
  }

  /** Takes all nodes of an occupied slot: the head of their list. */
  unlinkAll(slot: number): number {
    const head = this.heads[slot]!;
    this.heads[slot] = NONE;
    this.unmark(slot);
    return head;
  }

  /** The lowest occupied slot. Only when not empty. */
  first(): number {
    const word = lowestBit(this.occupiedWords);
    return (word << 5) | lowestBit(this.occupied[word]!);
  }

  /** The first occupied slot from `from` on, around the ring. Only when not empty. */
  firstFrom(from: number): number {
    const fromWord = from >>> 5;
    const bits = this.occupied[fromWord]! & (-1 << (from & 31));
    if (bits !== 0) return (fromWord << 5) | lowestBit(bits);
    const later = fromWord === 31 ? 0 : this.occupiedWords & (-1 << (fromWord + 1));
    if (later === 0) return this.first();
    const word = lowestBit(later);
    return (word << 5) | lowestBit(this.occupied[word]!);
  }

  clear(): void {
    this.heads.fill(NONE);
    this.occupied.fill(0);
    this.occupiedWords = 0;
  }

  private unmark(slot: number): void {
    const word = slot >>> 5;
    const bits = this.occupied[word]! & ~(1 << (slot & 31));
    this.occupied[word] = bits;
    if (bits === 0) this.occupiedWords &= ~(1 << word);
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
