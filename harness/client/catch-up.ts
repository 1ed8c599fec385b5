/**
 * Knows when everything that a relay had is in the inbox: told every event of the client machine from the moment on at
 * which a pull was wished for. A Pull that was under way before does not count: it may have missed something.
 */
import type { ClientEvent } from "../../core/client/events.ts";

export type CatchUpState = "waiting" | "done" | "failed";

export class CatchUp {
  readonly #relay: string;
  #askedAfter: number | undefined;
  /** The last page ends here: done once this is durable. */
  #target: number | undefined;
  #state: CatchUpState = "waiting";
  #why = "";

  /** `relay` is the id, in hex, of the relay that is asked. */
  constructor(relay: string) {
    this.#relay = relay;
  }

  /** Why it failed, in a few words. */
  get why(): string {
    return this.#why;
  }

  hear(event: ClientEvent): CatchUpState {
    if (this.#state !== "waiting") return this.#state;
    switch (event.type) {
      case "pulling":
        if (event.relay === this.#relay) this.#askedAfter = event.after;
        break;
      case "pulled":
        if (event.relay !== this.#relay || this.#askedAfter === undefined || event.hasMore) break;
        if (event.through === this.#askedAfter) this.#state = "done";
        else this.#target = event.through;
        break;
      case "inbox":
        if (event.relay !== this.#relay || this.#target === undefined) break;
        if (event.through.cursor >= this.#target) this.#state = "done";
        break;
      case "store-failed":
        return this.#fail("the disk refused to take what came");
      case "disconnected":
        if (event.relay === this.#relay) return this.#fail("the connection was lost");
        break;
      default:
        break;
    }
    return this.#state;
  }

  #fail(why: string): CatchUpState {
    this.#why = why;
    this.#state = "failed";
    return this.#state;
  }
}
