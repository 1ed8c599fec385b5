import { describe, expect, it } from "vitest";
import { ExampleHistory } from "./checkers/example-history.ts";
import { createDraw } from "./draw.ts";
import type { HistoryRecord, PhaseRecord } from "./history.ts";
import { judgeReal } from "./judge-real.ts";
import { planDeviceStorm, planRelayStorm } from "./kill-storm.ts";
import { LINKS } from "./link-profile.ts";
import { RELAY } from "./names.ts";
import { findPlanFlaw } from "./plan-rules.ts";
import { createWorkload } from "./workload.ts";

const run = createWorkload(createDraw("0x1"), { scenario: "T-CONN-01", devices: 1, link: LINKS.lan, extras: [] });
const step = run.fault(100, { do: "crash", host: RELAY, how: "kill", downMs: 10 });
const plan = run.finish();

const phase = (at: number, name: PhaseRecord["phase"]): HistoryRecord => ({
  type: "phase",
  at,
  phase: name,
  frames: 0,
});
const fault = (stage: "issued" | "observed" | "unsupported"): HistoryRecord => ({
  type: "fault",
  at: 100,
  step,
  stage,
});
const calm = [phase(0, "steady"), fault("issued"), fault("observed"), phase(200, "healed")];

describe("a history of real processes", () => {
  it("is valid when everything was seen and nothing found", () => {
    expect(judgeReal(plan, [...calm, phase(300, "converged"), phase(400, "end")])).toEqual({
      verdict: "valid",
      idle: false,
      findings: [],
      unknowns: [],
    });
  });

  it("is unknown when it stalled, was late, or left something: real time proves nothing", () => {
    const stalled = judgeReal(plan, [...calm, phase(300, "stalled"), phase(400, "end")]);
    expect(stalled).toMatchObject({ verdict: "unknown", findings: [] });
    expect(stalled.unknowns).toEqual([expect.stringContaining("not converged")]);
    const late = judgeReal(plan, [...calm, phase(10_000_000, "converged"), phase(10_000_001, "end")]);
    expect(late).toMatchObject({ verdict: "unknown", findings: [] });
    const counts = { descriptors: 9 };
    const left = [
      ...calm,
      phase(300, "converged"),
      { type: "resources", at: 350, host: "a", stage: "end", counts },
    ] as const;
    expect(judgeReal(plan, [...left, phase(400, "end")])).toMatchObject({ verdict: "unknown", findings: [] });
  });

  it("is unknown when a fault was not seen to act, or could not be done", () => {
    const rest = [phase(200, "healed"), phase(300, "converged"), phase(400, "end")];
    const unknowns = (faults: readonly HistoryRecord[]) => judgeReal(plan, [...faults, ...rest]).unknowns;
    expect(unknowns([fault("issued")])).toEqual([`step ${step} (crash) was not seen to act`]);
    expect(unknowns([])).toEqual([`step ${step} (crash) was not issued`]);
    expect(unknowns([fault("unsupported")])).toEqual([expect.stringContaining("cannot be done here")]);
  });

  it("is unknown when what was acknowledged has not arrived, unless it was said to have converged", () => {
    // Bob has pulled nothing, and his state at the end is not known.
    const history = new ExampleHistory().push("alice").pull("alice").cut().finalReads();
    history.drop((record) => record.type === "final-state");
    expect(judgeReal(history.plan, history.records)).toMatchObject({
      verdict: "invalid",
      findings: [{ checker: "acked-durable", kind: "acked-blob-missing" }],
    });
    const stalled = history.records.map((record) =>
      record.type === "phase" && record.phase === "converged" ? { ...record, phase: "stalled" as const } : record,
    );
    const verdict = judgeReal(history.plan, stalled);
    expect(verdict).toMatchObject({ verdict: "unknown", findings: [] });
    expect(verdict.unknowns).toContainEqual(
      expect.stringMatching(/^acked-durable: blob .* was never delivered to bob/),
    );
  });

  it("is invalid when something was found that no clock decides", () => {
    const stopped: HistoryRecord = { type: "stopped", at: 250, why: "invariant", host: RELAY, message: "it died" };
    const verdict = judgeReal(plan, [...calm, stopped]);
    expect(verdict.verdict).toBe("invalid");
    expect(verdict.findings.map(({ checker }) => checker)).toEqual(["invariant"]);
  });
});

describe("a kill storm", () => {
  it.each([planRelayStorm, planDeviceStorm])("is a whole plan with every kill asked for (%#)", (make) => {
    const { plan: storm, moments } = make(createDraw("0x9"), 12);
    expect(findPlanFlaw(storm)).toBe(undefined);
    const kills = storm.steps.filter((each) => each.do === "crash");
    expect(kills).toHaveLength(12);
    expect(storm.topology.devices).toHaveLength(8);
    for (const kill of kills) expect(storm.trouble).toContainEqual({ see: "observed", step: kill.id });
    for (const id of moments.keys()) expect(kills.map((kill) => kill.id)).toContain(id);
    expect(make(createDraw("0x9"), 12).plan).toEqual(storm);
    expect(make(createDraw("0xa"), 12).plan).not.toEqual(storm);
  });
});
