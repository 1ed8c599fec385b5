/**
 * The hunt for one mutant: from each base seed on, seed after seed of the scenarios that it names, then of all others,
 * until a checker accuses it and does not accuse the correct core on the same seed. It can be left and gone on with.
 */
import { seedAfter } from "../../scenarios/draw.ts";
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
  /** A trial that takes longer never ends. */
  readonly trialMs: number;
  readonly onFalseAlarm: (alarm: FalseAlarm) => void;
}

/** Seeds of each scenario, from each base. */
export interface HuntLimits {
  readonly named: number;
  readonly others: number;
}

export const HUNT_LIMITS: HuntLimits = { named: 150, others: 12 };
/** A trial without end is believed when it had so many times the time of the correct core. */
const PATIENCE = 4;

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

  /** Goes on until the present base is done with, or until the time is over. Answers why it cannot go on at all. */
  async proceed(untilMs: number): Promise<string | undefined> {
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
      const flaw = await this.#try(next.value, search, untilMs);
      if (flaw !== undefined) return flaw;
      if (this.#search === undefined) return undefined;
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.seedsInVain += this.#search?.seeds ?? 0;
    await this.#options.room.close();
  }

  async #try(trial: Trial, search: Search, untilMs: number): Promise<string | undefined> {
    const { room, trialMs } = this.#options;
    const leftMs = Math.max(1, untilMs - performance.now());
    const withinMs = Math.min(trialMs, leftMs);
    const answer = await room.run(trial, withinMs);
    search.seeds += 1;
    search.ms += answer.tookMs;
    switch (answer.type) {
      case "unloadable":
        return answer.message;
      case "stuck":
        // Cut off by the end of the time, not by its own.
        if (answer.why === "time" && withinMs < trialMs) return undefined;
        return void (await this.#confirm(trial, search, [endless(answer.why, trialMs)], untilMs));
      case "judged":
        if (answer.verdict === "invalid") await this.#confirm(trial, search, answer.findings, untilMs);
        return undefined;
    }
  }

  async #confirm(trial: Trial, search: Search, findings: readonly TrialFinding[], untilMs: number): Promise<void> {
    const { room, control, onFalseAlarm, trialMs } = this.#options;
    const core = await control.run(trial);
    const why = flawOf(core);
    if (why !== undefined) return onFalseAlarm({ ...trial, ...why });
    // The machine is busy: what looks endless may be slow, and gets as much more time.
    const fairMs = Math.ceil(core.tookMs * PATIENCE);
    if (findings[0]!.kind === "endless" && fairMs > trialMs) {
      if (fairMs > untilMs - performance.now()) return;
      const again = await room.run(trial, fairMs);
      if (again.type !== "stuck") return;
    }
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
  const others = built.filter((id) => !named.includes(id));
  for (let n = 0; n < limits.named; n++) {
    for (const scenario of named) yield { scenario, seed: seedAfter(base, n) };
  }
  for (let n = 0; n < limits.others; n++) {
    for (const scenario of others) yield { scenario, seed: seedAfter(base, n) };
  }
  return undefined;
}

function endless(why: "time" | "memory", trialMs: number): TrialFinding {
  const message =
    why === "time" ? `no end within ${Math.round(trialMs / 1000)} s` : "no end before its memory was used up";
  return { checker: "hang", kind: "endless", message, at: 0, provenAt: 0 };
}

function flawOf(core: TrialAnswer): { readonly checker: string; readonly message: string } | undefined {
  if (core.type === "stuck") return { checker: "hang", message: "the correct core does not end either" };
  if (core.type === "unloadable") return { checker: "simulator", message: core.message };
  if (core.verdict !== "invalid") return undefined;
  const { checker, message } = core.findings[0]!;
  return { checker, message };
}
