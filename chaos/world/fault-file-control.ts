/**
 * The controller's side of a host's fault file (`scenarios/host-faults.ts`): writes what the host shall do to itself and
 * reads back that its process follows. One for each host; a backend says how the two files are reached.
 */
import { encodeHostFaults, NO_FAULTS, type HostFaults } from "../../scenarios/host-faults.ts";
import { FaultError } from "./fault-error.ts";
import { runClock } from "./run-clock.ts";

export interface FaultFiles {
  readonly name: string;
  /** Whole or not at all. */
  write(text: string): Promise<void>;
  /** What the process says that it follows; `undefined` when it has said nothing yet. */
  readSeen(): Promise<string | undefined>;
  /** Whether there is a process to follow it now; one that starts later reads the file first. */
  isUp(): boolean;
}

const SEEN_WITHIN_MS = 3000;
const LOOK_MS = 2;

export class FaultFileControl {
  readonly #files: FaultFiles;
  #faults: HostFaults = NO_FAULTS;
  #last: Promise<void> = Promise.resolve();

  constructor(files: FaultFiles) {
    this.#files = files;
  }

  /** Resolves when the process follows; throws a `FaultError` when it does not. */
  change(part: Partial<Omit<HostFaults, "revision">>): Promise<void> {
    const change = this.#last.then(() => this.#change(part));
    this.#last = change.catch(() => {});
    return change;
  }

  async #change(part: Partial<HostFaults>): Promise<void> {
    this.#faults = { ...this.#faults, ...part, revision: this.#faults.revision + 1 };
    const text = encodeHostFaults(this.#faults);
    await this.#files.write(text);
    const untilUs = runClock.nowUs() + 1000 * SEEN_WITHIN_MS;
    while (this.#files.isUp()) {
      if ((await this.#files.readSeen()) === text) return;
      if (runClock.nowUs() > untilUs) {
        throw new FaultError(`${this.#files.name} does not follow its fault file after ${SEEN_WITHIN_MS} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}
