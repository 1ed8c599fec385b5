/**
 * What runs inside a trial's thread. It is bundled from the sources together with the pure rooms, once as they are and
 * once for each mutant, and never loaded from `dist/`. A seed is run and judged as in a sweep, but by checkers that are
 * listened to: who tells first, by the record that was being looked at.
 */
import { parentPort } from "node:worker_threads";
import type { Checker } from "../../scenarios/checker.ts";
import { checkers } from "../../scenarios/checkers/index.ts";
import { compareRelayViews, twinPlan } from "../../scenarios/checkers/relay-view.ts";
import type { History, HistoryRecord } from "../../scenarios/history.ts";
import { createJudge, startJudge } from "../../scenarios/judge.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { builtScenarios, findScenario } from "../../scenarios/registry.ts";
import { featuresOf } from "../../scenarios/wild/features.ts";
import { Simulator, type SimRun } from "../../sim/simulator.ts";
import { shrinkPlan } from "../shrink/shrink.ts";
import type { SimWorld } from "../sweep/sim-world.ts";
import type { ShrinkTrial, Trial, TrialFinding, TrialMessage, TrialResult, TrialShrunk } from "./trial.ts";

/** Several times what the longest run of the catalogue takes: a mutant that storms need not use up the usual budget. */
const EVENT_BUDGET = 500_000;

/** Not an invariant of a machine: the mutant broke something that nobody had thought of. */
const EXCEPTION = { checker: "simulator", kind: "exception" } as const;
const NOTHING: SimRun = {
  history: [],
  traceHash: "",
  shapeHash: "",
  events: 0,
  traced: 0,
  simulatedMs: 0,
  frames: 0,
  checkpoints: [],
  marks: [],
  lives: [],
};

const simulator = new Simulator();

/** What a shrinker looks at: a run that throws has no history, and its verdict is that it threw. */
const judge = createJudge();
let thrown: unknown;
const world: SimWorld = {
  run(plan, options) {
    thrown = undefined;
    try {
      return simulator.run(plan, { eventBudget: EVENT_BUDGET, ...options });
    } catch (error) {
      thrown = error;
      return NOTHING;
    }
  },
  judge(plan, history) {
    if (thrown === undefined) return judge(plan, history);
    return { verdict: "invalid", idle: false, findings: [{ ...EXCEPTION, message: "", witness: [] }], unknowns: [] };
  },
};

function planOf({ scenario, seed, plan }: Trial): Plan {
  return plan ?? findScenario(scenario)!.plan!(seed);
}

function runTrial(trial: Trial): TrialResult {
  const { plan: given, isTwin = false } = trial;
  try {
    const plan = planOf(trial);
    const { history, events, lives } = simulator.run(plan, { eventBudget: EVENT_BUDGET });
    const { verdict, findings } = judgeInOrder(plan, history);
    const features = given === undefined ? {} : { features: featuresOf(lives) };
    if (!isTwin || verdict !== "valid") return { type: "judged", verdict, events, findings, ...features };
    const twin = simulator.run(twinPlan(plan), { eventBudget: EVENT_BUDGET });
    const views = compareRelayViews(history, twin.history).map(({ checker, kind, message, witness }) => {
      const at = history.indexOf(witness[0]!);
      return { checker, kind, message, at, provenAt: at };
    });
    return { type: "judged", verdict: views.length > 0 ? "invalid" : verdict, events, findings: views };
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return {
      type: "judged",
      verdict: "invalid",
      events: 0,
      findings: [{ ...EXCEPTION, message, at: 0, provenAt: 0 }],
    };
  }
}

function shrinkTrial({ shrink, target, withinMs }: ShrinkTrial): TrialShrunk {
  const found = planOf(shrink);
  const result = shrinkPlan(world, found, target, { now: () => performance.now(), withinMs });
  return {
    type: "shrunk",
    stepsBefore: found.steps.length,
    plan: result?.plan,
    isMinimal: result?.isMinimal ?? false,
    runs: result?.runs ?? 0,
  };
}

function judgeInOrder(plan: Plan, history: History): Pick<TrialResult, "verdict" | "findings"> {
  let at = 0;
  const told = new Map<string, TrialFinding>();
  const listened: readonly Checker[] = checkers.map((checker) => ({
    ...checker,
    start(...args: Parameters<Checker["start"]>) {
      const [started, report, ...others] = args;
      const listen: typeof report = (finding) => {
        const { kind, message, witness } = finding;
        const key = `${checker.name} ${kind}`;
        if (!told.has(key)) {
          const provenAt = at < history.length ? at : lastOf(history, witness);
          told.set(key, { checker: checker.name, kind, message, at, provenAt });
        }
        report(finding);
      };
      return checker.start(started, listen, ...others);
    },
  }));
  const judge = startJudge(plan, listened);
  for (; at < history.length; at++) judge.observe(history[at]!);
  const { verdict } = judge.finish();
  const ordered = [...told.values()].sort((x, y) => x.at - y.at || x.provenAt - y.provenAt);
  return { verdict, findings: ordered };
}

function lastOf(history: History, witness: readonly HistoryRecord[]): number {
  let last = -1;
  for (const record of witness) last = Math.max(last, history.lastIndexOf(record));
  return last;
}

function say(message: TrialMessage): void {
  parentPort!.postMessage(message);
}

parentPort!.on("message", (asked: Trial | ShrinkTrial | "cache") => {
  // What the engine has compiled is told by who loaded it (`trial-room.ts`).
  if (asked !== "cache") say("shrink" in asked ? shrinkTrial(asked) : runTrial(asked));
});
say({ type: "ready", built: builtScenarios().map(({ id }) => id) });
