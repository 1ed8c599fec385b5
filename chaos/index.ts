/**
 * The real world: processes, containers, a live relay. `local` runs a plan on processes of this machine; the others are
 * not built yet, and no command offers `--on` anything but the simulator.
 */
export { runLocal, type LocalError, type LocalOptions, type LocalRun } from "./local/run-local.ts";
export { localFidelity } from "./local/fidelity.ts";
export { chaosBackends, type ChaosBackend } from "./backends.ts";
export { startFaultProxy, type FaultProxy, type FaultProxyOptions } from "./proxy/fault-proxy.ts";
export type { FaultProxyEvent } from "./proxy/event-log.ts";
export { findTool, TOOL_VERSIONS, type FoundTool, type MissingTool, type ToolName } from "./tools/tool.ts";
export { startToxiproxy, type ToxiproxyOptions, type ToxiproxyProcess } from "./tools/toxiproxy-process.ts";
