/**
 * Choices: every decision that a seed makes, as a labelled whole number.
 *
 * A choice is named by label, cause and ordinal (the how-manieth of that label within that cause), never by its
 * position in a shared sequence: removing one operation from a plan leaves the choices of all others as they were,
 * and that is what makes shrinking work. 0 is always the calm value. The network, the disks, the hosts and the world
 * above ask; who answers (a seed, a recording, an enumeration) is exchangeable.
 */
import { finish, hashName, mix, scale } from "./hash.ts";

/** What a choice is about. A handle, made once by a `LabelTable`, so that no string is touched per choice. */
export interface Label {
  readonly name: string;
  /** Position in its table: where a cause counts this label. Never part of a value. */
  readonly index: number;
  readonly hash: number;
}

/** Hands out labels: the same object for the same name. Belongs to one kernel and survives its reset. */
export class LabelTable {
  private readonly byName = new Map<string, Label>();

  label(name: string): Label {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const label: Label = { name, index: this.byName.size, hash: hashName(name) };
    this.byName.set(name, label);
    return label;
  }
}

/** The operation behind a turn. One object per plan step and per host (for its own timers) in each run. */
export interface Cause {
  /** Stable id of the operation: a plan step's id below 2³¹, or for a host 2³¹ + a hash of its name. */
  readonly key: number;
  /** How often each label was asked within this cause, by label index. Only `nextOrdinal` writes it. */
  readonly ordinals: number[];
}

export function createCause(key: number): Cause {
  return { key: key >>> 0, ordinals: [] };
}

/** The ordinal of the next choice of this label in this cause. Every implementation calls it once per choice. */
export function nextOrdinal(label: Label, cause: Cause): number {
  const ordinals = cause.ordinals;
  while (ordinals.length <= label.index) ordinals.push(0);
  const ordinal = ordinals[label.index]!;
  ordinals[label.index] = ordinal + 1;
  return ordinal;
}

export interface Choices {
  /** 0 … bound−1, 0 is the calm value. Bounds up to 2³²; a bound of 1 or less answers 0. */
  choose(label: Label, cause: Cause, bound: number): number;
  /** True = the trouble happens, with probability num/den; false is calm. A recording keeps it as 1 of bound 2. */
  chance(label: Label, cause: Cause, num: number, den: number): boolean;
}

/** Answers with a hash of seed, label, cause and ordinal. Stateless but for the seed. */
export class SeededChoices implements Choices {
  private start = 0;

  constructor(seedLo: number, seedHi: number) {
    this.reset(seedLo, seedHi);
  }

  reset(seedLo: number, seedHi: number): void {
    this.start = mix(mix(0x243f6a88, seedLo), seedHi);
  }

  choose(label: Label, cause: Cause, bound: number): number {
    const word = this.word(label, cause);
    return bound <= 1 ? 0 : scale(word, bound);
  }

  chance(label: Label, cause: Cause, num: number, den: number): boolean {
    return scale(this.word(label, cause), den) >= den - num;
  }

  private word(label: Label, cause: Cause): number {
    return finish(mix(mix(mix(this.start, label.hash), cause.key), nextOrdinal(label, cause)));
  }
}
