/**
 * Outputs of a turn, first in first out; every machine has one behind its `poll`. Its array is rewound, never cut:
 * setting an array's length costs more than all the rest.
 */
export class OutputQueue<T> {
  readonly #items: (T | undefined)[] = [];
  #next = 0;
  #filled = 0;

  push(item: T): void {
    this.#items[this.#filled++] = item;
  }

  poll(): T | undefined {
    if (this.#next === this.#filled) return undefined;
    const item = this.#items[this.#next];
    this.#items[this.#next++] = undefined;
    if (this.#next === this.#filled) {
      this.#next = 0;
      this.#filled = 0;
    }
    return item;
  }
}
