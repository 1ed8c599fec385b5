/** What processes on one machine can be made to suffer without a proxy, a container or a clock of their own. */
import type { FaultStep } from "../../scenarios/plan.ts";

/** Why the step cannot be done here; `undefined` when it can, and then exactly. */
export function localFidelity(step: FaultStep): string | undefined {
  switch (step.do) {
    case "crash":
      return step.how === "kill" ? undefined : "a process can be killed, but its machine cannot lose power";
    case "restart":
      return step.groupBytesMax === undefined ? undefined : "a local relay comes back with the quota that it had";
    case "pause":
    case "wipe":
      return undefined;
    case "toxic":
    case "partition":
      return "there is no proxy between local processes yet";
    case "rollback":
      return "local folders are not put back yet";
    case "clock":
      return "local processes share one clock";
    case "withhold":
      return "a message is sealed until it is in the machine's own process";
    case "disk":
      return "local processes share one disk";
  }
}
