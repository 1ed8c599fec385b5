/**
 * How a scenario draws its details from a seed: labelled whole numbers, each derived from seed and label alone, so that
 * one draw more moves no other. The simulator's choices are made the same way (`sim/kernel/choices.ts`).
 */
import { hexWord } from "../core/bytes.ts";

export interface Draw {
  /** `0x…`, as in the plan. */
  readonly seed: string;
  /** A whole number from `min` to `max`, both included. Repeated draws of one label differ. */
  between(label: string, min: number, max: number): number;
  chance(label: string, num: number, den: number): boolean;
  pick<T>(label: string, from: readonly [T, ...T[]]): T;
  /** Random bytes in lower-case hex. */
  hex(label: string, bytes: number): string;
}

/** A seed as two unsigned 32-bit halves. */
export interface SeedHalves {
  readonly hi: number;
  readonly lo: number;
}

/** `42`, `0x2a` → `0x2a`; `undefined` for anything that is no whole number of at most 64 bits. */
export function parseSeed(text: string): string | undefined {
  const trimmed = text.trim().toLowerCase();
  if (/^0x[0-9a-f]+$/.test(trimmed)) {
    const digits = trimmed.slice(2).replace(/^0+(?=.)/, "");
    return digits.length <= 16 ? `0x${digits}` : undefined;
  }
  if (!/^[0-9]+$/.test(trimmed)) return undefined;
  const value = BigInt(trimmed);
  return value < 1n << 64n ? `0x${value.toString(16)}` : undefined;
}

export function seedHalves(seed: string): SeedHalves {
  const digits = seed.slice(2).padStart(16, "0");
  return { hi: Number.parseInt(digits.slice(0, 8), 16), lo: Number.parseInt(digits.slice(8), 16) };
}

/** The seed that lies `offset` further, modulo 2^64. */
export function seedAfter(seed: string, offset: number): string {
  return `0x${BigInt.asUintN(64, BigInt(seed) + BigInt(offset)).toString(16)}`;
}

function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashText(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = mix(hash, text.charCodeAt(i) + 0x9e37 * (i + 1));
  return hash;
}

/** `scope` keeps two uses of one seed apart: two scenarios with the same seed draw different things. */
export function createDraw(seed: string, scope = ""): Draw {
  return new SeededDraw(seed, scope);
}

/** Some draws made anew: by label and ordinal, as `label#0`, with what else goes into them. */
export type Redraws = ReadonlyMap<string, number>;

/** As `createDraw`, but for `redraws`; it also tells what was drawn. */
export function createRedraw(seed: string, scope: string, redraws: Redraws): Redraw {
  return new SeededDraw(seed, scope, redraws);
}

export interface Redraw extends Draw {
  /** What was drawn so far, as `label#0`. */
  drawn(): readonly string[];
}

interface LabelState {
  readonly hash: number;
  /** How often it was drawn. */
  ordinal: number;
}

/** A class and not closures, which an engine compiles anew for every plan. */
class SeededDraw implements Redraw {
  readonly seed: string;
  readonly #start: number;
  readonly #labels = new Map<string, LabelState>();
  readonly #redraws: Redraws | undefined;

  constructor(seed: string, scope: string, redraws?: Redraws) {
    const { hi, lo } = seedHalves(seed);
    this.seed = seed;
    this.#redraws = redraws;
    this.#start = hashText(scope, mix(mix(0x243f6a88, hi), lo));
  }

  between(label: string, min: number, max: number): number {
    return min + (this.#word(label) % (max - min + 1));
  }

  chance(label: string, num: number, den: number): boolean {
    return this.#word(label) % den >= den - num;
  }

  pick<T>(label: string, from: readonly [T, ...T[]]): T {
    return from[this.#word(label) % from.length]!;
  }

  hex(label: string, bytes: number): string {
    let text = "";
    while (text.length < 2 * bytes) text += hexWord(this.#word(label));
    return text.slice(0, 2 * bytes);
  }

  drawn(): readonly string[] {
    return Array.from(this.#labels, ([label, { ordinal: count }]) =>
      Array.from({ length: count }, (_, ordinal) => `${label}#${ordinal}`),
    ).flat();
  }

  #word(label: string): number {
    let state = this.#labels.get(label);
    if (state === undefined) {
      state = { hash: hashText(label, this.#start), ordinal: 0 };
      this.#labels.set(label, state);
    }
    const ordinal = state.ordinal++;
    const salt = this.#redraws?.get(`${label}#${ordinal}`) ?? 0;
    return mix(mix(state.hash, ordinal), 0x13198a2e ^ salt);
  }
}
