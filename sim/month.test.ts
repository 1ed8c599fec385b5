/**
 * A month of an ordinary group in the simulated world: ttls that end, sweeps, a quota that is hit every day, a rate that is
 * hit in every burst, relays restarted every week. What hosts hold on to at the end is what they held before anybody came.
 */
import { describe, expect, it } from "vitest";
import { createDraw } from "../scenarios/draw.ts";
import { judge } from "../scenarios/judge.ts";
import { LINKS } from "../scenarios/link-profile.ts";
import { RELAY } from "../scenarios/names.ts";
import type { Plan } from "../scenarios/plan.ts";
import { createWorkload } from "../scenarios/workload.ts";
import { Simulator } from "./simulator.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DAY_S = 24 * 3600;
const DAYS = 30;
/** Held bytes at which the group is full: about ten of the large pushes below. */
const QUOTA_BYTES = 100_000;

function planMonth(seed: string): Plan {
  const draw = createDraw(seed, "month");
  const run = createWorkload(draw, {
    scenario: "W-25",
    devices: 3,
    link: LINKS.wifi,
    extras: [],
    relay: {
      defaultTtlS: DAY_S,
      dedupeRetentionS: 2 * DAY_S,
      acknowledgedRetentionS: DAY_S / 4,
      sweepMs: HOUR_MS,
      idleTimeoutMs: 30 * MINUTE_MS,
      groupBytesMax: QUOTA_BYTES,
      // A burst of ten goes through, the rest of twenty waits.
      messagesPerMinute: 30,
      messagesBurst: 25,
    },
    client: { pollMs: 20 * MINUTE_MS, keepAliveMs: 10 * MINUTE_MS, ttlS: 0 },
  });
  for (let day = 0; day < DAYS; day++) {
    const fromMs = day * DAY_MS + run.settledMs;
    for (const device of run.devices) run.stream(device, 3, { fromMs, toMs: fromMs + 20 * HOUR_MS });
    // Over the quota, until what was there goes: held back and sent later.
    run.rush("a", 20, 1000, fromMs + 2 * HOUR_MS, 1000);
    for (let i = 0; i < 12; i++) run.push("b", fromMs + 4 * HOUR_MS + i * MINUTE_MS, { sizeBytes: 12_000 });
    // Away for the night, and back.
    run.order("c", "disconnect", fromMs + 21 * HOUR_MS);
    run.order("c", "connect", fromMs + 23 * HOUR_MS);
    if (day % 7 === 6) run.fault(fromMs + 22 * HOUR_MS, { do: "restart", host: RELAY, downMs: MINUTE_MS });
  }
  return run.finish();
}

describe("a simulated month of retention, quotas and rate limits", () => {
  const plan = planMonth("0x1");
  const run = new Simulator().run(plan, { eventBudget: 20_000_000 });

  it("lasts a month, and is valid", () => {
    expect(run.simulatedMs).toBeGreaterThan((DAYS - 1) * DAY_MS);
    const { findings, verdict } = judge(plan, run.history);
    expect(findings).toEqual([]);
    expect(verdict).toBe("valid");
  });

  it("hits the quota, the rate and the ttl, day after day", () => {
    const days = new Map<number, Set<number>>();
    for (const record of run.history) {
      if (record.type !== "refused") continue;
      const { code, at } = record;
      const seen = days.get(code) ?? new Set();
      days.set(code, seen.add(Math.floor(at / DAY_MS)));
    }
    expect(days.get(2000)?.size ?? 0, "days with a rate that was hit").toBeGreaterThan(DAYS / 2);
    expect(days.get(2002)?.size ?? 0, "days with a quota that was hit").toBeGreaterThan(DAYS / 2);
    expect(run.marks).toContain("relay.swept");
  });

  it("leaves sessions, timers, jobs and tables where they were", () => {
    const counts = (stage: string) =>
      run.history.flatMap((r) => (r.type === "resources" && r.stage === stage && r.host === RELAY ? [r.counts] : []));
    expect(counts("baseline")).toHaveLength(1);
    expect(counts("end")).toEqual(counts("baseline"));
  });
});
