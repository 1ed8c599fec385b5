/**
 * A device that is away fills its queue, in the simulated world: what is beyond the bounds is refused and never seen
 * again, what was queued arrives, and there is room again. A device that ignored its bounds is found by a checker.
 */
import { describe, expect, it } from "vitest";
import { createDraw } from "../scenarios/draw.ts";
import type { HistoryRecord } from "../scenarios/history.ts";
import { judge } from "../scenarios/judge.ts";
import { LINKS } from "../scenarios/link-profile.ts";
import type { Plan } from "../scenarios/plan.ts";
import { createWorkload } from "../scenarios/workload.ts";
import { Simulator } from "./simulator.ts";

const ROWS_MAX = 10;

function planAway(seed: string): Plan {
  const run = createWorkload(createDraw(seed, "queue"), {
    scenario: "S-CONC-04",
    devices: 2,
    link: LINKS.wifi,
    extras: [],
    clientOf: { b: { queueRowsMax: ROWS_MAX } },
  });
  const awayMs = run.settledMs;
  run.order("b", "disconnect", awayMs);
  run.rush("b", 25, 1000, awayMs + 50_000, 200);
  run.order("b", "connect", awayMs + 60_000);
  run.rush("b", 5, 1000, awayMs + 150_000, 200);
  return run.finish();
}

/** The same history, told of a device with smaller bounds. */
function withRowsMax(plan: Plan, queueRowsMax: number): Plan {
  const devices = plan.topology.devices.map((each) => ({ ...each, config: { ...each.config, queueRowsMax } }));
  return { ...plan, topology: { ...plan.topology, devices } };
}

describe("a device that is away and pushes on", () => {
  const plan = planAway("0x5");
  const { history } = new Simulator().run(plan);
  const pushes = (outcome: string): HistoryRecord[] =>
    history.filter((record) => record.type === "op" && record.f === "push" && record.outcome === outcome);

  it("is valid: what was queued arrives, what was refused never does, and there is room again", () => {
    expect(judge(plan, history).verdict).toBe("valid");
    expect(new Set(pushes("fail").map((record) => "error" in record && record.error))).toEqual(new Set(["QueueFull"]));
    expect([pushes("ok").length, pushes("fail").length]).toEqual([ROWS_MAX + 5, 15]);
  });

  it("is found out when it queues more than it may", () => {
    const found = judge(withRowsMax(plan, ROWS_MAX - 1), history).findings.map(
      ({ checker, kind }) => `${checker} ${kind}`,
    );
    expect(new Set(found)).toEqual(new Set(["limits queue-overrun"]));
  });
});
