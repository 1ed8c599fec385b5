import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../main.ts";
import { createStandInWorld, STAND_IN_CATALOGUE, type Told } from "../sweep/stand-in-world.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { createCapturedIo } from "./captured-io.ts";
import { createInlineServices } from "./services.ts";

let out = "";
beforeEach(() => void (out = mkdtempSync(join(tmpdir(), "zerok-guided-"))));
afterEach(() => rmSync(out, { recursive: true, force: true }));

async function type(words: string, tell: (plan: Plan, number: number) => Told = () => ({})) {
  const plans: Plan[] = [];
  const world = createStandInWorld((plan) => tell(plan, plans.push(plan)));
  const io = createCapturedIo();
  const services = createInlineServices(STAND_IN_CATALOGUE, world);
  const code = await runCli([...words.split(" "), "--out", out, "--no-shrink"], io, services);
  return { code, text: io.written.out, err: io.written.err, plans };
}

describe("sim wild --guided", () => {
  it("runs as many plans as it is told, the same ones again for the same seed, and says what they reached", async () => {
    const marks = (_: Plan, number: number): Told => (number % 5 === 0 ? { marks: ["client.failover"] } : {});
    const first = await type("sim wild --guided --seeds 40", marks);
    expect(first.code).toBe(0);
    expect(first.plans.length).toBe(40);
    expect(first.text).toMatch(/^valid: 40 guided runs/);
    expect(first.text).toMatch(/Guidance: 1 plans reached something new/);
    expect(first.text).toMatch(/Marks: 1 of \d+ hit/);
    expect((await type("sim wild --guided --seeds 40", marks)).plans).toEqual(first.plans);
    expect((await type("sim wild --guided --seeds 40 --seed 7", marks)).plans).not.toEqual(first.plans);
  });

  it("leaves the plan of a failing run in a capsule, to be replayed", async () => {
    const tell = (_: Plan, number: number): Told => {
      return { marks: [`client.${number}`], ...(number === 21 ? { verdict: "invalid" as const } : {}) };
    };
    const { code, text, plans } = await type("sim wild --guided --seeds 30 --fail-fast", tell);
    expect(code).toBe(1);
    expect(plans.length).toBe(21);
    expect(text).toMatch(/invalid guided run 21 {2}acked-durable\/acked-blob-missing: .*\n {2}npx zerok replay /);
    const folder = readdirSync(join(out, "wild"))[0]!;
    const capsule = JSON.parse(readFileSync(join(out, "wild", folder, "capsule.json"), "utf8"));
    expect(capsule.plan).toEqual(JSON.parse(JSON.stringify(plans.at(-1))));
  });

  it("takes what the simulator throws for a failure, and goes on", async () => {
    const tell = (_: Plan, number: number): Told => (number === 3 ? { throws: "boom" } : {});
    const { code, text, plans } = await type("sim wild --guided --seeds 5", tell);
    expect(code).toBe(1);
    expect(plans.length).toBe(5);
    expect(text).toMatch(/guided run 3 {2}simulator\/exception: Error: boom/);
  });

  it("goes with wild alone, and neither with --twice nor with --shard", async () => {
    for (const words of [
      "sim --guided",
      "sim S-ONE-01 --guided",
      "sim wild --guided --twice",
      "sim wild --guided --shard 1/2",
    ]) {
      const { code, err } = await type(words);
      expect(code).toBe(64);
      expect(err).toMatch(/^zerok: --guided [^\n]+\n$/);
    }
  });
});
