/**
 * A fault could not be put in place, was not there when it was looked for, or did not go away. It makes a verdict
 * unknown: what the plan is about did not take place as it says.
 */
export class FaultError extends Error {
  override readonly name = "FaultError";
}
