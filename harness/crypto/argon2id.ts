/**
 * Argon2id off the main thread: the library computes on the host's thread pool. Parameters may come from a file or an
 * invite, so they are checked before a byte of memory is spent on them.
 */
import { totalmem } from "node:os";
import argon2 from "argon2";
import { Redacted } from "../../core/redacted.ts";
import type { Result } from "../../core/result.ts";
import { fail, ok } from "../../core/result.ts";

export interface Argon2Parameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface Argon2Error {
  readonly type: "Argon2Parameters";
  /** What cannot be: a clause that fits after "the Argon2 parameters cannot be used:". */
  readonly why: string;
}

export const ARGON2_DEFAULT: Argon2Parameters = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 };
/** For a machine with less than a gigabyte in all: the least that is commonly advised. */
export const ARGON2_SMALL: Argon2Parameters = { memoryKiB: 19 * 1024, passes: 2, lanes: 1 };

export const ARGON2_LIMITS = {
  memoryKiBMax: 1024 * 1024,
  memoryKiBPerLaneMin: 8,
  passesMax: 64,
  lanesMax: 16,
  /** Memory times passes: what decides how long it takes. About ten seconds. */
  workKiBMax: 4 * 1024 * 1024,
  saltBytesMin: 8,
  saltBytesMax: 64,
} as const;

const SMALL_MACHINE_BYTES = 1024 ** 3;

/** What a new group takes on this machine. It travels with the salt, so that every device derives alike. */
export function chooseArgon2Parameters(machineBytes: number = totalmem()): Argon2Parameters {
  return machineBytes < SMALL_MACHINE_BYTES ? ARGON2_SMALL : ARGON2_DEFAULT;
}

/** Lengths and bounds, before anything is computed. */
export function checkArgon2(salt: Uint8Array, parameters: Argon2Parameters): Result<Argon2Parameters, Argon2Error> {
  const { memoryKiB, passes, lanes } = parameters;
  const limits = ARGON2_LIMITS;
  const refuse = (why: string) => fail({ type: "Argon2Parameters", why } as const);
  const isCount = (value: number, max: number) => Number.isSafeInteger(value) && value >= 1 && value <= max;
  if (!isCount(lanes, limits.lanesMax)) return refuse(`lanes must be a whole number from 1 to ${limits.lanesMax}`);
  if (!isCount(passes, limits.passesMax)) return refuse(`passes must be a whole number from 1 to ${limits.passesMax}`);
  if (!isCount(memoryKiB, limits.memoryKiBMax)) {
    return refuse(`memory must be a whole number of KiB, at most ${limits.memoryKiBMax} (1 GiB)`);
  }
  if (memoryKiB < limits.memoryKiBPerLaneMin * lanes) {
    return refuse(`memory must be at least ${limits.memoryKiBPerLaneMin} KiB for each of the ${lanes} lanes`);
  }
  if (memoryKiB * passes > limits.workKiBMax) {
    return refuse(`memory times passes must be at most ${limits.workKiBMax} KiB, more takes too long`);
  }
  if (salt.length < limits.saltBytesMin || salt.length > limits.saltBytesMax) {
    return refuse(`the salt must have ${limits.saltBytesMin} to ${limits.saltBytesMax} bytes, not ${salt.length}`);
  }
  return ok(parameters);
}

/** 32 bytes, Argon2id version 0x13, without a key or associated data. */
export async function argon2id(
  password: Redacted<Uint8Array>,
  salt: Uint8Array,
  parameters: Argon2Parameters,
): Promise<Result<Redacted<Uint8Array>, Argon2Error>> {
  const checked = checkArgon2(salt, parameters);
  if (!checked.ok) return checked;
  const bytes = await argon2.hash(Buffer.from(password.expose()), {
    raw: true,
    type: argon2.argon2id,
    version: 0x13,
    hashLength: 32,
    memoryCost: parameters.memoryKiB,
    timeCost: parameters.passes,
    parallelism: parameters.lanes,
    salt: Buffer.from(salt),
  });
  return ok(new Redacted(Uint8Array.from(bytes)));
}
