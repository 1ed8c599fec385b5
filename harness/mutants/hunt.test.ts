import { describe, expect, it } from "vitest";
import type { Mutant } from "../../scenarios/mutants/mutant.ts";
import { type FalseAlarm, Hunt, HUNT_LIMITS } from "./hunt.ts";
import type { MoreMs, TrialAnswer } from "./trial-room.ts";
import type { Trial } from "./trial.ts";

const mutant: Mutant = { id: "X1", title: "…", from: "own", edits: [], caughtBy: "drains", scenarios: ["S-B"] };
const FOREVER = Number.POSITIVE_INFINITY;

const valid: TrialAnswer = { type: "judged", verdict: "valid", events: 10, findings: [], tookMs: 5 };
const accused: TrialAnswer = {
  type: "judged",
  verdict: "invalid",
  events: 10,
  findings: [
    { checker: "limits", kind: "over", message: "too much", at: 7, provenAt: 7 },
    { checker: "drains", kind: "left", message: "something is left", at: 7, provenAt: 7 },
    { checker: "limits", kind: "under", message: "too little", at: 9, provenAt: 4 },
  ],
  tookMs: 5,
};
const endless: TrialAnswer = { type: "stuck", why: "time", tookMs: 1000 };

function hunt(
  ofMutant: (trial: Trial) => TrialAnswer,
  ofCore: (trial: Trial) => TrialAnswer = () => valid,
  askMore?: (moreMs: MoreMs, trial: Trial) => Promise<void>,
  hunted: Mutant = mutant,
  hearWithin?: (withinMs: number) => void,
) {
  const tried: string[] = [];
  const alarms: FalseAlarm[] = [];
  const run = async (trial: Trial, withinMs: number, moreMs?: MoreMs): Promise<TrialAnswer> => {
    tried.push(`${trial.scenario} ${trial.seed}`);
    hearWithin?.(withinMs);
    await askMore?.(moreMs!, trial);
    return ofMutant(trial);
  };
  let cpuMs = 0;
  const started = new Hunt({
    mutant: hunted,
    room: { run, close: () => Promise.resolve() },
    control: { run: (trial) => Promise.resolve(ofCore(trial)) },
    bases: ["0x1", "0x1001"],
    built: ["S-A", "S-B"],
    trialMs: 1000,
    cpuMs: () => (cpuMs += 300),
    onFalseAlarm: (alarm) => void alarms.push(alarm),
  });
  return { hunt: started, tried, alarms };
}

describe("the hunt for a mutant", () => {
  it("tries what the mutant names first, and tells who accused it first and who else", async () => {
    const { hunt: one, tried } = hunt(({ seed }) => (seed === "0x3" ? accused : valid));
    await one.proceed(FOREVER);
    expect(tried).toEqual(["S-B 0x1", "S-B 0x2", "S-B 0x3"]);
    expect(one.catches).toMatchObject([
      {
        base: "0x1",
        scenario: "S-B",
        seed: "0x3",
        first: { checker: "drains" },
        firsts: ["limits", "drains"],
        checkers: ["limits", "drains"],
        seeds: 3,
      },
    ]);
    expect(one.isOver).toBe(false);
  });

  it("goes on from the next base, and is over after the last", async () => {
    const { hunt: one } = hunt(() => accused);
    await one.proceed(FOREVER);
    await one.proceed(FOREVER);
    expect(one.catches.map(({ seed }) => seed)).toEqual(["0x1", "0x1001"]);
    expect(one.isOver).toBe(true);
  });

  it("gives up when all was tried: the others' seeds too", async () => {
    const { hunt: one, tried } = hunt(() => valid);
    await one.proceed(FOREVER);
    expect(one.missed).toEqual(["0x1"]);
    expect(tried.filter((trial) => trial.startsWith("S-B")).length).toBe(HUNT_LIMITS.named);
    expect(tried.filter((trial) => trial.startsWith("S-A")).length).toBe(HUNT_LIMITS.others);
  });

  it("does not count an accusation that the correct core gets too, and tells of it", async () => {
    const { hunt: one, alarms } = hunt(
      () => accused,
      ({ seed }) => (seed === "0x1" ? accused : valid),
    );
    await one.proceed(FOREVER);
    expect(alarms).toEqual([{ scenario: "S-B", seed: "0x1", checker: "limits", message: "too much" }]);
    expect(one.catches[0]!.seed).toBe("0x2");
  });

  it("takes a trial without end for caught when it had its share of the processor, and much more than the correct core", async () => {
    const given: number[] = [];
    const { hunt: one, tried } = hunt(
      ({ seed }) => (seed === "0x2" ? endless : valid),
      () => ({ ...valid, tookMs: 900 }),
      async (moreMs, { seed }) => {
        if (seed !== "0x2") return;
        for (const tookMs of [1000, 5399, 5400, 7000, 7000, 7000]) given.push(await moreMs(tookMs));
      },
    );
    await one.proceed(FOREVER);
    expect(tried).toEqual(["S-B 0x1", "S-B 0x2"]);
    expect(given).toEqual([250, 250, 250, 250, 250, 0]);
    expect(one.catches).toMatchObject([{ seed: "0x2", first: { checker: "hang", kind: "endless" } }]);
  });

  it("does not take for endless what the end of the time cut off", async () => {
    const { hunt: one } = hunt(
      () => endless,
      () => ({ ...valid, tookMs: 900 }),
    );
    await one.proceed(performance.now() + 100);
    expect(one.catches).toEqual([]);
  });

  it("lets a trial that has begun go on until the end of all", async () => {
    const within: number[] = [];
    const { hunt: one } = hunt(
      () => accused,
      () => valid,
      undefined,
      mutant,
      (withinMs) => void within.push(withinMs),
    );
    const nowMs = performance.now();
    await one.proceed(nowMs + 200, nowMs + 60_000);
    expect(within).toEqual([1000]);
  });

  it("runs a twin with other plaintexts where relays' views are what must tell", async () => {
    const twins: unknown[] = [];
    const { hunt: one } = hunt(
      ({ isTwin }) => {
        twins.push(isTwin);
        return accused;
      },
      () => valid,
      undefined,
      { ...mutant, caughtBy: "relay-view" },
    );
    await one.proceed(FOREVER);
    expect(twins).toEqual([true]);
  });

  it("stops in time and goes on where it was", async () => {
    const { hunt: one, tried } = hunt(({ seed }) => (seed === "0x2" ? accused : valid));
    await one.proceed(0);
    expect(tried).toEqual([]);
    await one.proceed(FOREVER);
    expect(tried).toEqual(["S-B 0x1", "S-B 0x2"]);
  });
});
