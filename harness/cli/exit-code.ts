import type { Verdict } from "../../scenarios/verdict.ts";

/** How the process ends; the first three are the verdicts. */
export const EXIT = { valid: 0, invalid: 1, unknown: 2, machineCannot: 3, usage: 64, internal: 70 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function exitCodeOf(verdict: Verdict["verdict"]): ExitCode {
  return EXIT[verdict];
}
