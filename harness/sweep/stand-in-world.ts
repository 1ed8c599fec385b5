/**
 * A world for the tests of the command line: its runs come out as told, at once. It proves that the sweep counts,
 * compares and reports what a world says; that the real world says the right thing is tested elsewhere.
 */
import { EMPTY } from "../../core/bytes.ts";
import type { HistoryRecord } from "../../scenarios/history.ts";
import type { Plan } from "../../scenarios/plan.ts";
import { findScenario } from "../../scenarios/registry.ts";
import type { Scenario } from "../../scenarios/scenario.ts";
import type { Verdict } from "../../scenarios/verdict.ts";
import type { SimOptions, SimRun } from "../../sim/simulator.ts";
import type { Catalogue, SimWorld } from "./sim-world.ts";

export interface Told {
  readonly verdict?: Verdict["verdict"];
  readonly idle?: boolean;
  /** Changes the events from this one on. */
  readonly divergeAt?: number;
  /** Changes the shape hash under the portable suite. */
  readonly isOtherShape?: boolean;
  readonly throws?: string;
  readonly marks?: readonly string[];
}

const EVENTS = 3000;
const CHECKPOINT_EVENTS = 1024;

export function createStandInWorld(tell: (plan: Plan, options: SimOptions) => Told = () => ({})): SimWorld {
  const told = new WeakMap<readonly HistoryRecord[], Told>();
  return {
    run(plan, options = {}) {
      const how = tell(plan, options);
      if (how.throws !== undefined) throw new Error(how.throws);
      const run = createRun(plan, options, how);
      told.set(run.history, how);
      return run;
    },
    judge(_plan, history) {
      const { verdict = "valid", idle = false } = told.get(history) ?? {};
      const finding = {
        checker: "acked-durable",
        kind: "acked-blob-missing",
        message: "blob <1> & more is gone",
        witness: history.slice(0, 1),
      };
      return {
        verdict,
        idle,
        findings: verdict === "invalid" ? [finding] : [],
        unknowns: verdict === "unknown" ? ["step 3 cannot be done here"] : [],
      };
    },
  };
}

function createRun(plan: Plan, options: SimOptions, how: Told): SimRun {
  const { divergeAt = Infinity, marks = [] } = how;
  const hash = (upTo: number): string => digest(`${plan.scenario} ${plan.seed} ${upTo > divergeAt ? divergeAt : ""}`);
  const checkpoints = [];
  for (let event = CHECKPOINT_EVENTS; event <= EVENTS; event += CHECKPOINT_EVENTS)
    checkpoints.push({ event, hash: hash(event), shapeHash: "" });
  const { from, to, sink } = options.detail ?? { from: 0, to: 0, sink: () => {} };
  for (let event = from; event < Math.min(to, EVENTS); event++) {
    const kind = event >= divergeAt ? "other" : "bytes";
    sink({ event, atMs: event, host: "a", kind, connection: 1, length: 0, cause: 0, bytes: EMPTY });
  }
  const isOtherShape = options.suite === "portable" && how.isOtherShape === true;
  const history: HistoryRecord[] = [{ type: "phase", at: 0, phase: "steady", frames: 0 }];
  return {
    history,
    traceHash: hash(EVENTS),
    shapeHash: digest(`shape ${plan.scenario} ${plan.seed} ${isOtherShape}`),
    events: EVENTS,
    traced: EVENTS,
    simulatedMs: 60_000,
    frames: 10,
    checkpoints,
    marks,
    lives: [new Set(marks)],
  };
}

/** 32 hex digits; good enough to tell texts apart. */
function digest(text: string): string {
  const lanes = [1, 2, 3, 4].map((lane) => {
    let hash = lane;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193 + lane);
    return (hash >>> 0).toString(16).padStart(8, "0");
  });
  return lanes.join("");
}

/** Plans are real ones, so that whoever checks a plan has nothing to refuse. */
const model = findScenario("S-CONC-01")!;

function row(id: string, title: string): Scenario {
  const shared = { id, title, mustHold: "it holds", source: "a test", backends: ["sim", "local"] as const };
  return title === "waiting" ? shared : { ...shared, plan: (seed) => ({ ...model.plan!(seed), scenario: id }) };
}

const rows = [row("S-ONE-01", "the first"), row("S-TWO-02", "the second"), row("S-LATER-03", "waiting")];

export const STAND_IN_CATALOGUE: Catalogue = {
  all: rows,
  built: rows.filter((each) => each.plan !== undefined),
  find: (id) => rows.find((each) => each.id === id),
  nearest: (text) => rows.map((each) => each.id).filter((id) => id.startsWith(text.slice(0, 3).toUpperCase())),
};
