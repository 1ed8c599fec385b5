/** What the design names and this version does not do yet. It says so: nothing pretends. */
import { chaosBackends } from "../../chaos/backends.ts";
import { UserError } from "../user-error.ts";

const HERE =
  "This version has: sim, replay, scenarios, bench sim, relay and checkers, relay, agent, and the client: init, pair, push, pull, sync, status, devices, delete, serve.";

export const LATER_COMMANDS: Readonly<Record<string, string>> = {
  shrink: "find the smallest plan that still breaks the same checker",
  chaos: "run the same scenarios against real processes and containers",
  soak: "load and faults against a live relay",
  mutants: "plant known bugs and report which are caught",
  report: "write or open the HTML report of a run",
  doctor: "say what this machine can run, and how to get the rest",
};

export function laterCommand(name: string): UserError {
  return new UserError(`\`zerok ${name}\` comes later. ${HERE}`);
}

export function laterOption(option: string): UserError {
  return new UserError(`${option} comes later. ${HERE}`);
}

/** `--on`: the simulator is here, the backends of the real world say themselves whether they are. */
export function assertBackendBuilt(name: string): void {
  if (name === "sim") return;
  if (!chaosBackends.some((backend) => backend.name === name)) {
    throw new UserError(
      `"${name}" does not fit --on: it takes sim, ${chaosBackends.map((one) => one.name).join(", ")}.`,
    );
  }
  throw laterOption(`--on ${name}`);
}
