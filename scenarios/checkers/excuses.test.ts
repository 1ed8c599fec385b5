/**
 * How far an excuse reaches: for each that a sweep asked for, a history in which a checker has to be silent, and one just
 * beyond it, which it still accuses.
 */
import { expect, test } from "vitest";
import { startJudge } from "../judge.ts";
import type { HistoryRecord } from "../history.ts";
import type { Step } from "../plan.ts";
import { EPOCH, ExampleHistory, exampleChain, exampleId, examplePlan, GROUP, RELAY } from "./example-history.ts";

const log = { group: GROUP, relay: RELAY, epoch: EPOCH } as const;

/** What one checker has found in this history. */
function found(checker: string, { plan, records }: ExampleHistory): readonly string[] {
  const running = startJudge(plan);
  for (const record of records) running.observe(record);
  const { findings } = running.finish();
  return [...new Set(findings.filter((finding) => finding.checker === checker).map(({ kind }) => kind))];
}

function historyWith(...steps: Step[]): ExampleHistory {
  return new ExampleHistory(examplePlan(steps));
}

function fault(history: ExampleHistory, step: number, stage: "issued" | "healed"): ExampleHistory {
  return history.write({ type: "fault", at: history.at, step, stage });
}

test("shutdown: a slow disk excuses who is late or killed, until its last sync, and no exit code", () => {
  const exit = (code: number | null, askedAfterMs: number): ExampleHistory => {
    const slow: Step = { id: 1, atMs: 1, do: "disk", host: RELAY, disk: { type: "slow", syncMs: 500 }, forMs: 10 };
    const history = fault(fault(historyWith(slow), 1, "issued").wait(10), 1, "healed");
    const askedAt = history.at + askedAfterMs;
    return history.write({ type: "exit", at: askedAt + 99, host: RELAY, askedAt, graceMs: 50, code }).cut();
  };
  expect(found("shutdown", exit(null, 500))).toEqual([]);
  expect(found("shutdown", exit(null, 501))).toEqual(["killed"]);
  expect(found("shutdown", exit(0, 500))).toEqual([]);
  expect(found("shutdown", exit(0, 501))).toEqual(["left-late"]);
  expect(found("shutdown", exit(3, 500))).toEqual(["exit-code"]);
});

test("relay-honesty: what a lost disk held is missed by nobody once its ttl is over, and not before", () => {
  const lost = (waitMs: number, ...steps: Step[]): ExampleHistory => {
    const history = historyWith(...steps)
      .push("alice")
      .pull("alice");
    if (steps.length > 0) fault(history, 1, "issued");
    return history.loseLog().connect("alice").connect("bob").push("alice").wait(waitMs).end();
  };
  const wipe: Step = { id: 1, atMs: 1, do: "wipe", host: RELAY, downMs: 10 };
  expect(found("relay-honesty", lost(3_600_000, wipe))).toEqual([]);
  expect(found("relay-honesty", lost(3_500_000, wipe))).toEqual(["omission-unnoticed"]);
  // A relay that lost nothing has no excuse.
  expect(found("relay-honesty", lost(3_600_000))).toEqual(["omission-unnoticed"]);
});

test("acked-durable: a relay drops for all whom it knew, and for nobody who had been there", () => {
  const dropped = (bobIsKnown: boolean, why: string): ExampleHistory => {
    const history = new ExampleHistory();
    if (!bobIsKnown) {
      // Bob has been let in elsewhere.
      const isHello = (record: HistoryRecord): boolean =>
        record.type === "op" && record.f === "connect" && record.device === "bob" && record.outcome === "ok";
      history.records.forEach((record, i) => {
        if (isHello(record)) history.records[i] = { ...record, relay: "r2" } as HistoryRecord;
      });
    }
    history.push("alice").pull("alice").connect("bob").expire(1).pull("bob");
    return history.change("lost", { why }).end();
  };
  expect(found("acked-durable", dropped(false, "acknowledged"))).toEqual([]);
  expect(found("acked-durable", dropped(true, "acknowledged"))).toEqual(["lost-before-ttl"]);
  expect(found("acked-durable", dropped(false, "expired"))).toEqual(["lost-before-ttl"]);
});

test("sent-log: a clock that is set excuses the order of what has a ttl, rot that of its relay, and nothing else", () => {
  const swapped = (ttlS: number, ...steps: Step[]): ExampleHistory => {
    const history = historyWith(...steps);
    const first = history.queue("alice");
    history.change("op", { ttlS });
    const second = history.queue("alice");
    history.change("op", { ttlS });
    history.store(second.row);
    history.store(first.row);
    return history
      .acknowledge("alice", second.process, second.row)
      .acknowledge("alice", first.process, first.row)
      .cut();
  };
  const clock = (host: string): Step => ({ id: 1, atMs: 1, do: "clock", host, how: "step", byMs: 300_000, forMs: 10 });
  const rot = (host: string): Step => {
    return { id: 1, atMs: 1, do: "disk", host, disk: { type: "bit-rot", bits: 1 }, forMs: 0 };
  };
  expect(found("sent-log", swapped(3600, clock("alice")))).toEqual([]);
  expect(found("sent-log", swapped(0, clock("alice")))).toEqual(["order-broken"]);
  expect(found("sent-log", swapped(3600, clock("bob")))).toEqual(["order-broken"]);
  expect(found("sent-log", swapped(0, rot(RELAY)))).toEqual([]);
  expect(found("sent-log", swapped(0, rot("bob")))).toEqual(["order-broken"]);
});

test("no-storm: a dial that its application ended is no failure, any other is", () => {
  const dials = (error: string): ExampleHistory => {
    const history = new ExampleHistory();
    const dial = { type: "op", device: "bob", group: GROUP, relay: RELAY, f: "connect" } as const;
    for (const [why, waitMs] of [
      [error, 100],
      ["connect-timeout", 0],
      ["connect-timeout", 1000],
    ] as const) {
      const process = history.wait(waitMs).freshProcess();
      history.write({ ...dial, at: history.at, process, outcome: "invoke" });
      history.write({ ...dial, at: history.at, process, outcome: "fail", error: why });
    }
    return history.cut();
  };
  expect(found("no-storm", dials("closed-by-application"))).toEqual([]);
  expect(found("no-storm", dials("connect-timeout"))).toEqual(["short-wait"]);
});

test("cursor-behind-applied: a device begins anew in an epoch that it had left, and falls in no other", () => {
  const fallen = (hasLeft: boolean, isRolledBack: boolean): ExampleHistory => {
    const back: Step = { id: 1, atMs: 1, do: "rollback", host: RELAY, agoMs: 5, downMs: 10 };
    const history = historyWith(...(isRolledBack ? [back] : []))
      .push("alice")
      .push("alice")
      .pull("bob");
    const state = { type: "durable-state", device: "bob", why: "commit", inbox: 2 } as const;
    if (hasLeft) {
      const epoch = exampleId("e", 2);
      history.write({ ...state, ...log, at: history.at, epoch, cursor: 0, chain: exampleChain(epoch, 0) });
    }
    if (isRolledBack) fault(history, 1, "issued");
    return history.write({ ...state, ...log, at: history.at, cursor: 0, chain: exampleChain(EPOCH, 0) }).cut();
  };
  expect(found("cursor-behind-applied", fallen(true, true))).toEqual([]);
  expect(found("cursor-behind-applied", fallen(false, true))).toEqual(["cursor-fell"]);
  expect(found("cursor-behind-applied", fallen(true, false))).toEqual(["cursor-fell"]);
});
