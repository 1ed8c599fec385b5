/** Outputs of a turn, first in first out; every machine has one behind its `poll`. */
export class OutputQueue<T> {
  #items: (T | undefined)[] = [];
  #next = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  poll(): T | undefined {
    if (this.#next === this.#items.length) return undefined;
    const item = this.#items[this.#next];
    this.#items[this.#next++] = undefined;
    if (this.#next === this.#items.length) {
      this.#items.length = 0;
      this.#next = 0;
    }
    return item;
  }
}
