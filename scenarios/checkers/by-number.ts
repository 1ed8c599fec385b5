/**
 * Values by the numbers of rows, for what is let go sooner or later: an array in blocks, of which those that are empty go.
 * As quick as an array, where a map of things that come and go is built anew again and again.
 */
const BLOCK_BITS = 9;
const WITHIN = (1 << BLOCK_BITS) - 1;

interface Block<T> {
  readonly values: (T | undefined)[];
  count: number;
}

export class ByNumber<T> {
  readonly #blocks: (Block<T> | undefined)[] = [];

  get(number: number): T | undefined {
    return this.#blocks[number >>> BLOCK_BITS]?.values[number & WITHIN];
  }

  set(number: number, value: T): void {
    const block = this.#blockAt(number);
    if (block.values[number & WITHIN] === undefined) block.count++;
    block.values[number & WITHIN] = value;
  }

  delete(number: number): void {
    const at = number >>> BLOCK_BITS;
    const block = this.#blocks[at];
    if (block?.values[number & WITHIN] === undefined) return;
    block.values[number & WITHIN] = undefined;
    // Into the last block new values come.
    if (--block.count === 0 && at < this.#blocks.length - 1) this.#blocks[at] = undefined;
  }

  /** Ascending by number. */
  values(): T[] {
    const all: T[] = [];
    for (const block of this.#blocks) {
      if (block !== undefined) for (const value of block.values) if (value !== undefined) all.push(value);
    }
    return all;
  }

  #blockAt(number: number): Block<T> {
    const at = number >>> BLOCK_BITS;
    const known = this.#blocks[at];
    if (known !== undefined) return known;
    const last = this.#blocks.length - 1;
    if (at > last && this.#blocks[last]?.count === 0) this.#blocks[last] = undefined;
    const block: Block<T> = { values: [], count: 0 };
    this.#blocks[at] = block;
    return block;
  }
}
