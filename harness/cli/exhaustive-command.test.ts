/** The command on a world that says what it is told; that the real one is gone through is tested in `sim/`. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Plan } from "../../scenarios/plan.ts";
import type { SimOptions } from "../../sim/simulator.ts";
import { runCli } from "../main.ts";
import { createStandInWorld, STAND_IN_CATALOGUE, type Told } from "../sweep/stand-in-world.ts";
import { createCapturedIo } from "./captured-io.ts";
import { createInlineServices } from "./services.ts";

let out: string;

beforeEach(() => (out = mkdtempSync(join(tmpdir(), "zerok-exhaustive-"))));

afterEach(() => rmSync(out, { recursive: true, force: true }));

type Tell = (plan: Plan, options: SimOptions) => Told;

async function type(words: string, tell?: Tell, tellSecond: Tell | undefined = tell) {
  const io = createCapturedIo();
  const services = createInlineServices(STAND_IN_CATALOGUE, createStandInWorld(tell), createStandInWorld(tellSecond));
  const code = await runCli(words.replace(/\bOUT\b/, out).split(" "), io, services);
  return { code, ...io.written };
}

async function typeJson(words: string, tell?: Tell) {
  const { code, out: text } = await type(`${words} --json`, tell);
  return { code, json: JSON.parse(text) };
}

function expectMistake({ code, out: text, err }: { code: number; out: string; err: string }, part: RegExp): void {
  expect(code).toBe(64);
  expect(text).toBe("");
  expect(err).toMatch(/^zerok: [^\n]+\n$/);
  expect(err).toMatch(part);
}

describe("sim --exhaustive", () => {
  const isOrdered = (plan: Plan, options: SimOptions): boolean =>
    plan.order !== undefined && options.guide !== undefined;

  it("goes through each small world with each of its faults, and prints how many states there were", async () => {
    const { code, out: text } = await type("sim --exhaustive --out OUT");
    expect(code).toBe(0);
    expect(text).toMatch(/a pushes, b hears of it +power loss of the relay +1 +1 +1 +0 +valid/);
    expect(text).toMatch(/valid: 13 states, 13 runs, 13 of them different to the end and judged/);
    const { json } = await typeJson("sim --exhaustive --out OUT --twice");
    expect(json).toMatchObject({ verdict: "valid", states: 13, judged: 13, runs: [] });
    expect(json.explorations).toHaveLength(13);
    expect(json.explorations[1]).toMatchObject({
      operations: ["push by a"],
      fault: "power loss of the relay",
      isComplete: true,
      isRepeated: true,
      failure: null,
    });
  });

  it("leaves the order that failed as a run folder that can be replayed", async () => {
    const tell: Tell = (plan) => ({ verdict: plan.steps.some((step) => step.do === "crash") ? "invalid" : "valid" });
    const { code, json } = await typeJson("sim --exhaustive --no-shrink --out OUT", tell);
    expect(code).toBe(1);
    expect(json.verdict).toBe("invalid");
    const failed = json.explorations.filter((each: { failure: object | null }) => each.failure !== null);
    expect(failed.length).toBe(8);
    expect(failed[0].failure).toMatchObject({ runs: 1, findings: [{ checker: "acked-durable" }], run: json.runs[0] });
    // The first few are enough.
    expect(json.runs.length).toBe(3);
    const { plan } = JSON.parse(readFileSync(join(json.runs[0], "capsule.json"), "utf8"));
    expect(plan.order).toEqual({ fromMs: expect.any(Number), picks: [] });
    expect((await type(`replay ${json.runs[0]} --out OUT`, tell)).code).toBe(1);
    const { code: real, err } = await type(`replay ${json.runs[0]} --on local --out OUT`, tell);
    expect([real, err]).toEqual([3, expect.stringMatching(/only the simulator can follow that: npx zerok replay/)]);
    const { out: text } = await type("sim --exhaustive --no-shrink --out OUT", tell);
    expect(text).toMatch(/invalid a pushes, b hears of it, fault: kill of the relay, in run 1 .*\n +npx zerok replay /);
  });

  it("is invalid when another process comes to something else, and when the simulator throws", async () => {
    const other: Tell = (plan, options) => (isOrdered(plan, options) ? { divergeAt: 1 } : {});
    const { code, out: text } = await type("sim --exhaustive --twice --out OUT", () => ({}), other);
    expect(code).toBe(1);
    expect(text).toMatch(/invalid \(not repeatable\)/);
    expect(text).toMatch(/Twice: 0 of 13 came out the same/);
    const { code: broken, json } = await typeJson("sim --exhaustive --out OUT", () => ({ throws: "bang" }));
    expect(broken).toBe(1);
    expect(json.runs).toEqual([]);
    expect(json.explorations[0].failure.findings).toMatchObject([{ checker: "simulator", message: "Error: bang" }]);
  });

  it("takes ids whose seeds are cases, and nothing that makes no sense with it", async () => {
    expectMistake(await type("sim S-ONE-01 --exhaustive"), /drawn/);
    for (const words of ["--seed 0x1", "--seeds 4", "--time 1s", "--shard 1/2", "--suite portable", "--keep-first"]) {
      expectMistake(await type(`sim --exhaustive ${words}`), new RegExp(`leave ${words.split(" ")[0]} out`));
    }
  });
});
