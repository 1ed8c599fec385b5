/** What this machine, or a program that the controller was given, could not do: no verdict about the code under test. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}
