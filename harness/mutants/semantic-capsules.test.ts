/**
 * Shrunk plans whose faults are bound to moments of the protocol outlive a change of timing that has nothing to do with
 * the bug: with pushes or pulls that leave a device later they still find it, where the same plan with times alone does
 * not. The plans are what the shrinker made of catches of planted bugs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mutants } from "../../scenarios/mutants/list.ts";
import type { Mutant, MutantEdit } from "../../scenarios/mutants/mutant.ts";
import { isFault, type Plan } from "../../scenarios/plan.ts";
import { parsePlan } from "../../scenarios/plan-schema.ts";
import { findCheckout } from "./checkout.ts";
import { editSources } from "./edited-sources.ts";
import { bundleTrial } from "./trial-bundle.ts";
import { TrialRoom } from "./trial-room.ts";

const FOLDER = new URL("../../scenarios/mutants/capsules/", import.meta.url);
const WITHIN_MS = 60_000;
const LATE_MS = 50;

const latePushes: MutantEdit = {
  file: "core/client/pusher.ts",
  find: "if (this.#notBeforeMs > now.monoMs) return;\n    this.#notBeforeMs = 0;",
  replace: `const { inFlight, size } = this.outbox;
    if (inFlight < size && this.#notBeforeMs === 0) this.#notBeforeMs = now.monoMs + ${LATE_MS};
    if (this.#notBeforeMs > now.monoMs) return;
    this.#notBeforeMs = 0;`,
};
const latePulls: MutantEdit = {
  file: "core/client/puller.ts",
  find: "this.#notBeforeMs = 0;\n    return this.#isWanted || this.#latest > position;",
  replace: `if (!this.#isWanted && this.#latest <= position) return false;
    const isLate = this.#notBeforeMs > 0;
    this.#notBeforeMs = isLate ? 0 : nowMs + ${LATE_MS};
    return isLate;`,
};

/** What is found with these edits: `checker/kind` of each. */
async function foundWith(edits: readonly MutantEdit[], ...plans: readonly Plan[]): Promise<readonly string[][]> {
  const edited = editSources(findCheckout(), { edits });
  if (!edited.ok) throw new Error(`an edit of ${edited.error.file} does not fit: ${edited.error.type}`);
  const code = await bundleTrial(findCheckout(), edited.value);
  if (!code.ok) throw new Error(code.error);
  const room = new TrialRoom(code.value);
  const found: string[][] = [];
  for (const plan of plans) {
    const answer = await room.run({ scenario: plan.scenario, seed: plan.seed, plan }, WITHIN_MS);
    if (answer.type !== "judged") throw new Error(`the run is ${answer.type}`);
    found.push(answer.findings.map(({ checker, kind }) => `${checker}/${kind}`));
  }
  await room.close();
  return found;
}

/** The same at its times, whatever happens. */
function timed(plan: Plan): Plan {
  const steps = plan.steps.map((step) => {
    if (!isFault(step)) return step;
    const { when: _when, ...rest } = step;
    return rest;
  });
  return { ...plan, steps };
}

interface Planted {
  readonly mutant: Mutant;
  readonly found: string;
  readonly plan: Plan;
}

function read(file: string): Planted {
  const planted = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Record<string, string>;
  const plan = parsePlan(planted["plan"]);
  if (!plan.ok) throw new Error(`${file}: ${plan.error.message}`);
  const mutant = mutants.find(({ id }) => id === planted["mutant"])!;
  return { mutant, found: planted["found"]!, plan: plan.value };
}

const files = readdirSync(FOLDER).toSorted();

it("there are at least three of them", () => {
  expect(files.length).toBeGreaterThanOrEqual(3);
});

describe.each(files)("%s", (file) => {
  const { mutant, found, plan } = read(file);

  it("has a fault that waits for its moment, and finds the bug", async () => {
    expect(plan.steps.some((step) => isFault(step) && step.when !== undefined)).toBe(true);
    const [bound] = await foundWith(mutant.edits, plan);
    expect(bound).toContain(found);
  }, 120_000);

  it.each([
    ["pushes", latePushes],
    ["pulls", latePulls],
  ])(
    "still finds it when all %s are later, and nothing without the bug",
    async (_what, late) => {
      const [bound] = await foundWith([...mutant.edits, late], plan);
      expect(bound).toContain(found);
      expect(await foundWith([late], plan)).toEqual([[]]);
    },
    120_000,
  );

  it("needs the moment: by times alone it is not found when pushes are later", async () => {
    const [atTimes] = await foundWith([...mutant.edits, latePushes], timed(plan));
    expect(atTimes).not.toContain(found);
  }, 120_000);
});
