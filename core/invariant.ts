/**
 * A broken invariant: our own mistake, never the peer's and never the user's. Only the world or the driver catches it;
 * the machine that threw it must not be used again.
 */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

export function assertInvariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new InvariantViolation(what);
}

/** Ends an exhaustive switch: the compiler refuses a case that was forgotten. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unreachable case: ${String((value as { type?: unknown }).type ?? value)}`);
}
