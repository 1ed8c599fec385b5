/** Whole numbers from a name: the same name gives the same numbers, so that any one input can be made again alone. */
export interface Random {
  /** 0 … bound − 1. */
  below(bound: number): number;
  bytes(length: number): Uint8Array;
}

export function createRandom(name: string): Random {
  let state = 0x9e3779b9;
  for (let i = 0; i < name.length; i++) state = scramble(state ^ name.charCodeAt(i));

  function word(): number {
    state = (state + 0x9e3779b9) | 0;
    return scramble(state) >>> 0;
  }

  return {
    below: (bound) => word() % bound,
    bytes: (length) => Uint8Array.from({ length }, () => word() >>> 24),
  };
}

function scramble(value: number): number {
  let word = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
