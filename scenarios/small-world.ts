/**
 * The worlds that are small enough to be gone through in every order: one relay, two devices that are connected and at
 * rest, three operations that begin at the same moment, and at most one fault at any moment among what follows. Plans
 * as all others, with an order that is still open. `zerok sim --exhaustive` explores them.
 */
import { createDraw } from "./draw.ts";
import { LINKS } from "./link-profile.ts";
import { RELAY } from "./names.ts";
import type { Order, Plan } from "./plan.ts";
import { createWorkload, type FaultSpec } from "./workload.ts";

export type SmallPlan = Plan & { readonly order: Order };

export interface SmallFault {
  readonly name: string;
  readonly fault: FaultSpec | undefined;
}

export interface SmallOperation {
  readonly device: "a" | "b";
  readonly does: "push" | "pull";
}

export const SMALL_WORLD_ID = "exhaustive";
/** Until the host is back, or the way is free: after the window, in which time stands still. */
const DOWN_MS = 500;

/** One at a time. The first is none. */
export const SMALL_FAULTS: readonly SmallFault[] = [
  { name: "no fault", fault: undefined },
  { name: "power loss of the relay", fault: { do: "crash", host: RELAY, how: "power", downMs: DOWN_MS } },
  { name: "kill of the relay", fault: { do: "crash", host: RELAY, how: "kill", downMs: DOWN_MS } },
  { name: "power loss of a", fault: { do: "crash", host: "a", how: "power", downMs: DOWN_MS } },
  { name: "kill of a", fault: { do: "crash", host: "a", how: "kill", downMs: DOWN_MS } },
  {
    name: "cut between a and the relay",
    fault: { do: "toxic", dialler: "a", listener: RELAY, stream: "both", toxic: { type: "down" }, forMs: DOWN_MS },
  },
];

export const THREE_OPERATIONS: readonly SmallOperation[] = [
  { device: "a", does: "push" },
  { device: "b", does: "push" },
  { device: "a", does: "pull" },
];

/** For tests: one device pushes, the other one listens. */
export const ONE_OPERATION: readonly SmallOperation[] = [{ device: "a", does: "push" }];

export function planSmallWorld(operations: readonly SmallOperation[], { fault }: SmallFault): SmallPlan {
  // Often enough that a dead session is found out soon after the window, and not before that.
  const client = { pollMs: 6000, keepAliveMs: 3000, answerTimeoutMs: 1000, connectTimeoutMs: 1000 };
  const draw = createDraw("0x1");
  const run = createWorkload(draw, { scenario: SMALL_WORLD_ID, devices: 2, link: LINKS.lan, extras: [], client });
  const fromMs = run.settledMs;
  for (const { device, does } of operations) {
    if (does === "push") run.push(device, fromMs, { sizeBytes: 16 });
    else run.order(device, "pull", fromMs);
  }
  if (fault !== undefined) run.see({ see: "observed", step: run.fault(fromMs + 1, fault) });
  const plan = run.finish();
  return { ...plan, order: { fromMs, picks: [] }, choices: [] };
}
