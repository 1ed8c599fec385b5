/** Makes an input that is nearly right: what a cut, noisy or hostile line leaves of something valid. */
import { concatBytes } from "../../core/bytes.ts";
import type { Random } from "./random.ts";

/** Longest input. Long enough for what spans buffers, short enough for a million of them. */
const INPUT_BYTES_MAX = 16 * 1024;
const CHANGES_MAX = 4;

/** Heads and lengths on which parsers stumble: counts of MessagePack, frame lengths, ends of ranges. */
const INTERESTING: readonly (readonly number[])[] = [
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdc, 0xff, 0xff],
  [0xdf, 0x7f, 0xff, 0xff, 0xff],
  [0xde, 0xff, 0xff],
  [0xc6, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0x00, 0x10, 0x00, 0x01],
  [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0xcf, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0xd3, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0xcb, 0x7f, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff],
  [0x00, 0x10, 0x00, 0x01],
  [0x00, 0x0f, 0xff, 0xff],
  [0x00, 0x00, 0x00, 0x00],
  [0xc0],
  [0xc1],
  [0x90],
  [0x80],
  [0xef, 0xbb, 0xbf],
  [0xed, 0xa0, 0x80],
];

type Change = (input: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array;

const CHANGES: readonly Change[] = [
  flipBits,
  flipBits,
  overwrite,
  truncate,
  remove,
  repeat,
  swap,
  insertInteresting,
  insertInteresting,
  overwriteInteresting,
  insertRandom,
  splice,
];

/** One input in sixteen is noise, one is valid as it is; the others are valid ones with up to four changes. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const kind = random.below(16);
  if (kind === 0) return random.bytes(random.below(1 << random.below(11)));
  let input = corpus[random.below(corpus.length)]!;
  if (kind === 1) return input.slice();
  for (let left = 1 + random.below(CHANGES_MAX); left > 0; left--) {
    input = CHANGES[random.below(CHANGES.length)]!(input, random, corpus);
  }
  return input.slice(0, INPUT_BYTES_MAX);
}

function flipBits(input: Uint8Array, random: Random): Uint8Array {
  const out = input.slice();
  if (out.length === 0) return out;
  for (let left = 1 + random.below(4); left > 0; left--) out[random.below(out.length)]! ^= 1 << random.below(8);
  return out;
}

function overwrite(input: Uint8Array, random: Random): Uint8Array {
  const out = input.slice();
  if (out.length > 0) out[random.below(out.length)] = random.below(256);
  return out;
}

function truncate(input: Uint8Array, random: Random): Uint8Array {
  return input.subarray(0, random.below(input.length + 1));
}

function remove(input: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(input, random);
  return concatBytes(input.subarray(0, from), input.subarray(to));
}

function repeat(input: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(input, random);
  return concatBytes(input.subarray(0, to), input.subarray(from));
}

/** Two neighbouring parts change places. */
function swap(input: Uint8Array, random: Random): Uint8Array {
  const [from, to] = range(input, random);
  const middle = from + random.below(to - from + 1);
  const parts = [input.subarray(0, from), input.subarray(middle, to), input.subarray(from, middle), input.subarray(to)];
  return concatBytes(...parts);
}

function insertInteresting(input: Uint8Array, random: Random): Uint8Array {
  return insert(input, random, Uint8Array.from(INTERESTING[random.below(INTERESTING.length)]!));
}

function overwriteInteresting(input: Uint8Array, random: Random): Uint8Array {
  const bytes = INTERESTING[random.below(INTERESTING.length)]!;
  const out = input.slice();
  const at = random.below(input.length + 1);
  for (let i = 0; i < bytes.length && at + i < out.length; i++) out[at + i] = bytes[i]!;
  return out;
}

function insertRandom(input: Uint8Array, random: Random): Uint8Array {
  return insert(input, random, random.bytes(1 + random.below(16)));
}

/** The beginning of one and the end of another. */
function splice(input: Uint8Array, random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const other = corpus[random.below(corpus.length)]!;
  return concatBytes(input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length + 1)));
}

function insert(input: Uint8Array, random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(input.length + 1);
  return concatBytes(input.subarray(0, at), bytes, input.subarray(at));
}

function range(input: Uint8Array, random: Random): readonly [from: number, to: number] {
  const one = random.below(input.length + 1);
  const other = random.below(input.length + 1);
  return [Math.min(one, other), Math.max(one, other)];
}
