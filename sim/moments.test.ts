/** Moments of a run, and faults that are bound to them. */
import { describe, expect, it } from "vitest";
import { createDraw } from "../scenarios/draw.ts";
import { judge } from "../scenarios/judge.ts";
import { isFault, type FaultStep, type Moment, type Plan } from "../scenarios/plan.ts";
import { createWorkload } from "../scenarios/workload.ts";
import { LINKS } from "../scenarios/link-profile.ts";
import { Simulator } from "./simulator.ts";

const simulator = new Simulator();

function twoPushes(fault?: Omit<FaultStep, "id" | "atMs"> & object): Plan {
  const run = createWorkload(createDraw("0x3"), { scenario: "T-TEST-01", devices: 2, link: LINKS.fiber, extras: [] });
  run.push("a", run.settledMs, { sizeBytes: 16 });
  run.push("a", run.settledMs + 300, { sizeBytes: 16 });
  if (fault !== undefined) run.fault(run.settledMs, fault as Parameters<typeof run.fault>[1]);
  return run.finish(run.settledMs + 5000);
}

function momentsOf(plan: Plan): { moment: Moment; atMs: number }[] {
  const seen: { moment: Moment; atMs: number }[] = [];
  simulator.run(plan, { onMoment: (moment, atMs) => void seen.push({ moment, atMs }) });
  return seen;
}

describe("moments", () => {
  const seen = momentsOf(twoPushes());
  const sent = (message: string, host: string, to: string): number[] =>
    seen.flatMap(({ moment }) => {
      const { on, nth } = moment;
      return on === "sent" && moment.message === message && moment.host === host && moment.to === to ? [nth] : [];
    });

  it("name every message with its sender, its receiver and its number", () => {
    expect(sent("Push", "a", "relay")).toEqual([1, 2]);
    expect(sent("PushAck", "relay", "a")).toEqual([1, 2]);
    expect(sent("Hello", "b", "relay")).toEqual([1]);
    expect(sent("Welcome", "relay", "b")).toEqual([1]);
    expect(sent("PullResponse", "relay", "b").length).toBeGreaterThan(0);
    expect(sent("Push", "b", "relay")).toEqual([]);
  });

  it("name every transaction, written before it is synced", () => {
    const of = (stage: string): number[] =>
      seen.flatMap(({ moment, atMs }) =>
        moment.on === "stored" && moment.host === "relay" && moment.stage === stage ? [atMs] : [],
      );
    expect(of("written").length).toBeGreaterThan(2);
    of("synced").forEach((atMs, i) => expect(atMs).toBeGreaterThanOrEqual(of("written")[i]!));
  });

  it("change nothing in the run that is watched", () => {
    const plan = twoPushes();
    const { traceHash } = simulator.run(plan);
    expect(simulator.run(plan, { onMoment: () => {} }).traceHash).toBe(traceHash);
  });
});

describe("a fault that is bound to a moment", () => {
  const bound = (moment: Moment, fault: object): { at: number; run: ReturnType<Simulator["run"]>; plan: Plan } => {
    const plan = twoPushes({ ...fault, when: moment } as never);
    const run = simulator.run(plan);
    const issued = run.history.find((record) => record.type === "fault" && record.stage === "issued");
    return { at: issued?.at ?? -1, run, plan };
  };

  it("comes when the message is on its way, whatever the time of its step", () => {
    const moment: Moment = { on: "sent", host: "relay", message: "PushAck", to: "a", nth: 2 };
    const { at, run, plan } = bound(moment, { do: "crash", host: "a", how: "kill", downMs: 500 });
    const step = plan.steps.find(isFault)!;
    const seen = momentsOf(plan).find(({ moment: each }) => JSON.stringify(each) === JSON.stringify(moment))!;
    expect(at).toBe(seen.atMs);
    expect(at).toBeGreaterThan(step.atMs + 200);
    // Died before the answer came, so it came again.
    expect(run.history.filter((record) => record.type === "ack" && record.device === "a").length).toBeGreaterThan(1);
    expect(judge(plan, run.history).verdict).toBe("valid");
  });

  it("comes between writing and syncing: what was written is gone", () => {
    const moment: Moment = { on: "stored", host: "relay", stage: "written", nth: 4 };
    const { at, run, plan } = bound(moment, { do: "crash", host: "relay", how: "power", downMs: 300 });
    expect(at).toBeGreaterThan(0);
    expect(judge(plan, run.history).verdict).toBe("valid");
  });

  it("never comes when its moment does not, and the run says that it was not there", () => {
    const { run, plan } = bound(
      { on: "sent", host: "relay", message: "PushAck", to: "a", nth: 99 },
      { do: "crash", host: "a", how: "kill", downMs: 500 },
    );
    expect(run.history.some((record) => record.type === "fault")).toBe(false);
    expect(judge(plan, run.history).verdict).toBe("valid");
  });
});

describe("a message that is withheld", () => {
  it("never reaches its machine, and the run recovers", () => {
    const plan = twoPushes({ do: "withhold", host: "a", message: "PushAck", nth: 1 } as never);
    const run = simulator.run(plan);
    const stages = run.history.flatMap((record) => (record.type === "fault" ? [record.stage] : []));
    expect(stages).toEqual(["issued", "observed", "healed"]);
    // Its session is given up when nothing more comes of the push, and the next one repeats it.
    expect(run.history.filter(({ type }) => type === "ack").length).toBe(2);
    expect(simulator.run(twoPushes()).history.filter(({ type }) => type === "ack").length).toBe(2);
    expect(judge(plan, run.history).verdict).toBe("valid");
  });
});
