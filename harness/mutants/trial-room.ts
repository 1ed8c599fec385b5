/**
 * A thread that runs trials of one bundle, one at a time, and that can be left: a mutant may loop for ever or eat all
 * memory, and then its thread is ended and the next trial gets a new one.
 */
import { Worker } from "node:worker_threads";
import type { TrialCode } from "./trial-bundle.ts";
import type { ShrinkTrial, Trial, TrialMessage, TrialResult, TrialShrunk } from "./trial.ts";

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

export type MoreMs = (tookMs: number) => Promise<number>;
type Settle = (answer: TrialMessage | Stuck | Unloadable) => void;

/** Runs the two scripts; `cache` is what the engine made of the first one before. */
const BOOT = `const { parentPort, workerData } = require("node:worker_threads");
const { Script, runInThisContext } = require("node:vm");
const { base, edited, cache } = workerData;
const script = new Script(base, { cachedData: cache, filename: "trial" });
script.runInThisContext()(require, runInThisContext(edited, { filename: "edited" }));
parentPort.on("message", (asked) => {
  if (asked === "cache") parentPort.postMessage({ type: "cache", bytes: script.createCachedData() });
});`;

export class TrialRoom {
  readonly #code: TrialCode;
  readonly #cache: Uint8Array | undefined;
  #worker: Worker | undefined;
  #settle: Settle | undefined;
  /** Trials of one room come one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #built: readonly string[] = [];

  constructor(code: TrialCode, cache?: Uint8Array) {
    this.#code = code;
    this.#cache = cache;
  }

  /** Ids that can be tried: known after the first trial. */
  get built(): readonly string[] {
    return this.#built;
  }

  /** `moreMs`: asked when the time is over, with what it took so far: how much more it gets; 0: none. */
  run(trial: Trial, withinMs: number, moreMs?: MoreMs): Promise<TrialAnswer> {
    return this.#queue(() => this.#run<TrialResult>("judged", trial, withinMs, moreMs));
  }

  /** Takes as long as the trial says, or a little more. */
  shrink(trial: ShrinkTrial): Promise<ShrinkAnswer> {
    return this.#queue(() => this.#run<TrialShrunk>("shrunk", trial, trial.withinMs + SHRINK_GRACE_MS));
  }

  /** Loads the bundle; undefined when that went well. */
  load(): Promise<Unloadable | undefined> {
    return this.#queue(() => this.#load());
  }

  /** What the engine has compiled of the sources as they are, so that other rooms need not. */
  async takeCache(): Promise<Uint8Array | undefined> {
    await this.load();
    const said = await this.#hear(LOAD_MS, () => this.#worker?.postMessage("cache"));
    return said.type === "cache" ? said.bytes : undefined;
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
    trial: Trial | ShrinkTrial,
    withinMs: number,
    moreMs?: MoreMs,
  ): Promise<(T | Stuck | Unloadable) & { readonly tookMs: number }> {
    const unloadable = await this.#load();
    if (unloadable !== undefined) return { ...unloadable, tookMs: 0 };
    const startedMs = performance.now();
    const said = await this.#hear(withinMs, () => this.#worker!.postMessage(trial), moreMs);
    const tookMs = performance.now() - startedMs;
    if (said.type === type) return { ...(said as T), tookMs };
    await this.close();
    return said.type === "unloadable" || said.type === "stuck"
      ? { ...said, tookMs }
      : { type: "stuck", why: "time", tookMs };
  }

  #start(): void {
    // A script that is evaluated has no file: its warnings and its output are nobody's.
    const worker = new Worker(BOOT, {
      eval: true,
      workerData: { ...this.#code, cache: this.#cache },
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

  #hear(withinMs: number, ask: () => void, moreMs?: MoreMs): Promise<TrialMessage | Stuck | Unloadable> {
    return new Promise((resolve) => {
      const startedMs = performance.now();
      let watchdog: NodeJS.Timeout;
      const settle: Settle = (answer) => {
        clearTimeout(watchdog);
        if (this.#settle === settle) this.#settle = undefined;
        resolve(answer);
      };
      const giveUp = (): void => settle({ type: "stuck", why: "time" });
      const watch = async (): Promise<void> => {
        const leftMs = (await moreMs?.(performance.now() - startedMs)) ?? 0;
        if (this.#settle !== settle) return;
        if (leftMs > 0) wait(leftMs);
        else giveUp();
      };
      const wait = (ms: number): void => {
        watchdog = setTimeout(() => void watch().catch(giveUp), ms);
      };
      wait(withinMs);
      this.#settle = settle;
      ask();
    });
  }
}
