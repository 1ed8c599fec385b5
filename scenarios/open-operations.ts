/**
 * Operations that were invoked and are not completed, by process number. There are few at a time, so a list that is
 * looked through from the oldest beats a map that is filled and emptied again and again; it holds what is open and no
 * more, however long the run.
 */
export class OpenOperations<T> {
  readonly #processes: number[] = [];
  readonly #values: T[] = [];

  get size(): number {
    return this.#values.length;
  }

  add(process: number, value: T): void {
    this.#processes.push(process);
    this.#values.push(value);
  }

  get(process: number): T | undefined {
    const at = this.#processes.indexOf(process);
    return at < 0 ? undefined : this.#values[at];
  }

  take(process: number): T | undefined {
    const at = this.#processes.indexOf(process);
    if (at < 0) return undefined;
    const value = this.#values[at];
    const process_ = this.#processes.pop()!;
    const last = this.#values.pop()!;
    if (at < this.#values.length) {
      this.#processes[at] = process_;
      this.#values[at] = last;
    }
    return value;
  }

  /** In no particular order. */
  takeAll(): readonly T[] {
    this.#processes.length = 0;
    return this.#values.splice(0);
  }

  /** In no particular order. */
  values(): readonly T[] {
    return this.#values;
  }
}
