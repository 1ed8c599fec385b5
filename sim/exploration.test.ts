/** That all orders are gone through is shown on made-up systems that can be counted, and then on the smallest real world. */
import { describe, expect, it } from "vitest";
import { judge } from "../scenarios/judge.ts";
import type { Pace, SmallWorld } from "../scenarios/small-world.ts";
import { planSmallWorld, SMALL_FAULTS, SMALL_WORLDS } from "../scenarios/small-world.ts";
import type { Verdict } from "../scenarios/verdict.ts";
import { Exploration, type ExplorationCounts, type OrderFailure } from "./exploration.ts";
import type { Guide } from "./kernel/order-queue.ts";
import type { Lane, LaneKind } from "./kernel/scheduler.ts";
import { Simulator, type SimRun } from "./simulator.ts";

const [smallest] = SMALL_WORLDS;
const plan = planSmallWorld(smallest, SMALL_FAULTS[0]!);
const VALID: Verdict = { verdict: "valid", idle: false, findings: [], unknowns: [] };

/** A thing that waits for others of its system, by number. */
interface Thing {
  readonly lane: string;
  readonly touches: readonly string[];
  readonly kind?: LaneKind;
  readonly behind?: readonly number[];
}

type Order = readonly number[];

function laneOf({ lane, touches, kind = "flow" }: Thing): Lane {
  return { name: lane, kind, host: touches[0]!, touches };
}

/** Those that can come next: the first of each lane, once what they wait for has come. */
function enabledIn(system: readonly Thing[], done: Order): readonly number[] {
  return system.flatMap((thing, i) => {
    const isFirst = system.every((other, j) => j >= i || other.lane !== thing.lane || done.includes(j));
    return !done.includes(i) && isFirst && (thing.behind ?? []).every((j) => done.includes(j)) ? [i] : [];
  });
}

function follow(system: readonly Thing[], guide: Guide): Order {
  const done: number[] = [];
  for (let enabled = enabledIn(system, done); enabled.length > 0; enabled = enabledIn(system, done)) {
    done.push(enabled[guide.pick(enabled.map((i) => laneOf(system[i]!)))]!);
  }
  return done;
}

/** Of each host, what touched it, in order. */
function projectionOf(system: readonly Thing[], order: Order): string {
  const hosts = [...new Set(system.flatMap(({ touches }) => touches))];
  return hosts.map((host) => order.filter((i) => system[i]!.touches.includes(host)).join(",")).join(" | ");
}

function allOrders(system: readonly Thing[], done: Order = []): readonly Order[] {
  const enabled = enabledIn(system, done);
  return enabled.length === 0 ? [done] : enabled.flatMap((next) => allOrders(system, [...done, next]));
}

/** What each run that was judged had gone through, and the counts. */
function explore(system: readonly Thing[], pace?: Pace) {
  const ends: string[] = [];
  const run = (_plan: unknown, { guide }: { guide?: Guide } = {}): SimRun => {
    ends.push(projectionOf(system, follow(system, guide!)));
    return { history: [], traceHash: "0".repeat(32) } as unknown as SimRun;
  };
  const exploration = new Exploration({ run, judge: () => VALID }, plan, pace);
  while (exploration.advance(() => {}));
  return { ends, counts: exploration.counts };
}

const SYSTEMS: readonly (readonly Thing[])[] = [
  [
    { lane: "x", touches: ["a"] },
    { lane: "y", touches: ["b"] },
  ],
  [
    { lane: "x", touches: ["a"] },
    { lane: "y", touches: ["a"] },
    { lane: "x", touches: ["a"] },
    { lane: "z", touches: ["b"], behind: [1] },
  ],
  [
    { lane: "x", touches: ["a"] },
    { lane: "y", touches: ["a"] },
    { lane: "x", touches: ["b"] },
    { lane: "z", touches: ["b"], behind: [0] },
    { lane: "w", touches: ["a", "b"] },
    { lane: "d", touches: ["disk"], kind: "disk", behind: [0] },
    { lane: "e", touches: ["a"], behind: [5] },
  ],
];

