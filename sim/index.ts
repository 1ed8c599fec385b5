/** The virtual world: a generic kernel, and the sync protocol in it. */
export * from "./kernel/index.ts";
export { simFidelity } from "./fidelity.ts";
export { Simulator } from "./simulator.ts";
export type { SimOptions, SimRun, SimulatorOptions } from "./simulator.ts";
export { toySuite } from "./toy-suite.ts";
