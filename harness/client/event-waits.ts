/**
 * Promises that are settled by the events of a client machine. Each wait has a probe, which is shown every event from
 * then on until it answers with a value; a wait ends by its probe, its time-out, or with the client. No wait keeps a
 * timer or a probe after its end.
 */
import type { ClientEvent } from "../../core/client/events.ts";
import { TimeoutError } from "./sync-error.ts";

/** Undefined: go on waiting. What it throws ends the wait. */
export type Probe<T> = (event: ClientEvent) => T | undefined;

export interface WaitOptions {
  /** For the sentence of a time-out: "Connecting". */
  readonly what: string;
  readonly timeoutMs: number;
}

interface Wait {
  hear(event: ClientEvent): void;
  fail(error: Error): void;
}

export class EventWaits {
  readonly #waits = new Set<Wait>();
  #failure: Error | undefined;

  get size(): number {
    return this.#waits.size;
  }

  wait<T>(probe: Probe<T>, { what, timeoutMs }: WaitOptions): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const wait: Wait = {
        hear: (event) => {
          try {
            const value = probe(event);
            if (value !== undefined) end(() => resolve(value));
          } catch (error) {
            end(() => reject(error));
          }
        },
        fail: (error) => end(() => reject(error)),
      };
      const timer = setTimeout(() => wait.fail(new TimeoutError(what, timeoutMs)), timeoutMs);
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waits.delete(wait);
        settle();
      };
      this.#waits.add(wait);
    });
  }

  hear(event: ClientEvent): void {
    for (const wait of [...this.#waits]) wait.hear(event);
  }

  /** Ends all of them, and whatever is waited for later. */
  fail(error: Error): void {
    this.#failure = error;
    for (const wait of [...this.#waits]) wait.fail(error);
  }
}
