/**
 * A map under three texts – (relay, group, epoch) or (device, relay, epoch) – as nested maps, because joining three
 * texts into one key for every record costs more than the check itself. Consecutive records mostly concern the same
 * log, so the last entry is kept at hand.
 */
export class ThreeKeyMap<T> {
  readonly #make: (a: string, b: string, c: string) => T;
  readonly #entries = new Map<string, Map<string, Map<string, T>>>();
  #a = "";
  #b = "";
  #c = "";
  #last: T | undefined = undefined;

  /** `make` gives the value of an entry that is asked for the first time. */
  constructor(make: (a: string, b: string, c: string) => T) {
    this.#make = make;
  }

  at(a: string, b: string, c: string): T {
    if (this.#last !== undefined && this.#c === c && this.#a === a && this.#b === b) return this.#last;
    let second = this.#entries.get(a);
    if (second === undefined) this.#entries.set(a, (second = new Map()));
    let third = second.get(b);
    if (third === undefined) second.set(b, (third = new Map()));
    let value = third.get(c);
    if (value === undefined) third.set(c, (value = this.#make(a, b, c)));
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#last = value;
    return value;
  }

  /** Without making it. */
  get(a: string, b: string, c: string): T | undefined {
    return this.#entries.get(a)?.get(b)?.get(c);
  }

  forEach(visit: (value: T, a: string, b: string, c: string) => void): void {
    for (const [a, second] of this.#entries) {
      for (const [b, third] of second) {
        for (const [c, value] of third) visit(value, a, b, c);
      }
    }
  }
}
