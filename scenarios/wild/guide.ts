/**
 * Guidance: plans whose runs have been somewhere new are kept, and most new plans are made from those, the rarer what
 * they reached the more often. All of it comes from one seed and from what the runs told, in order. Call `next`, run the
 * plan, call `learn` with what `featuresOf` says of the run.
 */
import { createDraw, seedAfter, type Draw } from "../draw.ts";
import { drawCandidate, mutatePlan, type Candidate } from "./plan-mutation.ts";

/** One plan in so many owes nothing to those before it. */
const FRESH_EVERY = 3;
/** Beyond, the oldest go. */
const KEPT_MAX = 2000;
/** Parents that are looked at before the one with the rarest feature is taken. */
const LOOKED_AT = 4;

interface Kept {
  readonly candidate: Candidate;
  /** What it was the first to reach. */
  readonly news: readonly string[];
}

export class Guide {
  readonly #firstSeed: string;
  readonly #draw: Draw;
  /** Runs that had each feature. */
  readonly #counts = new Map<string, number>();
  readonly #kept: Kept[] = [];
  #fresh = 0;

  constructor(seed: string) {
    this.#firstSeed = seed;
    this.#draw = createDraw(seed, "guide");
  }

  /** Plans kept, and features known. */
  get standing(): { readonly kept: number; readonly features: number } {
    return { kept: this.#kept.length, features: this.#counts.size };
  }

  next(): Candidate {
    const isFresh = this.#kept.length < 2 || this.#draw.chance("fresh", 1, FRESH_EVERY);
    if (!isFresh) {
      const made = mutatePlan(this.#draw, this.#parent(), this.#parent());
      if (made !== undefined) return made;
    }
    return drawCandidate(seedAfter(this.#firstSeed, this.#fresh++));
  }

  learn(candidate: Candidate, features: readonly string[]): void {
    const news = features.filter((feature) => !this.#counts.has(feature));
    for (const feature of features) this.#counts.set(feature, (this.#counts.get(feature) ?? 0) + 1);
    if (news.length === 0) return;
    this.#kept.push({ candidate, news });
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
  }

  #parent(): Candidate {
    let best: Kept | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < LOOKED_AT; i++) {
      const kept = this.#kept[this.#draw.between("parent", 0, this.#kept.length - 1)]!;
      const rarest = Math.min(...kept.news.map((feature) => this.#counts.get(feature)!));
      if (rarest >= fewest) continue;
      fewest = rarest;
      best = kept;
    }
    return best!.candidate;
  }
}
