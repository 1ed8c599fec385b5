/**
 * Plans that go through cases one by one instead of drawing them: W-05 withholds one message of each kind, W-09 and W-10
 * break a host at each step of its storage, before the sync, in the middle of a write, and after it. A seed is the number
 * of its case (beginning at 1, round and round) and gives keys and ids beside; everything else is calm, so that the cases
 * are all that differs. The lists are as long as the run of the base plan has steps; a test counts them.
 */
import type { MessageType } from "../../core/wire/messages.ts";
import { seedHalves, type Draw } from "../draw.ts";
import { LINKS } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Moment, Plan, PlanChoice } from "../plan.ts";
import { createWorkload, type FaultSpec, type Workload } from "../workload.ts";

/** A case: what it is called, and the fault that makes it. */
export interface StepCase {
  readonly name: string;
  readonly fault: FaultSpec;
  /** How much of an unsynced write a power cut leaves, in bytes; absent: nothing. */
  readonly tornBytes?: number;
}

const DOWN_MS = 700;
const WHOLE = 1_000_000;

// ── W-05 ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How many of each kind come to the host in the base plan, up to three of them. A Bye that is lost is a cut: T-CONN. */
const TO_A: readonly (readonly [MessageType, number])[] = [
  ["Welcome", 2],
  ["PushAck", 3],
  ["PullResponse", 3],
  ["Notify", 1],
  ["Pong", 2],
];
const TO_B: readonly (readonly [MessageType, number])[] = [
  ["Welcome", 1],
  ["PushAck", 2],
  ["PullResponse", 3],
  ["Notify", 3],
  ["Pong", 2],
];
const TO_RELAY: readonly (readonly [MessageType, number])[] = [
  ["Push", 3],
  ["Pull", 3],
  ["Ack", 3],
  ["Ping", 2],
];

function withholdCases(): readonly StepCase[] {
  const cases: StepCase[] = [];
  for (const [host, kinds] of [
    ["a", TO_A],
    ["b", TO_B],
    [RELAY, TO_RELAY],
  ] as const) {
    for (const [message, count] of kinds) {
      for (let nth = 1; nth <= count; nth++) {
        cases.push({ name: `${message} ${nth} to ${host}`, fault: { do: "withhold", host, message, nth } });
      }
    }
  }
  // A stranger's words cannot be exchanged for others: the way is closed while its Hello is on it.
  for (const device of ["a", "b"]) {
    const when: Moment = { on: "sent", host: device, message: "Hello", to: RELAY, nth: 1 };
    const toxic = { type: "blocked" } as const;
    cases.push({
      name: `Hello 1 of ${device}`,
      fault: { do: "toxic", dialler: device, listener: RELAY, stream: "up", toxic, forMs: 12_000, when },
    });
  }
  return cases;
}

export const LOST_REPLY_CASES = withholdCases();

export function planLostReply(draw: Draw): Plan {
  return planCase("W-05", draw, LOST_REPLY_CASES);
}

// ── W-09 and W-10 ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Transactions of each host in the base plan. */
export const TRANSACTIONS = { a: 14, b: 10, [RELAY]: 18 } as const;

function crashCases(host: "a" | "b" | typeof RELAY): readonly StepCase[] {
  const cases: StepCase[] = [];
  const crash = (how: "kill" | "power", when: Moment): FaultSpec => ({ do: "crash", host, how, downMs: DOWN_MS, when });
  for (let nth = 1; nth <= TRANSACTIONS[host]; nth++) {
    const written: Moment = { on: "stored", host, stage: "written", nth };
    const synced: Moment = { on: "stored", host, stage: "synced", nth };
    const step = `${host}, step ${nth}`;
    cases.push({ name: `${step}, before the sync`, fault: crash("power", written) });
    cases.push({ name: `${step}, torn after 9 bytes`, fault: crash("power", written), tornBytes: 9 });
    cases.push({ name: `${step}, written and not synced`, fault: crash("power", written), tornBytes: WHOLE });
    cases.push({ name: `${step}, killed before the sync`, fault: crash("kill", written) });
    cases.push({ name: `${step}, after the sync`, fault: crash("power", synced) });
  }
  return cases;
}

export const DEVICE_STEP_CASES = [...crashCases("a"), ...crashCases("b")];
export const RELAY_STEP_CASES = crashCases(RELAY);

export function planDeviceEachStep(draw: Draw): Plan {
  return planCase("W-09", draw, DEVICE_STEP_CASES);
}

export function planRelayEachStep(draw: Draw): Plan {
  return planCase("W-10", draw, RELAY_STEP_CASES);
}

// ── the base plan ───────────────────────────────────────────────────────────────────────────────────────────────────

/** `a` pushes alone and in a window, `b` hears of it and pushes once; `a` goes away and comes back. Calm links. */
function createBase(scenario: string, draw: Draw): Workload {
  // Often enough for a Ping and a poll to be seen; told of as devices are told.
  const client = { pollMs: 6000, keepAliveMs: 3000, answerTimeoutMs: 3000, connectTimeoutMs: 10_000 };
  const run = createWorkload(draw, { scenario, devices: 2, link: LINKS.lan, extras: [], client });
  const { settledMs } = run;
  run.push("a", settledMs, { sizeBytes: 16 });
  for (let i = 0; i < 3; i++) run.push("a", settledMs + 500 + i, { sizeBytes: 40 });
  run.push("b", settledMs + 900, { sizeBytes: 16 });
  run.order("a", "disconnect", settledMs + 1300);
  run.push("b", settledMs + 1500, { sizeBytes: 16 });
  run.push("a", settledMs + 1600, { sizeBytes: 16 });
  run.order("a", "connect", settledMs + 2000);
  return run;
}

/** Without a case; what the tests count the steps of. */
export function planBase(draw: Draw): Plan {
  const run = createBase("W-10", draw);
  run.order("a", "pull", run.settledMs + 12_000);
  return { ...run.finish(), choices: [] };
}

function planCase(scenario: string, draw: Draw, cases: readonly StepCase[]): Plan {
  const run = createBase(scenario, draw);
  const { fault, tornBytes } = cases[caseOf(draw.seed, cases.length)]!;
  const step = run.fault(0, fault);
  run.see({ see: "observed", step });
  run.order("a", "pull", run.settledMs + 12_000);
  const torn: PlanChoice = { label: "disk.torn", cause: step, ordinal: 0, bound: WHOLE + 1, value: tornBytes ?? 0 };
  return { ...run.finish(), choices: tornBytes === undefined ? [] : [torn] };
}

/** Seed 1 is the first case. */
export function caseOf(seed: string, count: number): number {
  const { hi, lo } = seedHalves(seed);
  return ((hi % count) * (2 ** 32 % count) + lo + count - 1) % count;
}
