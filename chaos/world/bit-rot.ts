/**
 * Flips bits in files as a failing disk does. Where: in what looks like ciphertext, because it is the content that has
 * to be told from rotten content; a database whose own pages rot is refused by SQLite as a whole. Which: drawn from the
 * seed. Each flip is read back.
 */
import { closeSync, fsyncSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { createDraw } from "../../scenarios/draw.ts";
import { FaultError } from "./fault-error.ts";

const WINDOW_BYTES = 64;
/** Random bytes have about 57 different ones in 64; text and tables have far fewer. */
const DISTINCT_MIN = 44;

export function flipBits(paths: readonly string[], bits: number, seed: string): string {
  const places = paths.flatMap((path) => findCiphertext(path).map((offset) => ({ path, offset })));
  if (places.length === 0) throw new FaultError("there is no stored content yet in which a bit could rot");
  const draw = createDraw("0x0", `bit-rot/${seed}`);
  const flipped: string[] = [];
  for (let bit = 0; bit < bits; bit++) {
    const { path, offset } = places[draw.between("window", 0, places.length - 1)]!;
    const at = offset + draw.between("byte", 0, WINDOW_BYTES - 1);
    flip(path, at, 1 << draw.between("bit", 0, 7));
    flipped.push(String(at));
  }
  return `bits flipped at ${flipped.join(", ")}`;
}

function flip(path: string, at: number, mask: number): void {
  const file = openSync(path, "r+");
  try {
    const byte = new Uint8Array(1);
    readSync(file, byte, 0, 1, at);
    const rotten = byte[0]! ^ mask;
    writeSync(file, Uint8Array.of(rotten), 0, 1, at);
    fsyncSync(file);
    readSync(file, byte, 0, 1, at);
    if (byte[0] !== rotten) throw new FaultError(`a bit at ${at} of ${path} did not stay flipped`);
  } finally {
    closeSync(file);
  }
}

/** Starts of windows whose bytes are as different from each other as random ones. */
function findCiphertext(path: string): readonly number[] {
  const bytes = readFileSync(path);
  const found: number[] = [];
  for (let at = 0; at + WINDOW_BYTES <= bytes.length; at += WINDOW_BYTES) {
    if (new Set(bytes.subarray(at, at + WINDOW_BYTES)).size >= DISTINCT_MIN) found.push(at);
  }
  return found;
}
