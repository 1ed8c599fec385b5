/**
 * What each host has gone through in a window, in its order, as one number: the *state*. Two orders that differ only in
 * things which touch nothing in common lead to the same one (Mazurkiewicz). Of each thing it is enough to know its lane
 * and how many came from there before, because the rest follows from what its sender had gone through; so the state
 * behind something is known before it is taken. A walk keeps one.
 */
import { finish, hashName, mix } from "./kernel/hash.ts";
import type { Lane } from "./kernel/scheduler.ts";

/** Two independent chains. */
interface Chain {
  readonly lo: number;
  readonly hi: number;
}

const NOTHING: Chain = { lo: 0, hi: 0 };

export class Past {
  readonly #chains = new Map<string, Chain>();
  readonly #counts = new Map<string, number>();

  /** 53 bits. */
  get state(): number {
    return sumOf(this.#chains);
  }

  /** The state behind the next thing of this lane. */
  after(lane: Lane): number {
    const chains = new Map(this.#chains);
    this.#add(lane, chains);
    return sumOf(chains);
  }

  /** The same, and there we are. */
  take(lane: Lane): number {
    this.#add(lane, this.#chains);
    this.#counts.set(lane.name, this.#countOf(lane) + 1);
    return this.state;
  }

  #add(lane: Lane, chains: Map<string, Chain>): void {
    const event = mix(hashName(lane.name), this.#countOf(lane));
    for (const name of lane.touches) {
      const { lo, hi } = chains.get(name) ?? NOTHING;
      chains.set(name, { lo: mix(lo, event), hi: mix(hi, ~event) });
    }
  }

  #countOf({ name }: Lane): number {
    return this.#counts.get(name) ?? 0;
  }
}

/** Whatever the order in which the chains were begun. */
function sumOf(chains: ReadonlyMap<string, Chain>): number {
  let lo = 0;
  let hi = 0;
  for (const [name, chain] of chains) {
    const start = hashName(name);
    lo = (lo + finish(mix(mix(start, chain.lo), 1))) | 0;
    hi = (hi + finish(mix(mix(start, chain.hi), 2))) | 0;
  }
  return (hi >>> 11) * 0x1_0000_0000 + (lo >>> 0);
}
