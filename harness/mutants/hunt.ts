/**
 * The hunt for one mutant: from each base seed on, seed after seed of the scenarios that it names, then of all others,
 * until a checker accuses it and does not accuse the correct core on the same seed. It can be left and gone on with.
 */
import process from "node:process";
import { seedAfter } from "../../scenarios/draw.ts";
import { RELAY_VIEW } from "../../scenarios/checkers/relay-view.ts";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import type { ShrinkTarget } from "../shrink/shrink.ts";
import type { Control } from "./control.ts";
import type { TrialAnswer, TrialRoom } from "./trial-room.ts";
import type { Trial, TrialFinding } from "./trial.ts";

/** How a mutant was caught from one base seed. */
export interface Catch {
  readonly base: string;
  readonly scenario: string;
  readonly seed: string;
  /** What was told first: by the checker that the mutant names, when several tell at the same event. */
  readonly first: Pick<TrialFinding, "checker" | "kind" | "message">;
  /** What a shrinker keeps: what the checker that the mutant names found, if it did, or else what was told first. */
  readonly target: ShrinkTarget;
  /** All that told at that event. */
  readonly firsts: readonly string[];
  /** All that accused it in this run, the first one first. */
  readonly checkers: readonly string[];
  readonly seeds: number;
  /** In the mutant's own thread, the thread's start not counted. */
  readonly seconds: number;
}

/** The correct core was accused too: what the mutant is accused of there proves nothing. */
export interface FalseAlarm extends Trial {
  readonly checker: string;
  readonly message: string;
}

export interface HuntOptions {
  readonly mutant: Mutant;
  readonly room: Pick<TrialRoom, "run" | "close">;
  readonly control: Pick<Control, "run">;
  readonly bases: readonly string[];
  /** Every scenario that can be tried. */
  readonly built: readonly string[];
  readonly limits?: HuntLimits;
  /** A trial that has the processor for longer never ends, unless the correct core is slow too. */
  readonly trialMs: number;
  /** Threads that share what the process gets of the processor; default 1. */
  readonly threads?: number;
  /** Processor time of the process so far; default: what the system says. */
  readonly cpuMs?: () => number;
  readonly onFalseAlarm: (alarm: FalseAlarm) => void;
}

/** Seeds of each scenario, from each base. */
export interface HuntLimits {
  readonly named: number;
  readonly others: number;
}

export const HUNT_LIMITS: HuntLimits = { named: 150, others: 12 };
/** A trial without end is believed when it had so many times the time of the correct core, whose thread is warm … */
const PATIENCE = 6;
/** … and its share of the processor; or, if it never gets that, so many times the time for a trial. */
const PATIENCE_IN_ALL = 12;
const STEP_MS = 250;

