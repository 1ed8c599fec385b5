/** Waits for what a process shall say first, and no longer than it lives. */
import type { HostProcess } from "./backend.ts";
import { within } from "./deadline.ts";
import { EnvironmentError } from "./environment-error.ts";

/** What `ready` gives; an `EnvironmentError` when the process ends before it comes, or it does not come in time. */
export async function readyWithin<T>(
  name: string,
  process: HostProcess,
  timeoutMs: number,
  ready: Promise<T>,
): Promise<T> {
  const ended = process.closed.then((): never => {
    throw new EnvironmentError(`${name} ${process.describeEnd()}`);
  });
  // Whichever loses the race is nobody's error.
  ended.catch(() => {});
  return within(timeoutMs, `${name} was not ready`, Promise.race([ready, ended]));
}
