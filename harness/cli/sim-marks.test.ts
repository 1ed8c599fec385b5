import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { marks } from "../../scenarios/marks/list.ts";
import { runCli } from "../main.ts";
import { createStandInWorld, STAND_IN_CATALOGUE } from "../sweep/stand-in-world.ts";
import { createCapturedIo } from "./captured-io.ts";
import { createInlineServices } from "./services.ts";

let out = "";
beforeEach(() => void (out = mkdtempSync(join(tmpdir(), "zerok-marks-"))));
afterEach(() => rmSync(out, { recursive: true, force: true }));

const expected = marks.filter((mark) => mark.expected).map(({ name }) => name);

async function type(words: string, hit: readonly string[]) {
  const io = createCapturedIo();
  const services = createInlineServices(
    STAND_IN_CATALOGUE,
    createStandInWorld(() => ({ marks: hit })),
  );
  const code = await runCli([...words.split(" "), "--out", out], io, services);
  return { code, text: io.written.out };
}

describe("marks on the command line", () => {
  it("are counted after each sweep", async () => {
    const { code, text } = await type("sim --seeds 20", ["client.failover", "relay.idle"]);
    expect(code).toBe(0);
    expect(text).toContain(`Marks: 2 of ${marks.length} hit, 2 of the ${expected.length} that`);
    expect(text).not.toContain("never hit");
  });

  it("fail a sweep of every id with 300 seeds each, one line for each that was never hit", async () => {
    const [missed, ...hit] = expected;
    const { code, text } = await type("sim --seeds 300", hit);
    expect(code).toBe(1);
    expect(text.match(/mark never hit .*/g)).toEqual([expect.stringContaining(`mark never hit ${missed} (`)]);
    expect(text).toMatch(/^invalid: 600 runs/m);
    expect((await type("sim --seeds 300", expected)).code).toBe(0);
    expect((await type("sim S-ONE-01 --seeds 300", hit)).code).toBe(0);
  });

  it("are all in the table of --marks, with the first run of each", async () => {
    const { text } = await type("sim --seeds 20 --marks", ["client.failover"]);
    expect(text).toMatch(/client\.failover +40 +S-ONE-01 0x1 +A relay failed/);
    expect(text).toMatch(/client\.wrong-relay +0 +\(no plan puts another key/);
    for (const { name } of marks) expect(text).toContain(name);
  });

  it("are counted in JSON", async () => {
    const { text } = await type("sim --seeds 300 --json", expected.slice(1));
    const json = JSON.parse(text);
    expect(json.verdict).toBe("invalid");
    expect(json.marks).toMatchObject({ hit: expected.length - 1, of: marks.length, missed: [expected[0]] });
    const first = { scenario: "S-ONE-01", seed: "0x1" };
    expect(json.marks.each.find(({ name }: { name: string }) => name === expected[1])).toMatchObject({
      runs: 600,
      first,
    });
  });
});
