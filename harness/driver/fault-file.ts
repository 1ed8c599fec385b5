/**
 * The file of `scenarios/host-faults.ts` as a relay or an agent follows it: a clock that is off, and what a commit meets.
 * Made by their commands when the environment names such a file, and by nobody else.
 */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { FAULT_FILE_VARIABLE, NO_FAULTS, parseHostFaults, SEEN_SUFFIX } from "../../scenarios/host-faults.ts";
import type { HostFaults } from "../../scenarios/host-faults.ts";
import type { CommitFaults } from "../sqlite/database.ts";
import type { Clock } from "./clock.ts";

const READ_EVERY_MS = 5;

export class FaultFile implements CommitFaults {
  readonly #path: string;
  #text = "";
  #faults: HostFaults = NO_FAULTS;
  #commits = 0;

  constructor(path: string) {
    this.#path = path;
    this.#read();
    // Nobody is kept alive by it.
    setInterval(() => this.#read(), READ_EVERY_MS).unref();
  }

  /** The same clock, off by what the file says. */
  shift(clock: Clock): Clock {
    return {
      rate: clock.rate,
      now: () => {
        const { monoMs, wallMs } = clock.now();
        return { monoMs, wallMs: wallMs + this.#faults.wallOffsetMs };
      },
    };
  }

  get isSyncLost(): boolean {
    return this.#faults.isSyncLost;
  }

  beforeCommit(): "full" | "failed" | undefined {
    const { syncDelayMs, writeErrorPermille, isFull, seed } = this.#faults;
    if (syncDelayMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, syncDelayMs);
    if (isFull) return "full";
    if (writeErrorPermille === 0) return undefined;
    const lot =
      createHash("sha256")
        .update(`${seed}/${this.#commits++}`)
        .digest()
        .readUInt32BE() % 1000;
    return lot < writeErrorPermille ? "failed" : undefined;
  }

  #read(): void {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch {
      // Not there yet: no faults.
      return;
    }
    if (text === this.#text) return;
    const faults = parseHostFaults(text);
    if (faults === undefined) return;
    this.#text = text;
    this.#faults = faults;
    writeFileSync(`${this.#path}${SEEN_SUFFIX}-new`, text, { mode: 0o600 });
    renameSync(`${this.#path}${SEEN_SUFFIX}-new`, `${this.#path}${SEEN_SUFFIX}`);
  }
}

export function openFaultFile(env: NodeJS.ProcessEnv): FaultFile | undefined {
  const path = env[FAULT_FILE_VARIABLE];
  return path === undefined || path === "" ? undefined : new FaultFile(path);
}
