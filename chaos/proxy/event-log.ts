/**
 * What happened in a fault proxy, in order: for a controller in the same process as it happens, and for one elsewhere
 * the last few thousand over HTTP. Times are the machine's monotonic clock, the same for every process.
 */
import process from "node:process";
import type { Stream } from "./toxic.ts";

export type FaultProxyEvent = { readonly n: number; readonly atUs: number; readonly proxy: string } & EventBody;

export type EventBody =
  | { readonly type: "created" | "enabled" | "disabled" | "deleted" }
  /** `refused`: the upstream could not be reached. */
  | { readonly type: "opened" | "closed" | "refused"; readonly connection: number }
  | { readonly type: "added" | "updated"; readonly toxic: string; readonly stream: Stream }
  /** With what it had done until then. */
  | {
      readonly type: "removed";
      readonly toxic: string;
      readonly stream: Stream;
      readonly chunks: number;
      readonly bytes: number;
    }
  /** A toxic did something for the first time since it was added. */
  | { readonly type: "acted"; readonly toxic: string; readonly stream: Stream; readonly connection: number };

const EVENTS_MAX = 8192;

export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

export class EventLog {
  readonly #onEvent: ((event: FaultProxyEvent) => void) | undefined;
  #events: FaultProxyEvent[] = [];
  #count = 0;

  constructor(onEvent: ((event: FaultProxyEvent) => void) | undefined) {
    this.#onEvent = onEvent;
  }

  record(proxy: string, body: EventBody): void {
    const event = { n: ++this.#count, atUs: nowUs(), proxy, ...body };
    this.#events.push(event);
    if (this.#events.length >= 2 * EVENTS_MAX) this.#events = this.#events.slice(-EVENTS_MAX);
    this.#onEvent?.(event);
  }

  /** Those with a number above `n` that are still kept; ask again with `last`. */
  after(n: number): { readonly last: number; readonly events: readonly FaultProxyEvent[] } {
    return { last: this.#count, events: this.#events.filter((event) => event.n > n) };
  }
}
