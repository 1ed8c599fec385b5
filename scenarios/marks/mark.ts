/**
 * A mark: `mark("client.failover")` in the pure rooms says "this rare thing did happen". A run counts its marks, a sweep
 * tells which were never hit, and guidance keeps what reached a new one. Here is what is known of each beforehand.
 */

export interface Mark {
  /** As in the code, where it stands once. */
  readonly name: string;
  /** The file, from the root of the checkout. */
  readonly where: string;
  readonly what: string;
  /** Whether a sweep of all ids, with `MARKS_JUDGED_FROM_SEEDS` each, must hit it. */
  readonly expected: boolean;
  /** Why not, where it is not. */
  readonly why: string | undefined;
}

/** Fewer seeds of each id are too few to tell. */
export const MARKS_JUDGED_FROM_SEEDS = 300;

type Told = string | { readonly what: string; readonly unexpected: string };

export function marksIn(where: string, told: { readonly [name: string]: Told }): readonly Mark[] {
  return Object.entries(told).map(([name, one]) =>
    typeof one === "string"
      ? { name, where, what: one, expected: true, why: undefined }
      : { name, where, what: one.what, expected: false, why: one.unexpected },
  );
}
