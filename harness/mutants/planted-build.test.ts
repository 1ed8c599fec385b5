import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mutants } from "../../scenarios/mutants/list.ts";
import { findCheckout } from "./checkout.ts";
import { buildCommands, writePlantedBuild } from "./planted-build.ts";
import { runTestMutants } from "./test-mutants.ts";

const root = findCheckout();
const ofId = (id: string) => mutants.find((mutant) => mutant.id === id)!;
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "zerok-planted-"))));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a planted build", () => {
  it("is the whole package with the bug in it, and starts", async () => {
    const out = join(folder, "M05");
    const { relayCommand, agentCommand } = await writePlantedBuild(root, ofId("M05"), out);
    expect(buildCommands(out)).toEqual({ relayCommand, agentCommand });
    expect(readFileSync(join(out, "dist", "core", "log", "append.js"), "utf8")).not.toContain("?? known(item");
    const [node, ...words] = relayCommand;
    const printed = execFileSync(node!, [...words, "--print-config"], { cwd: folder, encoding: "utf8" });
    expect(printed).toContain("[limits]");
    const [, ...agentWords] = agentCommand;
    expect(() => execFileSync(node!, agentWords, { cwd: folder, encoding: "utf8", stdio: "pipe" })).toThrow(
      /Missing required argument: config/,
    );
    // Once more over what it wrote itself.
    await writePlantedBuild(root, ofId("M01"), out);
    expect(readFileSync(join(out, "dist", "core", "log", "append.js"), "utf8")).toContain("?? known(item");
  }, 60_000);

  it("leaves alone what somebody else wrote", async () => {
    const out = join(folder, "mine");
    mkdirSync(out);
    writeFileSync(join(out, "notes.txt"), "mine");
    await expect(writePlantedBuild(root, ofId("M01"), out)).rejects.toThrow(/is not empty/);
    expect(() => buildCommands(out)).toThrow(/relay.mjs is not there/);
  });

  it("says when its folder cannot be made", async () => {
    writeFileSync(join(folder, "file"), "");
    for (const out of [join(folder, "file", "below"), ...(process.platform === "linux" ? ["/proc/below"] : [])]) {
      await expect(writePlantedBuild(root, ofId("M01"), out)).rejects.toThrow(/cannot be made or written/);
    }
  });

  it("says when no real program would have the bug", async () => {
    await expect(writePlantedBuild(root, ofId("M18"), join(folder, "M18"))).rejects.toThrow(/lies in the simulator/);
  });
});

describe("a mutant of a test", () => {
  it("makes that test fail, and is not caught by one that does not look", async () => {
    const seen = ofId("M30");
    const unseen = {
      ...seen,
      id: "X30",
      test: "core/text.test.ts",
      edits: [{ file: "core/redacted.ts", find: '"[REDACTED]"', replace: '"?"' }],
    };
    const unlooked = { ...unseen, test: "core/log/chain.test.ts" };
    const reports = await runTestMutants(root, [seen, unlooked], () => {});
    expect(reports.map(({ outcome }) => outcome)).toEqual(["caught", "missed"]);
    expect(reports[0]!.failed.length).toBeGreaterThan(0);
  }, 120_000);
});
