/**
 * A mutant: a bug that is planted on purpose, as data, to see whether a checker notices. The runner (`harness/mutants`)
 * applies the edits to the sources in memory; nothing of them is in the code that runs otherwise. A `find` matches
 * exactly once in today's sources, or the mutant is stale and the run fails: so finds are short and name what is meant.
 */

export interface Mutant {
  /** `M…` from the list of the upstream project's defects, `N…` our own. */
  readonly id: string;
  /** The bug, in a few words. */
  readonly title: string;
  /** Where it comes from: a defect of another project, or `own`. */
  readonly from: string;
  readonly edits: readonly MutantEdit[];
  /** The checker that must notice; of a mutant with a `test`, what that test is about. */
  readonly caughtBy: string;
  /** Ids of scenarios that are tried first, each in turn; then all others. */
  readonly scenarios: readonly string[];
  /** Why it is not run yet: the protocol lacks the feature (it has no edits then), or nothing is there to see it. */
  readonly waiting?: string;
  /** Code or symptom lie outside of the simulated world: the test file that fails on it. */
  readonly test?: string;
}

export interface MutantEdit {
  /** From the root of the checkout, with `/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}