describe("an exploration", () => {
  it.each(SYSTEMS.map((system, i) => ({ i, system })))("comes once to each different end: system $i", ({ system }) => {
    const different = new Set(allOrders(system).map((order) => projectionOf(system, order)));
    const { ends, counts } = explore(system);
    expect(ends.toSorted()).toEqual([...different].toSorted());
    expect(counts).toMatchObject({ isComplete: true, judged: different.size, longest: system.length });
  });

  it("strikes with a fault at every state, and goes on from there in one order", () => {
    const things: readonly Thing[] = [
      { lane: "x", touches: ["a"] },
      { lane: "y", touches: ["a"] },
      { lane: "fault 1", touches: ["a", "disk of a"], kind: "fault" },
    ];
    // Before, between or behind x and y in either order; with both behind it there is one order of the two.
    const { ends } = explore(things);
    expect(ends.length).toBe(5);
    expect(new Set(ends).size).toBe(5);
  });

  it("lets a disk sync at once only when no fault waits to break it", () => {
    const synced: readonly Thing[] = [
      { lane: "d", touches: ["disk of a"], kind: "disk" },
      { lane: "x", touches: ["a"] },
    ];
    const fault: Thing = { lane: "fault 1", touches: ["a", "disk of a"], kind: "fault" };
    expect(explore(synced).ends).toEqual(["0 | 1"]);
    // The fault before both, between them either way, behind both.
    expect(explore([...synced, fault]).ends.length).toBe(4);
  });

  it("does what its pace says at once", () => {
    const system: readonly Thing[] = [
      { lane: "r", touches: ["a"], kind: "reads" },
      { lane: "x", touches: ["a"] },
    ];
    expect(explore(system).ends.length).toBe(2);
    expect(explore(system, { quickStores: [], quickReads: true }).ends).toEqual(["0,1"]);
    expect(explore(system, { quickStores: ["a"], quickReads: false }).ends).toEqual(["0,1"]);
    expect(explore(system, { quickStores: ["b"], quickReads: false }).ends.length).toBe(2);
  });
});

function exploreReal(world: SmallWorld, fault: number): { counts: ExplorationCounts; failures: OrderFailure[] } {
  const simulator = new Simulator();
  const failures: OrderFailure[] = [];
  const run: Simulator["run"] = (...args) => simulator.run(...args);
  const exploration = new Exploration({ run, judge }, planSmallWorld(world, world.faults[fault]!), world.pace);
  while (exploration.advance((failure) => void failures.push(failure)));
  return { counts: exploration.counts, failures };
}

describe("one push and its hint", () => {
  it("is valid in every order, and comes out the same when it is gone through again", () => {
    const first = exploreReal(smallest, 0);
    expect(first.failures).toEqual([]);
    expect(first.counts).toMatchObject({ isComplete: true, states: 762, judged: 56 });
    expect(exploreReal(smallest, 0)).toEqual(first);
  });

  it("is valid with a power loss of the relay in every state", () => {
    const { counts, failures } = exploreReal(smallest, 1);
    expect(failures).toEqual([]);
    expect(counts).toMatchObject({ isComplete: true, judged: 348 });
  });

  it("hands out the order of a run that fails, and the plan with it is that run", () => {
    const simulator = new Simulator();
    const hashes: string[] = [];
    const run: Simulator["run"] = (...args) => {
      const done = simulator.run(...args);
      hashes.push(done.traceHash);
      return done;
    };
    // The twentieth run that comes to an end is called invalid.
    const calls = { count: 0 };
    const doomed = (): Verdict => ({ ...VALID, verdict: ++calls.count === 20 ? "invalid" : "valid" });
    const exploration = new Exploration({ run, judge: doomed }, planSmallWorld(smallest, SMALL_FAULTS[1]!));
    let failure: OrderFailure | undefined;
    while (failure === undefined && exploration.advance((failed) => (failure = failed)));
    expect(failure!.plan.order.picks.some((pick) => pick > 0)).toBe(true);
    const traceHash = hashes.at(-1);
    expect(simulator.run(failure!.plan).traceHash).toBe(traceHash);
    expect(simulator.run({ ...failure!.plan, order: { ...plan.order, picks: [] } }).traceHash).not.toBe(traceHash);
  });
});
