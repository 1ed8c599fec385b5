/**
 * The real world: processes, containers, a live relay. `runOn` runs a plan on relays and devices that are real, with
 * real faults, and judges what happened; `world/` is what all backends share, a backend is a small adapter.
 */
export { runOn, type RunOnOptions } from "./run-on.ts";
export type { RunError, StepFidelity, WorldRun } from "./world/run-world.ts";
export type { FaultLag, FaultTime } from "./world/fault-times.ts";
export { heal, type Healing } from "./world/heal.ts";
export { localFidelity } from "./local/fidelity.ts";
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from "./proxy/fault-proxy.ts";
export type { FaultProxyEvent } from "./proxy/event-log.ts";
export { findTool, TOOL_VERSIONS, type FoundTool, type MissingTool, type ToolName } from "./tools/tool.ts";
export { startToxiproxy, type ToxiproxyOptions, type ToxiproxyProcess } from "./tools/toxiproxy-process.ts";
