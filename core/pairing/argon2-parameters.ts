/**
 * What Argon2id is run with. The run itself is the host's, because it takes seconds; the parameters travel with the salt
 * in invites and group files, so that devices of different memory get the same secret (upstream chooses them anew on
 * each machine, and two machines then disagree).
 */
import type { Entropy } from "../machine.ts";

export interface Argon2Parameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export const SALT_BYTES = 16;
/** Argon2 refuses shorter ones. Upstream's may have any length above. */
export const SALT_BYTES_MIN = 8;
export const SALT_BYTES_MAX = 64;

/** The least that OWASP allows, and the most that a stranger's invite may make this machine spend. */
const BOUNDS: { readonly [Key in keyof Argon2Parameters]: readonly [least: number, most: number] } = {
  memoryKiB: [19 * 1024, 1024 * 1024],
  passes: [1, 16],
  lanes: [1, 16],
};

/** Memory times passes, which is what decides how long it takes. */
const WORK_KIB_MAX = 4 * 1024 * 1024;

/** For new groups, on every machine. */
export const DEFAULT_PARAMETERS: Argon2Parameters = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 };

/** For the half of a short code that decrypts: fixed, because the code has no room to carry them. */
export const SHORT_CODE_PARAMETERS: Argon2Parameters = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 };

/** Upstream's choice by the machine's memory, largest first: to find the secret of a group that was made by it. */
export const UPSTREAM_TIERS: readonly { readonly ramMiBMin: number; readonly parameters: Argon2Parameters }[] = [
  { ramMiBMin: 8000, parameters: { memoryKiB: 64 * 1024, passes: 3, lanes: 4 } },
  { ramMiBMin: 4000, parameters: { memoryKiB: 46 * 1024, passes: 1, lanes: 1 } },
  { ramMiBMin: 0, parameters: { memoryKiB: 19 * 1024, passes: 2, lanes: 1 } },
];

/** A fresh salt for a new group: never a fixed one, or one table of guesses would serve for every group. */
export function createSalt(entropy: Entropy): Uint8Array {
  const salt = new Uint8Array(SALT_BYTES);
  entropy.fill("argon2 salt", salt);
  return salt;
}

/** Whole numbers within the bounds: safe to run with. */
export function isParameters(value: {
  readonly [Key in keyof Argon2Parameters]: unknown;
}): value is Argon2Parameters {
  const { memoryKiB, passes, lanes } = value;
  if (!isWithin(memoryKiB, BOUNDS.memoryKiB) || !isWithin(passes, BOUNDS.passes)) return false;
  return isWithin(lanes, BOUNDS.lanes) && memoryKiB * passes <= WORK_KIB_MAX;
}

function isWithin(value: unknown, [least, most]: readonly [number, number]): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
