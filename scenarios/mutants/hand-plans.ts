/**
 * For each of the first twenty mutants of the pure rooms the smallest plan that shows it, as a person wrote it down who
 * knows the bug: what a shrinker is measured against. None of them came out of a shrinker. Called by the tests, which
 * hold them to that they fail on their mutant, pass on the core, and have no step too many; and by the comparison.
 */
import type { Plan } from "../plan.ts";
import { pushOf, writePlan } from "./hand-plan.ts";

/** The device has its acknowledgement and asks for what is new: the relay's next transaction never comes. */
const firstPull = { on: "sent", host: "a", message: "Pull", to: "relay", nth: 1 } as const;

export const handPlans: { readonly [mutant: string]: Plan } = {
  // One's own push is enough: its acknowledgement makes the device believe that it has pulled it.
  M01: writePlan({ devices: { a: {} }, steps: [pushOf("a", 0, 1)] }),

  // The acknowledgement raises the highest cursor; the pull that follows begins there.
  M02: writePlan({ devices: { a: {} }, steps: [pushOf("a", 0, 1)] }),

  // The relay dies between the answer and its next transaction.
  M03: writePlan({
    devices: { a: {} },
    steps: [pushOf("a", 0, 1), { atMs: 0, do: "crash", host: "relay", how: "kill", downMs: 100, when: firstPull }],
  }),

  // The acknowledgement is lost, and the push is sent again.
  M04: writePlan({
    devices: { a: {} },
    steps: [pushOf("a", 0, 1), { atMs: 0, do: "withhold", host: "a", message: "PushAck", nth: 1 }],
  }),

  M05: writePlan({
    devices: { a: {} },
    steps: [pushOf("a", 0, 1), { atMs: 0, do: "withhold", host: "a", message: "PushAck", nth: 1 }],
  }),

  // Both relays are known; the preferred one is away, so the blob goes to the other one first, and by another id.
  M06: writePlan({
    devices: { a: {} },
    relays: { relay: {}, spare: {} },
    steps: [{ atMs: 100, do: "crash", host: "relay", how: "kill", downMs: 5000 }, pushOf("a", 200, 1)],
  }),

  // The pull of the copy begins at the other relay's cursor.
  M07: writePlan({ devices: { a: {} }, relays: { relay: {}, spare: {} }, steps: [pushOf("a", 0, 1)] }),

  // Pages of one blob, and polls so rare that the bound ends before the fourth.
  M08: writePlan({
    devices: { a: {}, b: { online: false, pullLimit: 1, pollMs: 300_000 } },
    steps: [pushOf("a", 0, 1), pushOf("a", 0, 2), pushOf("a", 0, 3), pushOf("a", 0, 4)],
  }),

  // Of this seed the first blob is one that cannot be opened.
  M09: writePlan({ seed: "0x9", devices: { a: {} }, steps: [pushOf("a", 0, 1)] }),

  // Of this seed the second blob is one that gets the first one's payload.
  M10: writePlan({ seed: "0x4", devices: { a: {} }, steps: [pushOf("a", 0, 1), pushOf("a", 0, 2)] }),

  // Three in a row expire before anybody pulls; the device that comes late is told of gaps.
  M12: writePlan({
    devices: { a: {}, b: { online: false } },
    relays: { relay: { sweepMs: 500 } },
    steps: [pushOf("a", 0, 1, 1), pushOf("a", 0, 2, 1), pushOf("a", 0, 3, 1)],
    healAtMs: 3000,
  }),

  // Pushed while offline, and killed.
  M13: writePlan({
    devices: { a: { online: false } },
    steps: [pushOf("a", 0, 1), { atMs: 10, do: "crash", host: "a", how: "kill", downMs: 100 }],
  }),

  // The relay is away for longer than two attempts.
  M14: writePlan({
    devices: { a: {} },
    steps: [{ atMs: 100, do: "crash", host: "relay", how: "kill", downMs: 20_000 }],
  }),

  // A quota that has room for nothing as large as a blob.
  M15: writePlan({ devices: { a: {} }, relays: { relay: { groupBytesMax: 16 } }, steps: [pushOf("a", 0, 1, 1)] }),

  // What is acknowledged by all goes with the sweep, and its cursor is given to the next blob.
  M16: writePlan({
    devices: { a: {} },
    relays: { relay: { acknowledgedRetentionS: 0, sweepMs: 500 } },
    steps: [pushOf("a", 0, 1), pushOf("a", 2000, 2)],
  }),

  M17: writePlan({
    devices: { a: {}, b: { online: false } },
    relays: { relay: { sweepMs: 500 } },
    steps: [pushOf("a", 0, 1, 1)],
    healAtMs: 3000,
  }),

  // The next transaction, which would have written the blob, never comes. The second device's coming wrote the log
  // itself, and the one that comes last knows nothing of the blob, so that the relay cannot notice its loss.
  M18: writePlan({
    devices: { c: { online: false }, a: {}, b: {} },
    steps: [pushOf("a", 0, 1), { atMs: 0, do: "crash", host: "relay", how: "kill", downMs: 100, when: firstPull }],
  }),

  M19: writePlan({
    devices: { a: {} },
    steps: [pushOf("a", 0, 1), { atMs: 0, do: "crash", host: "relay", how: "power", downMs: 100, when: firstPull }],
  }),

  // After any restart of the relay nobody knows it again.
  M20: writePlan({
    devices: { a: {} },
    steps: [{ atMs: 100, do: "restart", host: "relay", downMs: 100 }],
  }),

  // A device that dialled loses its power before it said anything.
  M21: writePlan({
    devices: { a: {} },
    steps: [{ atMs: 2, do: "crash", host: "a", how: "power", downMs: 100 }],
  }),
};
