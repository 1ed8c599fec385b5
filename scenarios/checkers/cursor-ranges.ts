/**
 * A set of whole numbers as sorted ranges without overlap: which cursors were seen, told lost, answered as gone. A log
 * that is taken in without a gap is one range, however long it is, so that memory follows the gaps and not the blobs.
 */
export class CursorRanges {
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  /** Adds `from` … `to`, both included; nothing when `to` is below `from`. */
  add(from: number, to: number): void {
    if (to < from) return;
    const last = this.#to.length - 1;
    if (last < 0 || from > this.#to[last]! + 1) {
      this.#from.push(from);
      this.#to.push(to);
      return;
    }
    if (from >= this.#from[last]!) {
      if (to > this.#to[last]!) this.#to[last] = to;
      return;
    }
    // The first range that it touches, and the first behind it that it does not.
    const start = this.#firstEndingAt(from - 1);
    let end = start;
    while (end < this.#from.length && this.#from[end]! <= to + 1) end++;
    const low = end > start ? Math.min(from, this.#from[start]!) : from;
    const high = end > start ? Math.max(to, this.#to[end - 1]!) : to;
    this.#from.splice(start, end - start, low);
    this.#to.splice(start, end - start, high);
  }

  has(value: number): boolean {
    const at = this.#firstEndingAt(value);
    return at < this.#from.length && this.#from[at]! <= value;
  }

  /** The first stretch inside `from` … `to` that is not in the set. */
  firstMissing(from: number, to: number): { readonly from: number; readonly to: number } | undefined {
    let low = from;
    let at = this.#firstEndingAt(low);
    if (at < this.#from.length && this.#from[at]! <= low) {
      low = this.#to[at]! + 1;
      at++;
    }
    if (low > to) return undefined;
    const next = this.#from[at];
    return { from: low, to: next === undefined || next > to ? to : next - 1 };
  }

  /** Index of the first range that ends at `value` or above. */
  #firstEndingAt(value: number): number {
    let low = 0;
    let high = this.#to.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#to[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
