/**
 * Runs targets on inputs that a seed makes. Input number n of a target depends on seed, target and n alone. Findings are
 * values; a hang is for whoever called to notice (`main.ts` has a watchdog, a test its timeout).
 */
import { encodeHex } from "../../core/bytes.ts";
import { CHANNEL_TARGETS } from "./channel-targets.ts";
import { mutate } from "./mutator.ts";
import { createRandom } from "./random.ts";
import type { Target } from "./target.ts";
import { TEXT_TARGETS } from "./text-targets.ts";
import { WIRE_TARGETS } from "./wire-targets.ts";

export const TARGETS: readonly Target[] = [...CHANNEL_TARGETS, ...WIRE_TARGETS, ...TEXT_TARGETS];

export interface Finding {
  readonly target: string;
  readonly index: number;
  readonly inputHex: string;
  readonly what: string;
}

export interface TargetReport {
  readonly target: string;
  readonly inputs: number;
  /** Inputs that were valid: a fuzzer that only ever sees refusals tests little. */
  readonly taken: number;
  readonly findings: readonly Finding[];
}

/** One cause gives many findings; a few are enough. */
const FINDINGS_MAX = 5;

export function makeInput(seed: number, target: Target, index: number): Uint8Array {
  return mutate(createRandom(`${seed}/${target.name}/${index}`), target.corpus);
}

/** `undefined` when everything held. */
export function tryInput(target: Target, input: Uint8Array): { readonly taken: boolean; readonly what?: string } {
  const before = input.slice();
  try {
    const taken = target.run(input) === "taken";
    const isUntouched = before.every((byte, at) => byte === input[at]);
    return isUntouched ? { taken } : { taken, what: "the input was written to" };
  } catch (error) {
    return { taken: false, what: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

export function fuzzTarget(
  target: Target,
  seed: number,
  inputs: number,
  onInput?: (index: number) => void,
): TargetReport {
  const findings: Finding[] = [];
  let taken = 0;
  let index = 0;
  for (; index < inputs && findings.length < FINDINGS_MAX; index++) {
    onInput?.(index);
    const input = makeInput(seed, target, index);
    const tried = tryInput(target, input);
    if (tried.taken) taken++;
    if (tried.what !== undefined) {
      findings.push({ target: target.name, index, inputHex: encodeHex(input), what: tried.what });
    }
  }
  return { target: target.name, inputs: index, taken, findings };
}
