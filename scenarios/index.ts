/**
 * What happens and what must hold, as data: scenarios make plans, worlds run them and write histories, checkers judge
 * those. Nothing here knows a clock, a socket or a disk.
 */
export { createDraw, parseSeed, seedAfter, seedHalves, type Draw, type SeedHalves } from "./draw.ts";
export {
  isFault,
  PLAN_FORMAT,
  type Demand,
  type DeviceSpec,
  type DiskFault,
  type Evidence,
  type Fault,
  type FaultStep,
  type GroupSpec,
  type LinkProfile,
  type LivenessBound,
  type OperationStep,
  type Plan,
  type RelaySpec,
  type Step,
  type Topology,
  type ToxicSpec,
} from "./plan.ts";
export { downSpan, faultEndMs, findPlanFlaw, type PlanFlaw } from "./plan-rules.ts";
export { parsePlan, type PlanError } from "./plan-schema.ts";
export { createPayload, digestBytes, OP_BYTES } from "./payload.ts";
export {
  EVERYDAY_LINKS,
  LINKS,
  LONG_LINKS,
  quickestMs,
  slowestMs,
  STEADY_LINKS,
  type LinkName,
} from "./link-profile.ts";
export { livenessBound } from "./liveness.ts";
export { EXTRAS, extrasWithout, type Extra } from "./swarm.ts";
export { BESIDE_GROUP, MAIN_GROUP, RELAY } from "./names.ts";
export { createWorkload, drawSize, type FaultSpec, type PushOptions, type Span } from "./workload.ts";
export { type Workload, type WorkloadOptions } from "./workload.ts";
export type { Backend, Scenario } from "./scenario.ts";
export { builtScenarios, catalogue, findScenario, nearestScenarios, type BuiltScenario } from "./registry.ts";
export type * from "./history.ts";
export { encodeHistoryRecord, parseHistoryRecord, type HistoryLineError } from "./history-json.ts";
export {
  EXACT,
  rowFidelity,
  type Fidelity,
  type FidelityTable,
  type RowFidelity,
  type StepFidelity,
} from "./fidelity.ts";
export { isTroubleSeen } from "./trouble.ts";
export type { Checker, CheckerRun } from "./checker.ts";
export type { Finding, Verdict } from "./verdict.ts";
export { checkers } from "./checkers/index.ts";
export { compareRelayViews, twinPlan } from "./checkers/relay-view.ts";
export { judge, createJudge, startJudge, type Judge } from "./judge.ts";
