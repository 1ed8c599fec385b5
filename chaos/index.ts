/**
 * The real world: processes, containers, a live relay. `local` runs a plan on processes of this machine; the others are
 * not built yet, and no command offers `--on` anything but the simulator.
 */
export { runLocal, type LocalError, type LocalOptions, type LocalRun } from "./local/run-local.ts";
export { localFidelity } from "./local/fidelity.ts";
export { chaosBackends, type ChaosBackend } from "./backends.ts";
