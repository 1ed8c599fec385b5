/**
 * Hashing of whole numbers to 32 bits: where all the simulator's randomness comes from.
 *
 * A value is never drawn from a running generator but computed from what it is for (seed, label, cause, ordinal), so
 * that one draw more or less moves no other. Called by choices and entropy. Not for secrets: an adversary who sees
 * values can invert this.
 */

/** Folds one 32-bit word into a hash. For a given `hash` no two words give the same answer. */
export function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca77);
  return h ^ (h >>> 13);
}

/** Spreads the last word's bits over the whole hash. 0 … 2³²−1. */
export function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x21f0aaad);
  h ^= h >>> 15;
  h = Math.imul(h, 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Of a name, by UTF-16 code units. 0 … 2³²−1. */
export function hashName(name: string): number {
  let h = mix(0x5a6b7c8d, name.length);
  for (let i = 0; i < name.length; i++) h = mix(h, name.charCodeAt(i));
  return finish(h);
}

/** Maps 0 … 2³²−1 evenly to 0 … bound−1, for bounds up to 2³². */
export function scale(word: number, bound: number): number {
  return Math.floor((word * bound) / 0x1_0000_0000);
}