/** Of all threads. */
function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export class Hunt {
  readonly catches: Catch[] = [];
  /** Bases from which all was tried in vain. */
  readonly missed: string[] = [];
  /** Trials, and what they took, that led to no catch. */
  seedsInVain = 0;
  readonly #options: HuntOptions;
  readonly #bases: string[];
  #search: Search | undefined;

  constructor(options: HuntOptions) {
    this.#options = options;
    this.#bases = [...options.bases];
  }

  get mutant(): Mutant {
    return this.#options.mutant;
  }

  get isOver(): boolean {
    return this.#search === undefined && this.#bases.length === 0;
  }

  /**
   * Goes on until the present base is done with, or until the time is over: a trial that has begun by then may go on
   * until `endMs`. Answers why it cannot go on at all.
   */
  async proceed(untilMs: number, endMs: number = untilMs): Promise<string | undefined> {
    const base = this.#search?.base ?? this.#bases.shift();
    if (base === undefined) return undefined;
    const search = (this.#search ??= { base, trials: trialsOf(this.#options, base), seeds: 0, ms: 0 });
    while (performance.now() < untilMs) {
      const next = search.trials.next();
      if (next.done === true) {
        this.missed.push(base);
        this.seedsInVain += search.seeds;
        this.#search = undefined;
        return undefined;
      }
      const flaw = await this.#try(next.value, search, endMs);
      if (flaw !== undefined) return flaw;
      if (this.#search === undefined) return undefined;
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.seedsInVain += this.#search?.seeds ?? 0;
    await this.#options.room.close();
  }

  async #try(trial: Trial, search: Search, endMs: number): Promise<string | undefined> {
    const { room, control, trialMs, threads = 1 } = this.#options;
    const leftMs = Math.max(1, endMs - performance.now());
    const cpuMs = this.#options.cpuMs ?? processCpuMs;
    const cpuBeforeMs = cpuMs();
    let isGivenUp = false;
    // The machine may be busy: what looks endless may be slow.
    const answer = await room.run(trial, Math.min(trialMs, leftMs), async (tookMs) => {
      if (tookMs >= leftMs) return 0;
      const core = await control.run(trial);
      const isFair = tookMs >= core.tookMs * PATIENCE && (cpuMs() - cpuBeforeMs) / threads >= trialMs;
      isGivenUp = isFair || tookMs >= trialMs * PATIENCE_IN_ALL;
      return isGivenUp ? 0 : Math.min(STEP_MS, leftMs - tookMs);
    });
    search.seeds += 1;
    search.ms += answer.tookMs;
    switch (answer.type) {
      case "unloadable":
        return answer.message;
      case "stuck":
        // Cut off by the end of the time, not by its own.
        if (answer.why === "time" && !isGivenUp) return undefined;
        return void (await this.#confirm(trial, search, [endless(answer.why, answer.tookMs)]));
      case "judged":
        if (answer.verdict === "invalid") await this.#confirm(trial, search, answer.findings);
        return undefined;
    }
  }

  async #confirm(trial: Trial, search: Search, findings: readonly TrialFinding[]): Promise<void> {
    const { control, onFalseAlarm } = this.#options;
    const core = await control.run(trial);
    const why = flawOf(core);
    if (why !== undefined) return onFalseAlarm({ ...trial, ...why });
    const { base, seeds, ms } = search;
    const checkers = [...new Set(findings.map(({ checker }) => checker))];
    const earliest = findings.filter(
      ({ at, provenAt }) => at === findings[0]!.at && provenAt === findings[0]!.provenAt,
    );
    const { checker, kind, message } =
      earliest.find((finding) => finding.checker === this.mutant.caughtBy) ?? earliest[0]!;
    const firsts = [...new Set(earliest.map((finding) => finding.checker))];
    const first = { checker, kind, message };
    const named = findings.find((finding) => finding.checker === this.mutant.caughtBy) ?? first;
    const target = { checker: named.checker, kind: named.kind };
    this.catches.push({ ...trial, base, first, target, firsts, checkers, seeds, seconds: ms / 1000 });
    this.#search = undefined;
  }
}

interface Search {
  readonly base: string;
  readonly trials: Iterator<Trial>;
  seeds: number;
  ms: number;
}

function* trialsOf(options: HuntOptions, base: string): Generator<Trial, undefined> {
  const { mutant, built, limits = HUNT_LIMITS } = options;
  const named = mutant.scenarios.filter((id) => built.includes(id));
  const twin = mutant.caughtBy === RELAY_VIEW ? { isTwin: true } : undefined;
  const others = built.filter((id) => !named.includes(id));
  for (let n = 0; n < limits.named; n++) {
    for (const scenario of named) yield { scenario, seed: seedAfter(base, n), ...twin };
  }
  for (let n = 0; n < limits.others; n++) {
    for (const scenario of others) yield { scenario, seed: seedAfter(base, n) };
  }
  return undefined;
}

function endless(why: "time" | "memory", tookMs: number): TrialFinding {
  const message =
    why === "time" ? `no end within ${Math.round(tookMs / 1000)} s` : "no end before its memory was used up";
  return { checker: "hang", kind: "endless", message, at: 0, provenAt: 0 };
}

function flawOf(core: TrialAnswer): { readonly checker: string; readonly message: string } | undefined {
  if (core.type === "stuck") return { checker: "hang", message: "the correct core does not end either" };
  if (core.type === "unloadable") return { checker: "simulator", message: core.message };
  if (core.verdict !== "invalid") return undefined;
  const { checker, message } = core.findings[0]!;
  return { checker, message };
}
