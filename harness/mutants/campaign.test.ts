import { describe, expect, it } from "vitest";
import { mutants } from "../../scenarios/mutants/list.ts";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import { type CampaignOptions, type CampaignReport, runCampaign } from "./campaign.ts";
import { findCheckout } from "./checkout.ts";

const ofId = (id: string): Mutant => mutants.find((mutant) => mutant.id === id)!;

function run(list: readonly Mutant[], options: Partial<CampaignOptions> = {}): Promise<CampaignReport> {
  const common = { root: findCheckout(), firstSeed: "0x1", repeat: 1, jobs: 2, budgetMs: undefined, watch: () => {} };
  return runCampaign({ ...common, ...options, mutants: list });
}

const stale: Mutant = {
  id: "S1",
  title: "edits what is not there any more",
  from: "own",
  edits: [{ file: "core/log/page.ts", find: "const wasHere = once;", replace: "" }],
  caughtBy: "converges",
  scenarios: [],
};
const broken: Mutant = {
  ...stale,
  id: "B1",
  edits: [{ file: "core/log/page.ts", find: "let through = after;", replace: "let through = = after;" }],
};
const waiting: Mutant = { ...stale, id: "W1", edits: [], waiting: "there is no such feature" };

describe("a campaign", () => {
  it("catches by the checker that sees it first, ends what loops for ever, and tells what is stale or broken", async () => {
    const { reports, falseAlarms } = await run([ofId("M01"), ofId("N32"), stale, broken, waiting], { trialMs: 4_000 });
    const [planted, loop, ...others] = reports;
    expect(planted).toMatchObject({ outcome: "caught", isByOthersOnly: false });
    expect(planted!.catches[0]).toMatchObject({ first: { checker: "hints-move-nothing" }, scenario: "S-CONC-01" });
    expect(loop).toMatchObject({ outcome: "caught" });
    expect(loop!.catches[0]!.first).toMatchObject({ checker: "hang", kind: "endless" });
    expect(others.map(({ outcome }) => outcome)).toEqual(["stale", "broken", "waiting"]);
    expect(others.map(({ why }) => why)).toEqual([
      '"const wasHere = once;" is not in core/log/page.ts (any more)',
      expect.stringMatching(/^core\/log\/page\.ts, line \d+: /),
      "there is no such feature",
    ]);
    expect(falseAlarms).toEqual([]);
  }, 300_000);

  it("does not catch the correct core", async () => {
    const harmless: Mutant = {
      ...stale,
      id: "C1",
      edits: [{ file: "core/log/page.ts", find: "let through = after;", replace: "let through = after; // the same" }],
      scenarios: ["S-CONV-04", "W-06", "T-CONN-01"],
    };
    const { reports, falseAlarms } = await run([harmless], { limits: { named: 2, others: 0 } });
    expect(reports[0]).toMatchObject({ outcome: "missed", catches: [], seedsInVain: 6 });
    expect(falseAlarms).toEqual([]);
  }, 300_000);
});
