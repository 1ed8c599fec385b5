/**
 * The kernel: one simulated world without any protocol in it.
 *
 * Hosts with programs, a network between them, a disk in each, one queue of what is due, one source of choices, one
 * trace. Same seed, same calls, same trace, on every machine. Synchronous throughout: `run` handles one entry after the
 * other and comes back. A kernel is made once and reset from seed to seed, because its buffers and the warm code are
 * worth more than a fresh start; a reset kernel behaves byte for byte like a new one. The world above it is the caller.
 */
import { Action } from "./action.ts";
import { LabelTable, SeededChoices } from "./choices.ts";
import type { Cause, Choices } from "./choices.ts";
import { Host } from "./host.ts";
import { Network } from "./network.ts";
import type { Program } from "./program.ts";
import { Scheduler } from "./scheduler.ts";
import type { Lane, Queue, Substrate } from "./scheduler.ts";
import { TraceDigest } from "./trace.ts";

export interface KernelOptions {
  /** 64 bits of seed as two 32-bit words. */
  readonly seedLo: number;
  readonly seedHi: number;
  /** The hosts' wall clock at the start, in ms since the Unix epoch. */
  readonly startWallMs: number;
  /** `run` ends with "budget" when machines have handled so many inputs. */
  readonly eventBudget: number;
  /** Instead of those that the seed makes. */
  readonly choices?: Choices;
  /** Instead of the one that goes by time. */
  readonly queue?: Queue;
}

export interface HostOptions {
  /** The endpoint address on which the host listens. Without it, it only dials. */
  readonly listen?: string;
}

export interface Violation {
  readonly host: string;
  readonly atMs: number;
  readonly message: string;
  /** What was thrown. */
  readonly error: unknown;
}

export type RunEnd = "done" | "budget" | "violation";

/** A host of any protocol, as the kernel lists it. */
export type AnyHost = Host<never, unknown, unknown, unknown>;

export class Kernel implements Substrate {
  readonly labels = new LabelTable();
  readonly scheduler = new Scheduler();
  readonly trace = new TraceDigest();
  readonly network: Network = new Network(this);
  private readonly seeded = new SeededChoices(0, 0);
  private hostList: AnyHost[] = [];
  private options: KernelOptions;
  private source: Choices;
  private failed: Violation | undefined;

  constructor(options: KernelOptions) {
    this.options = options;
    this.source = this.sourceFor(options);
    this.scheduler.reset(options.startWallMs, options.queue);
  }

  get choices(): Choices {
    return this.source;
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  /** Calls of any machine's `handle`. */
  get handled(): number {
    return this.scheduler.handled;
  }

  /** The cause of the turn that is being taken. */
  get cause(): Cause {
    return this.scheduler.cause;
  }

  /** Entries in the queue, of any kind. */
  get pendingEntries(): number {
    return this.scheduler.queue.size;
  }

  /** The first thing that a machine or a store threw. */
  get violation(): Violation | undefined {
    return this.failed;
  }

  /** In order of addition. */
  get hosts(): readonly AnyHost[] {
    return this.hostList;
  }

  /** The host is not started. Throws when the name or the address is taken. */
  addHost<Command, Event, Operation, Answer>(
    name: string,
    program: Program<Command, Event, Operation, Answer>,
    options: HostOptions = {},
  ): Host<Command, Event, Operation, Answer> {
    if (this.hostList.some((host) => host.name === name)) throw new Error(`there is a host ${name} already`);
    const { listen } = options;
    const host = new Host(this, this.network, name, program, this.options, listen !== undefined);
    if (listen !== undefined) this.network.listen(listen, host);
    this.hostList.push(host as unknown as AnyHost);
    return host;
  }

  /** Plan steps and the world's own probes. At once, if `atMs` is past. */
  at(atMs: number, cause: Cause, action: () => void, lane?: Lane): void {
    this.scheduler.push(atMs, new Action(cause, action, lane && (() => lane)));
  }

  /**
   * Handles every entry up to and including `untilMs`, then sets `nowMs` to it. Ends early at a violation, and when the
   * budget is used up while something is still due. What the world's own callbacks throw goes through to the caller.
   */
  run(untilMs: number): RunEnd {
    const { scheduler } = this;
    const { queue } = scheduler;
    const { eventBudget } = this.options;
    for (;;) {
      if (this.failed !== undefined) return "violation";
      if (scheduler.handled >= eventBudget && (queue.peekMs() ?? Infinity) <= untilMs) return "budget";
      const entry = queue.popUntil(untilMs);
      if (entry === undefined) break;
      scheduler.nowMs = queue.poppedMs;
      scheduler.cause = entry.cause;
      entry.fire();
    }
    if (untilMs > scheduler.nowMs) scheduler.nowMs = untilMs;
    return "done";
  }

  fail(host: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.failed ??= { host, atMs: this.nowMs, message, error };
  }

  /** Hosts, links and everything under way are gone; labels and big buffers are kept. */
  reset(options: KernelOptions): void {
    this.options = options;
    this.source = this.sourceFor(options);
    this.failed = undefined;
    this.hostList = [];
    this.scheduler.reset(options.startWallMs, options.queue);
    this.network.reset();
    this.trace.reset();
  }

  private sourceFor(options: KernelOptions): Choices {
    if (options.choices !== undefined) return options.choices;
    this.seeded.reset(options.seedLo, options.seedHi);
    return this.seeded;
  }
}
