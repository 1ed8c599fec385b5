/**
 * Which marks a sweep hit: in how many runs, and in which one first, by the order of the catalogue and then of the
 * seeds, whichever worker came first. A sweep that is large enough fails for each expected mark that it never hit.
 */
import { marks } from "../../scenarios/marks/list.ts";
import { MARKS_JUDGED_FROM_SEEDS, type Mark } from "../../scenarios/marks/mark.ts";
import type { Catalogue } from "./sim-world.ts";
import type { Tally } from "./tally.ts";
import type { SeedResult } from "./task.ts";

export interface MarkHits {
  readonly mark: Mark;
  /** Runs that hit it. */
  readonly runs: number;
  readonly first: { readonly scenario: string; readonly seed: string } | undefined;
}

interface Seen {
  runs: number;
  place: number;
  seed: bigint;
}

export class MarkTally {
  readonly #ids: readonly string[];
  readonly #seen: (Seen | undefined)[] = marks.map(() => undefined);

  /** In the order of the catalogue. */
  constructor(ids: readonly string[]) {
    this.#ids = ids;
  }

  add(scenario: string, { seed, marks: hit }: Pick<SeedResult, "seed" | "marks">): void {
    if (hit.length === 0) return;
    const place = this.#ids.indexOf(scenario);
    const number = BigInt(seed);
    for (const index of hit) {
      const seen = this.#seen[index];
      if (seen === undefined) {
        this.#seen[index] = { runs: 1, place, seed: number };
        continue;
      }
      seen.runs += 1;
      if (place > seen.place || (place === seen.place && number >= seen.seed)) continue;
      seen.place = place;
      seen.seed = number;
    }
  }

  /** One for each mark there is. */
  hits(): readonly MarkHits[] {
    return marks.map((mark, index) => {
      const seen = this.#seen[index];
      if (seen === undefined) return { mark, runs: 0, first: undefined };
      return {
        mark,
        runs: seen.runs,
        first: { scenario: this.#ids[seen.place]!, seed: `0x${seen.seed.toString(16)}` },
      };
    });
  }
}

/** Expected marks that were never hit by a sweep of every id with so many seeds that it is the sweep's fault. */
export function findMissedMarks(
  hits: readonly MarkHits[],
  tallies: readonly Pick<Tally, "id" | "seeds">[],
  { built }: Pick<Catalogue, "built">,
): readonly Mark[] {
  const seeds = new Map(tallies.map((tally) => [tally.id, tally.seeds]));
  const isLarge = built.every(({ id }) => (seeds.get(id) ?? 0) >= MARKS_JUDGED_FROM_SEEDS);
  if (!isLarge) return [];
  return hits.filter(({ mark, runs }) => mark.expected && runs === 0).map(({ mark }) => mark);
}
