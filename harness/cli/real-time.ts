/** Which plans the real world can be asked for: a plan's millisecond is a real one there. */
import type { Plan } from "../../scenarios/plan.ts";
import { UserError } from "../user-error.ts";

const MINUTE_MS = 60_000;
/** More than any row of the catalogue for processes or containers takes: one of them sleeps for ten minutes. */
const LONGEST_MINUTES = 15;

export function assertRealTime({ scenario, healAtMs }: Pick<Plan, "scenario" | "healAtMs">): void {
  if (healAtMs <= LONGEST_MINUTES * MINUTE_MS) return;
  const minutes = Math.ceil(healAtMs / MINUTE_MS);
  throw new UserError(
    `The plan of ${scenario} takes ${minutes} minutes: above ${LONGEST_MINUTES}, a plan is for the simulator.`,
  );
}
