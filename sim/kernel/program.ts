/**
 * What runs on a host: a machine with its store, made anew at every start.
 *
 * This is the port through which a protocol gets into the simulated world; the kernel knows nothing else of it. The
 * world (or a person with a protocol of their own) implements it once per kind of node.
 */
import type { Entropy, Machine, Now } from "../../core/machine.ts";
import type { Cause } from "./choices.ts";
import type { Disk } from "./disk.ts";

/** A store in two steps, so that a crash can fall between writing and syncing. */
export interface StagedStore<Operation, Answer> {
  /** Decides and writes (append) without syncing. True when something was written and needs a sync. */
  stage(operations: readonly Operation[], now: Now): boolean;
  /** Syncs what was staged and returns every answer, in order: one per operation. */
  commit(): readonly Answer[];
}

export interface RunningProgram<Command, Event, Operation, Answer> {
  readonly machine: Machine<Command, Event, Operation, Answer>;
  readonly store: StagedStore<Operation, Answer>;
}

export interface Program<Command, Event, Operation, Answer> {
  /** At every start of the host; `incarnation` counts from 0. The store reads back what the disk still holds. */
  start(incarnation: number, disk: Disk, entropy: Entropy): RunningProgram<Command, Event, Operation, Answer>;
  /** What the machine tells its application, at once, with the cause of the input that it handled. */
  onEvent(event: Event, now: Now, cause: Cause): void;
  /** The machine's bytes for this peer are the network's now. */
  onSend?(peer: string, bytes: Uint8Array): void;
  /** After the store's `commit()` returned, before the answers are handled. */
  onCommit?(now: Now): void;
}
