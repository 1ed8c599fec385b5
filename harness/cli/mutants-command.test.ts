import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MutantReport } from "../mutants/campaign.ts";
import { runCli } from "../main.ts";
import { createCapturedIo } from "./captured-io.ts";
import { renderMarkdown } from "./mutants-report.ts";
import { renderMutants } from "./mutants-text.ts";
import { createPaint } from "./paint.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "zerok-mutants-"))));
afterAll(() => rmSync(folder, { recursive: true }));

async function type(...words: readonly string[]) {
  const io = createCapturedIo();
  const code = await runCli(["mutants", ...words], io);
  return { code, ...io.written };
}

function file(edits: readonly object[]): string {
  const path = join(folder, "mine.json");
  const mutant = { id: "twice", title: "a repeated push gets a second cursor", edits, scenarios: ["T-CONN-01"] };
  writeFileSync(path, JSON.stringify([mutant]));
  return path;
}

describe("zerok mutants", () => {
  it("hunts a mutant of anyone's and tells it as JSON", async () => {
    const edit = {
      file: "core/log/append.ts",
      find: "?? known(item",
      replace: "?? ((..._: unknown[]) => undefined)(item",
    };
    const { code, out, err } = await type("--file", file([edit]), "--shrink", "--json", "--jobs", "1");
    expect(err).toBe("");
    expect(code).toBe(0);
    const shrunk = [{ target: { checker: "push-once", kind: "second-cursor" }, steps: 2, isMinimal: true }];
    expect(JSON.parse(out)).toMatchObject({
      planted: 1,
      caught: 1,
      mutants: [
        { id: "twice", outcome: "caught", isByOthersOnly: false, seeds: { median: expect.any(Number) }, shrunk },
      ],
      tests: [],
      falseAlarms: [],
    });
  }, 120_000);

  it.each([
    [["M99"], "There is no mutant M99"],
    [["--plant", "M01"], "--plant and --bundle go together"],
    [["--bundle", "x"], "--plant and --bundle go together"],
    [["--budget", "soon"], '"soon" does not fit --budget'],
    [["--repeat", "0"], '"0" does not fit --repeat'],
    [["--file", "/nowhere.json"], "/nowhere.json cannot be read (ENOENT)"],
    [["M11", "--compare-hand"], "There is no plan written by hand for M11;"],
    [["--seed", "x"], '"x" is not a seed'],
  ])("%s is a mistake that it names", async (words, sentence) => {
    const { code, err } = await type(...words);
    expect(err).toContain(sentence);
    expect(code).toBe(64);
  });

  it("compares what it shrinks with a plan written by hand", async () => {
    const { code, out } = await type("m17", "M11", "--compare-hand", "--repeat", "2", "--jobs", "1", "--quiet");
    expect(out).toMatch(
      /^M17 +ttl deletes what was not delivered, and nobody is told +1 +1 +1 +1\.00 +2\/2 +\d+\.\d$/m,
    );
    expect(out).not.toContain("M11");
    expect(code).toBe(0);
  }, 120_000);

  it("names an edit that fits nowhere", async () => {
    const { code, err } = await type("--file", file([{ file: "core/log/append.ts", find: "gone()", replace: "" }]));
    expect(err).toContain('mutant twice: "gone()" is not in core/log/append.ts');
    expect(code).toBe(64);
  });
});

describe("the table of mutants", () => {
  const mutant = { id: "X1", title: "a bug", from: "own", edits: [], caughtBy: "limits", scenarios: [] };
  const none = { mutant, why: undefined, catches: [], missed: 0, seedsInVain: 0, isByOthersOnly: false };
  const caught = (seeds: number, seconds: number) => ({
    base: "0x1",
    scenario: "S-CONV-04",
    seed: "0x1",
    first: { checker: "drains", kind: "left", message: "…" },
    target: { checker: "drains", kind: "left" },
    firsts: ["drains"],
    checkers: ["drains"],
    seeds,
    seconds,
  });

  it("has medians, the 95th percentile, what is to be looked at, and the totals", () => {
    const reports: readonly MutantReport[] = [
      { ...none, outcome: "caught", catches: [caught(9, 4), caught(1, 0.5), caught(3, 1)], isByOthersOnly: true },
      { ...none, mutant: { ...mutant, id: "X2" }, outcome: "missed", missed: 1, seedsInVain: 1234 },
      { ...none, mutant: { ...mutant, id: "X3" }, outcome: "waiting", why: "there are no keys that change" },
      { ...none, mutant: { ...mutant, id: "X4" }, outcome: "stale", why: '"x" is not in core/y.ts (any more)' },
    ];
    const text = renderMutants(createPaint(false), { reports, falseAlarms: [], wallMs: 12_000 }, []);
    expect(text).toMatch(/^X1 +a bug +drains \* +S-CONV-04 +3 +9 +1\.00 +4\.00$/m);
    expect(text).toMatch(/^X2 +a bug +not caught +\(1,234\)$/m);
    expect(text).toContain("X1: limits says nothing, but drains");
    expect(text).toContain("1 of 3 mutants caught in 12 s, 1 not caught, 1 stale, 1 waiting.");
    expect(text).toContain("X3 waits: there are no keys that change");
  });

  it("as Markdown has a row for each, and says of which checkers nobody knows what they add", () => {
    const titled = { ...mutant, title: "a | b" };
    const reports: readonly MutantReport[] = [
      { ...none, mutant: titled, outcome: "caught", catches: [caught(9, 4), caught(1, 0.5), caught(3, 1)] },
      { ...none, mutant: { ...mutant, id: "X2" }, outcome: "missed", missed: 1, seedsInVain: 1234 },
    ];
    const firsts = [
      { checker: "drains", mutants: ["X1"], alone: ["X1"] },
      { checker: "limits", mutants: [], alone: [] },
    ];
    const text = renderMarkdown({ reports, falseAlarms: [], wallMs: 12_000 }, [], firsts);
    expect(text).toContain("| X1 | a \\| b | `drains` | 3, 9 | 1.00, 4.00 |\n");
    expect(text).toContain("| X2 | a bug | **not caught** | (1234) |  |\n");
    expect(text).toMatch(
      /\n\n1 of 2 mutants caught in 12 s, 1 not caught\. Checkers that were the first to accuse none: limits\. Seeds and seconds of a thread until then: median and p95 of 3 base seeds\.\n$/,
    );
    expect(renderMarkdown({ reports, falseAlarms: [], wallMs: 1 }, [], firsts.slice(0, 1))).toContain(
      "Each of the 1 checkers was the first to accuse at least one mutant, 1 of them with no other at the same event.",
    );
  });

  it("says when the correct core is accused", () => {
    const falseAlarms = [{ scenario: "W-06", seed: "0x2", checker: "drains", message: "left" }];
    const text = renderMutants(createPaint(false), { reports: [], falseAlarms, wallMs: 1 }, []);
    expect(text).toContain("The correct core is accused too, so these seeds prove nothing:\n  W-06 0x2: drains: left");
  });
});
