/** A store that says when it has written, and when it has synced. */
import type { Now } from "../core/machine.ts";
import type { StagedStore } from "./kernel/program.ts";

export class WatchedStore<Operation, Answer> implements StagedStore<Operation, Answer> {
  readonly #store: StagedStore<Operation, Answer>;
  readonly #tell: (stage: "written" | "synced") => void;
  #isWritten = false;

  constructor(store: StagedStore<Operation, Answer>, tell: (stage: "written" | "synced") => void) {
    this.#store = store;
    this.#tell = tell;
  }

  stage(operations: readonly Operation[], now: Now): boolean {
    this.#isWritten = this.#store.stage(operations, now);
    if (this.#isWritten) this.#tell("written");
    return this.#isWritten;
  }

  commit(): readonly Answer[] {
    const answers = this.#store.commit();
    if (this.#isWritten) this.#tell("synced");
    return answers;
  }
}
