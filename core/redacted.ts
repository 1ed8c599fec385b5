/**
 * A secret that cannot be printed by accident: text, JSON, template strings and Node's inspection all show
 * `[REDACTED]`, and the value is in a private field that no enumeration or clone reaches. `expose` is the one way in,
 * so that every use of a secret can be found by searching for it.
 */
const SHOWN = "[REDACTED]";
/** The registered symbol that Node's `inspect` (and so `console.log` and most loggers) asks for. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

export class Redacted<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The secret itself: for the call that needs it, never to be kept or passed on. */
  expose(): T {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [INSPECT](): string {
    return SHOWN;
  }
}
