/**
 * One seed, from draw to verdict, and the tasks made of it. Used by the worker threads, by the second process of
 * `--twice` and by the main process itself, so that all of them do exactly the same.
 */
import { encodeHex } from "../../core/bytes.ts";
import { markIndex } from "../../scenarios/marks/list.ts";
import type { Plan } from "../../scenarios/plan.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import { compareRelayViews, twinPlan } from "../../scenarios/checkers/relay-view.ts";
import type { Finding, Verdict } from "../../scenarios/verdict.ts";
import type { TraceEvent } from "../../sim/kernel/trace.ts";
import type { SimOptions, SimRun } from "../../sim/simulator.ts";
import { exploreSmallWorld } from "./small-exploration.ts";
import { ChoiceLog } from "./choice-log.ts";
import { watchLeaks } from "./leak-watch.ts";
import type { Catalogue, SimWorld, Suite } from "./sim-world.ts";
import type {
  Answers,
  EchoTask,
  Inspection,
  InspectTask,
  SeedHashes,
  SeedResult,
  Look,
  SweepTask,
  Task,
  TraceLine,
} from "./task.ts";

/** A broken run can have thousands of findings; all of them are in its folder. */
const FINDINGS_MAX = 8;

export interface SeedRun {
  readonly plan: Plan;
  readonly run: SimRun;
  readonly verdict: Verdict;
}

export class SeedRunner {
  readonly #world: SimWorld;
  readonly #catalogue: Catalogue;

  constructor(world: SimWorld, catalogue: Catalogue) {
    this.#world = world;
    this.#catalogue = catalogue;
  }

  perform<J extends Task["job"]>(task: Extract<Task, { job: J }>): Answers[J];
  perform(task: Task): Answers[Task["job"]] {
    switch (task.job) {
      case "sweep":
        return this.#sweep(task);
      case "echo":
        return this.#echo(task);
      case "inspect":
        return this.#inspect(task);
      case "explore":
        return exploreSmallWorld(this.#world, task);
    }
  }

  /** Throws what the scenario throws. */
  planOf(id: string, seed: string): Plan {
    const scenario: Scenario | undefined = this.#catalogue.find(id);
    if (scenario?.plan === undefined) throw new Error(`no built scenario ${id}`);
    return scenario.plan(seed);
  }

  runPlan(plan: Plan, options: SimOptions = {}): SeedRun {
    const run = this.#world.run(plan, options);
    return { plan, run, verdict: this.#world.judge(plan, run.history) };
  }

  runSeed(id: string, seed: string, options: SimOptions = {}): SeedRun {
    return this.runPlan(this.planOf(id, seed), options);
  }

  #sweep(task: SweepTask): readonly SeedResult[] {
    const results: SeedResult[] = [];
    for (const seed of task.seeds) {
      const isOver = task.stopAtMs !== undefined && Date.now() >= task.stopAtMs;
      if (isOver && results.length >= task.atLeast) break;
      results.push(this.#resultOf(task.scenario, seed, task.suite, !isOver && task.portable.includes(seed)));
    }
    return results;
  }

  #resultOf(id: string, seed: string, suite: Suite, isPortableToo: boolean): SeedResult {
    try {
      const { plan, run, verdict } = this.runSeed(id, seed, { suite });
      const views = isPortableToo ? this.#compareTwin(plan, run, suite) : [];
      return {
        seed,
        verdict: views.length > 0 ? "invalid" : verdict.verdict,
        idle: verdict.idle,
        findings: [...verdict.findings, ...views]
          .slice(0, FINDINGS_MAX)
          .map(({ checker, kind, message }) => ({ checker, kind, message })),
        unknowns: verdict.unknowns,
        events: run.events,
        simulatedMs: run.simulatedMs,
        traceHash: run.traceHash,
        shapeHash: run.shapeHash,
        marks: markNumbers(run),
        portableShapeHash: isPortableToo ? this.#world.run(plan, { suite: "portable" }).shapeHash : undefined,
      };
    } catch (error) {
      return brokenResult(seed, error);
    }
  }

  /** What the relay's view of the same run with other plaintexts tells. */
  #compareTwin(plan: Plan, run: SimRun, suite: Suite): readonly Finding[] {
    return compareRelayViews(run.history, this.#world.run(twinPlan(plan), { suite }).history);
  }

  #echo(task: EchoTask): readonly SeedHashes[] {
    return task.seeds.map((seed) => {
      try {
        const { traceHash, shapeHash } = this.#world.run(task.plan ?? this.planOf(task.scenario, seed), {
          suite: task.suite,
        });
        return { seed, traceHash, shapeHash };
      } catch (error) {
        return brokenResult(seed, error);
      }
    });
  }

  #inspect(task: InspectTask): Inspection {
    const last = task.seeds.length - 1;
    for (const seed of task.seeds.slice(0, last)) {
      this.#world.run(this.planOf(task.scenario, seed), { suite: task.suite });
    }
    const plan = task.plan ?? this.planOf(task.scenario, task.seeds[last]!);
    return this.#look(plan, task.suite, task.detail);
  }

  #look(plan: Plan, suite: Suite, look: Look | undefined): Inspection {
    const detail: TraceLine[] = [];
    let at = 0;
    // The event's bytes are valid only now.
    const sink = (event: TraceEvent): void => {
      at = event.event;
      if (look !== undefined && at >= look.from) detail.push({ ...event, bytes: encodeHex(event.bytes) });
    };
    const log = new ChoiceLog(look?.choices, () => at);
    const shown = look === undefined ? {} : { detail: { from: 0, to: look.to, sink } };
    const { result, leaks } = watchLeaks(
      () => this.#world.run(plan, { suite, ...shown, onChoice: (choice) => log.add(choice) }),
      () => at,
    );
    const { traceHash, checkpoints } = result;
    return { traceHash, checkpoints, detail, choiceCheckpoints: log.checkpoints, choices: log.shown, leaks };
  }
}

function markNumbers({ marks }: SimRun): readonly number[] {
  return marks.map(markIndex).filter((index) => index !== undefined);
}

/** The simulator or a checker threw: a bug of ours, but one seed must not end a night's sweep. */
function brokenResult(seed: string, error: unknown): SeedResult {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    seed,
    verdict: "invalid",
    idle: false,
    findings: [{ checker: "simulator", kind: "exception", message }],
    unknowns: [],
    events: 0,
    simulatedMs: 0,
    traceHash: BROKEN_HASH,
    shapeHash: BROKEN_HASH,
    portableShapeHash: undefined,
    marks: [],
  };
}

export const BROKEN_HASH = "0".repeat(32);
