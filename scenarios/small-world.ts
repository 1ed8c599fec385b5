/**
 * The worlds that are small enough to be gone through in every order: one relay, two devices that are connected and at
 * rest, up to three operations that begin at the same moment, and at most one fault at any point of what follows. Plans
 * as all others, with an order that is still open. `zerok sim --exhaustive` explores them all.
 */
import { createDraw } from "./draw.ts";
import { LINKS } from "./link-profile.ts";
import { RELAY } from "./names.ts";
import type { Order, Plan } from "./plan.ts";
import { createWorkload, type FaultSpec } from "./workload.ts";

export type OrderedPlan = Plan & { readonly order: Order };

/** What comes as soon as it can, though it need not: fewer orders than there are. */
export interface Pace {
  /** Hosts whose stores have synced and answered before anything else happens. */
  readonly quickStores: readonly string[];
  /** Whether every store answers at once when it is only read. */
  readonly quickReads: boolean;
}

export interface SmallFault {
  readonly name: string;
  readonly fault: FaultSpec | undefined;
}

export interface SmallOperation {
  readonly device: "a" | "b";
  readonly does: "push" | "pull";
}

export interface SmallWorld {
  readonly name: string;
  readonly operations: readonly SmallOperation[];
  /** Whether the relay tells a device of what another one pushed; each hint leads to a Pull and an Ack. */
  readonly hints: boolean;
  readonly pace: Pace;
  /** One at a time. */
  readonly faults: readonly SmallFault[];
}

export const SMALL_WORLD_ID = "exhaustive";
/** Until the host is back, or the way is free: after the window, in which time stands still. */
const DOWN_MS = 500;

const NO_FAULT: SmallFault = { name: "none", fault: undefined };

export const SMALL_FAULTS: readonly SmallFault[] = [
  NO_FAULT,
  { name: "power loss of the relay", fault: { do: "crash", host: RELAY, how: "power", downMs: DOWN_MS } },
  { name: "kill of the relay", fault: { do: "crash", host: RELAY, how: "kill", downMs: DOWN_MS } },
  { name: "power loss of a", fault: { do: "crash", host: "a", how: "power", downMs: DOWN_MS } },
  { name: "kill of a", fault: { do: "crash", host: "a", how: "kill", downMs: DOWN_MS } },
  {
    name: "cut of a's link",
    fault: { do: "toxic", dialler: "a", listener: RELAY, stream: "both", toxic: { type: "down" }, forMs: DOWN_MS },
  },
];

export const ALL_ORDERS: Pace = { quickStores: [], quickReads: false };
/** A device's own disk is no one else's business, and W-09 breaks it at each of its steps. */
const QUICK_DEVICES: Pace = { quickStores: ["a", "b"], quickReads: true };

const PUSH_A: SmallOperation = { device: "a", does: "push" };
const PUSH_B: SmallOperation = { device: "b", does: "push" };

export const SMALL_WORLDS: readonly [SmallWorld, ...SmallWorld[]] = [
  { name: "a pushes, b hears of it", operations: [PUSH_A], hints: true, pace: ALL_ORDERS, faults: SMALL_FAULTS },
  {
    name: "a and b push, b pulls",
    operations: [PUSH_A, PUSH_B, { device: "b", does: "pull" }],
    hints: false,
    pace: QUICK_DEVICES,
    faults: SMALL_FAULTS,
  },
  {
    name: "a and b push and hear of it",
    operations: [PUSH_A, PUSH_B],
    hints: true,
    pace: QUICK_DEVICES,
    faults: [NO_FAULT],
  },
];

export function planSmallWorld({ operations, hints }: SmallWorld, { fault }: SmallFault): OrderedPlan {
  // A dead session is found out soon after the window, and a poll brings what no hint told of.
  const client = { pollMs: 6000, keepAliveMs: 3000, answerTimeoutMs: 1000, connectTimeoutMs: 1000 };
  const run = createWorkload(createDraw("0x1"), {
    scenario: SMALL_WORLD_ID,
    devices: 2,
    link: LINKS.lan,
    extras: [],
    client,
    relay: { notify: hints },
  });
  const fromMs = run.settledMs;
  for (const { device, does } of operations) {
    if (does === "push") run.push(device, fromMs, { sizeBytes: 16 });
    else run.order(device, "pull", fromMs);
  }
  if (fault !== undefined) run.see({ see: "observed", step: run.fault(fromMs + 1, fault) });
  return { ...run.finish(), order: { fromMs, picks: [] }, choices: [] };
}
