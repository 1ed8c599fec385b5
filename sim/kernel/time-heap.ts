/**
 * A binary heap of (time, sequence number, node) in three typed arrays, earliest first.
 *
 * Holds what does not fit in the event queue's wheel. Sequence numbers differ, so the order is total. Only the event
 * queue calls it.
 */
export class TimeHeap {
  size = 0;
  private times = new Float64Array(64);
  private sequences = new Float64Array(64);
  private nodes = new Int32Array(64);

  /** Time of the earliest. Only when `size > 0`. */
  get topMs(): number {
    return this.times[0]!;
  }

  push(atMs: number, sequence: number, node: number): void {
    if (this.size === this.nodes.length) this.grow();
    const { times, sequences, nodes } = this;
    let hole = this.size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentMs = times[parent]!;
      if (parentMs < atMs || (parentMs === atMs && sequences[parent]! < sequence)) break;
      times[hole] = parentMs;
      sequences[hole] = sequences[parent]!;
      nodes[hole] = nodes[parent]!;
      hole = parent;
    }
    times[hole] = atMs;
    sequences[hole] = sequence;
    nodes[hole] = node;
  }

  /** Takes the earliest node out. Only when `size > 0`. */
  pop(): number {
    const { times, sequences, nodes } = this;
    const top = nodes[0]!;
    const last = --this.size;
    const atMs = times[last]!;
    const sequence = sequences[last]!;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      const right = child + 1;
      if (right < last) {
        const leftMs = times[child]!;
        const rightMs = times[right]!;
        if (rightMs < leftMs || (rightMs === leftMs && sequences[right]! < sequences[child]!)) child = right;
      }
      const childMs = times[child]!;
      if (atMs < childMs || (atMs === childMs && sequence < sequences[child]!)) break;
      times[hole] = childMs;
      sequences[hole] = sequences[child]!;
      nodes[hole] = nodes[child]!;
      hole = child;
    }
    times[hole] = atMs;
    sequences[hole] = sequence;
    nodes[hole] = nodes[last]!;
    return top;
  }

  clear(): void {
    this.size = 0;
  }

  private grow(): void {
    const length = this.nodes.length * 2;
    const times = new Float64Array(length);
    const sequences = new Float64Array(length);
    const nodes = new Int32Array(length);
    times.set(this.times);
    sequences.set(this.sequences);
    nodes.set(this.nodes);
    this.times = times;
    this.sequences = sequences;
    this.nodes = nodes;
  }
}
