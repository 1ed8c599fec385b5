/** What the design names and this version does not do yet. It says so: nothing pretends. */
import { UserError } from "../user-error.ts";

const HERE =
  "This version has: sim, replay, scenarios, shrink, chaos, mutants, doctor, bench, relay, agent, and the client: init, pair, push, pull, sync, status, devices, delete, serve.";

export const LATER_COMMANDS: Readonly<Record<string, string>> = {
  soak: "load and faults against a live relay",
  report: "write or open the HTML report of a run",
};

export function laterCommand(name: string): UserError {
  return new UserError(`\`zerok ${name}\` comes later. ${HERE}`);
}

export function laterOption(option: string): UserError {
  return new UserError(`${option} comes later. ${HERE}`);
}
