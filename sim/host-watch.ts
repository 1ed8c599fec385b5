/**
 * What a plan wants to know of, or to keep from, one host's protocol: faults that are bound to its moments, and messages
 * that are withheld from it. Hosts of plans without either have none, and cost nothing.
 */
import type { StagedStore } from "./kernel/program.ts";
import type { Moments } from "./moments.ts";
import { WatchedStore } from "./watched-store.ts";
import { withhold, type Withholding } from "./withhold.ts";

export class HostWatch {
  readonly #host: string;
  readonly #moments: Moments;
  readonly #withholdings: readonly Withholding[];
  readonly #onWithheld: (withholding: Withholding) => void;

  constructor(
    host: string,
    moments: Moments,
    withholdings: readonly Withholding[],
    onWithheld: (withholding: Withholding) => void,
  ) {
    this.#host = host;
    this.#moments = moments;
    this.#withholdings = withholdings;
    this.#onWithheld = onWithheld;
  }

  sealed(plaintext: Uint8Array): void {
    this.#moments.sealed(this.#host, plaintext);
  }

  opened(plaintext: Uint8Array): void {
    if (this.#withholdings.length === 0) return;
    for (const withheld of withhold(plaintext, this.#withholdings)) this.#onWithheld(withheld);
  }

  sent(peer: string, bytes: Uint8Array): void {
    this.#moments.sent(this.#host, peer, bytes);
  }

  /** A new process of the host with this store. */
  started<Operation, Answer>(store: StagedStore<Operation, Answer>): StagedStore<Operation, Answer> {
    this.#moments.died(this.#host);
    return new WatchedStore(store, (stage) => this.#moments.stored(this.#host, stage));
  }
}
