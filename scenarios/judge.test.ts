import { expect, test } from "vitest";
import { ExampleHistory, exampleId, examplePlan, RELAY } from "./checkers/example-history.ts";
import type { HistoryRecord } from "./history.ts";
import { judge, startJudge } from "./judge.ts";
import type { Plan } from "./plan.ts";

const run = (): ExampleHistory => new ExampleHistory().push("alice").pull("alice").pull("bob");

test("a correct history is valid, and following it gives the same verdict", () => {
  const { plan, records } = run().end();
  const verdict = judge(plan, records);
  expect(verdict).toEqual({ verdict: "valid", idle: false, findings: [], unknowns: [] });
  const running = startJudge(plan);
  for (const record of records) running.observe(record);
  expect(running.finish()).toEqual(verdict);
});

test("a run whose trouble never came is idle", () => {
  const plan: Plan = { ...examplePlan(), trouble: [{ see: "acked", blobs: 2 }] };
  expect(judge(plan, run().end().records).idle).toBe(true);
  expect(judge(plan, run().push("bob").end().records).idle).toBe(false);
});

test("a fault that the backend cannot do makes it unknown, and a finding outweighs that", () => {
  const step = { id: 7, atMs: 1, do: "pause", host: RELAY, forMs: 5 } as const;
  const plan = examplePlan([step]);
  const unsupported = { type: "fault", at: 1, step: 7, stage: "unsupported", note: "no cgroup" } as const;
  const verdict = judge(plan, [unsupported, ...run().end().records]);
  expect(verdict.verdict).toBe("unknown");
  expect(verdict.unknowns).toEqual(["step 7 (pause) cannot be done here: no cgroup"]);
  const broken = { type: "stopped", at: 9, why: "invariant", host: "bob", message: "no" } as const;
  expect(judge(plan, [unsupported, ...run().end().records, broken]).verdict).toBe("invalid");
});

test("of one kind five findings are told, and how many more there are", () => {
  const again: HistoryRecord = { type: "seal", at: 1, host: "bob", key: 2, nonce: 0 };
  const { findings } = judge(examplePlan(), [...run().end().records, ...Array.from({ length: 12 }, () => again)]);
  expect(findings).toHaveLength(5);
  expect(findings[4]!.message).toMatch(/\(and 7 more\)$/);
  expect(findings[0]).toMatchObject({ checker: "nonce-unique", kind: "nonce-reused" });
});

test("findings name device, blob and place, and show their records", () => {
  const history = run();
  history.change("deliver", { digest: exampleId("d", 50) });
  const [finding] = judge(history.plan, history.end().records).findings;
  expect(finding!.message).toContain(`blob ${exampleId("b", 1).slice(0, 8)}, delivered to bob as cursor 1 of r1/`);
  expect(finding!.witness.map((record) => record.type)).toEqual(["op", "deliver"]);
});
