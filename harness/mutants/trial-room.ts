/**
 * A thread that runs trials of one bundle, one at a time, and that can be left: a mutant may loop for ever or eat all
 * memory, and then its thread is ended and the next trial gets a new one.
 */
import { Worker } from "node:worker_threads";
import type { PlanTrial, ShrinkTrial, Trial, TrialMessage, TrialRequest, TrialResult, TrialShrunk } from "./trial.ts";

/** It gave no answer: within the time, or the memory, that it had. */
export interface Stuck {
  readonly type: "stuck";
  readonly why: "time" | "memory";
}

/** The bundle cannot even be loaded. */
export interface Unloadable {
  readonly type: "unloadable";
  readonly message: string;
}

export type TrialAnswer = (TrialResult | Stuck | Unloadable) & { readonly tookMs: number };
export type ShrinkAnswer = (TrialShrunk | Stuck | Unloadable) & { readonly tookMs: number };

const MEMORY_MIB = 512;
/** A shrinker looks at the clock between two runs, of which each ends: so much later it would have answered. */
const SHRINK_GRACE_MS = 15_000;
/** Loading takes a fraction of a second; on a machine with much else to do, longer. */
const LOAD_MS = 60_000;

type Settle = (answer: TrialMessage | Stuck | Unloadable) => void;

export class TrialRoom {
  readonly #code: string;
  #worker: Worker | undefined;
  #settle: Settle | undefined;
  /** Trials of one room come one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #built: readonly string[] = [];

  constructor(code: string) {
    this.#code = code;
  }

  /** Ids that can be tried: known after the first trial. */
  get built(): readonly string[] {
    return this.#built;
  }

  run(trial: Trial | PlanTrial, withinMs: number): Promise<TrialAnswer> {
    return this.#queue(() => this.#run<TrialResult>("judged", trial, withinMs));
  }

  /** Takes as long as the trial says, or a little more. */
  shrink(trial: ShrinkTrial): Promise<ShrinkAnswer> {
    return this.#queue(() => this.#run<TrialShrunk>("shrunk", trial, trial.withinMs + SHRINK_GRACE_MS));
  }

  /** Loads the bundle; undefined when that went well. */
  load(): Promise<Unloadable | undefined> {
    return this.#queue(() => this.#load());
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #queue<T>(task: () => Promise<T>): Promise<T> {
    const queued = this.#last.then(task);
    this.#last = queued;
    return queued;
  }

  async #load(): Promise<Unloadable | undefined> {
    if (this.#worker !== undefined) return undefined;
    const said = await this.#hear(LOAD_MS, () => this.#start());
    if (said.type === "ready") {
      this.#built = said.built;
      return undefined;
    }
    await this.close();
    const message = said.type === "unloadable" ? said.message : "it does not end when it is loaded";
    return { type: "unloadable", message };
  }

  async #run<T extends TrialResult | TrialShrunk>(
    type: T["type"],
    request: TrialRequest,
    withinMs: number,
  ): Promise<(T | Stuck | Unloadable) & { readonly tookMs: number }> {
    const unloadable = await this.#load();
    if (unloadable !== undefined) return { ...unloadable, tookMs: 0 };
    const startedMs = performance.now();
    const said = await this.#hear(withinMs, () => this.#worker!.postMessage(request));
    const tookMs = performance.now() - startedMs;
    if (said.type === type) return { ...(said as T), tookMs };
    await this.close();
    return said.type === "unloadable" || said.type === "stuck"
      ? { ...said, tookMs }
      : { type: "stuck", why: "time", tookMs };
  }

  #start(): void {
    // A script that is evaluated has no file: its warnings and its output are nobody's.
    const worker = new Worker(this.#code, {
      eval: true,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
      stdout: true,
      stderr: true,
    });
    this.#worker = worker;
    // One that was left may still have something to say.
    const hear = (said: TrialMessage | Stuck | Unloadable): void => {
      if (worker === this.#worker) this.#settle?.(said);
    };
    worker.on("message", hear);
    worker.on("error", (error: NodeJS.ErrnoException) => {
      const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      hear(isMemory ? { type: "stuck", why: "memory" } : { type: "unloadable", message: error.message });
    });
  }

  #hear(withinMs: number, ask: () => void): Promise<TrialMessage | Stuck | Unloadable> {
    return new Promise((resolve) => {
      const watchdog = setTimeout(() => this.#settle?.({ type: "stuck", why: "time" }), withinMs);
      this.#settle = (said) => {
        clearTimeout(watchdog);
        this.#settle = undefined;
        resolve(said);
      };
      ask();
    });
  }
}
