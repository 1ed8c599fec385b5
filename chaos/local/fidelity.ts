/**
 * What processes on one machine can be made to suffer, and how truly. What is not exact names what the kernel or the
 * tool lacks and how that was found out; nothing is left out because it would have been work.
 */
import { existsSync } from "node:fs";
import { unreachable } from "../../core/invariant.ts";
import type { FaultStep, ToxicSpec } from "../../scenarios/plan.ts";
import type { Fidelity } from "../world/backend.ts";
import { atItsTime } from "../world/moment-fidelity.ts";
import { probeTmpfs } from "./small-disk.ts";

const EXACT: Fidelity = { how: "exact", reason: "" };

export function localFidelity(step: FaultStep): Fidelity {
  return atItsTime(step, fidelityOf(step));
}

function fidelityOf(step: FaultStep): Fidelity {
  switch (step.do) {
    case "crash":
      return step.how === "kill" ? EXACT : POWER;
    case "restart":
    case "pause":
    case "wipe":
    case "rollback":
    case "partition":
      return EXACT;
    case "toxic":
      return toxicFidelity(step.toxic);
    case "clock":
      return EXACT;
    case "withhold":
      return {
        how: "unsupported",
        reason: "a message is sealed from one machine to the other: nothing outside of the process can take it out",
        probe: "a message that is missing ends the connection, as its successor's nonce does not fit",
      };
    case "disk":
      return diskFidelity(step.disk.type);
    default:
      return unreachable(step);
  }
}

const POWER: Fidelity = {
  how: "approximate",
  reason:
    "the process is killed and its links go dark before that, but this machine keeps its power: the kernel keeps what was written and not synced",
  probe: "a file that was written without fsync is whole after SIGKILL",
};

/** What the simulator slices, loses and slows down are the bytes of one stream; a proxy does the same. */
function toxicFidelity(toxic: ToxicSpec): Fidelity {
  if (toxic.type !== "bandwidth" || toxic.bytesPerS < 1000 || toxic.bytesPerS % 1000 === 0) return EXACT;
  return {
    how: "approximate",
    reason: "Toxiproxy's API counts whole kilobytes a second",
    probe: `${toxic.bytesPerS} bytes a second are no whole number of them`,
  };
}

function diskFidelity(fault: Extract<FaultStep, { do: "disk" }>["disk"]["type"]): Fidelity {
  switch (fault) {
    case "full": {
      const { canMount, probe } = probeTmpfs();
      if (canMount) return EXACT;
      const reason = "no small disk can be mounted: commits are refused in the SQLite adapter as if there were no room";
      return { how: "approximate", reason, probe };
    }
    case "slow":
      return adapter("the SQLite adapter waits before each commit");
    case "write-error":
      return adapter("the SQLite adapter refuses commits, drawn from the seed");
    case "lost-fsync":
      return adapter("SQLite is told not to sync, and without a power loss nothing of it can be lost");
    case "bit-rot":
      return {
        how: "approximate",
        reason: "bits are flipped in the files, in stored content only; what the process has in memory stays right",
        probe: "each flipped bit is read back from the file",
      };
  }
}

/** Where a kernel that can inject faults into a disk shows it. */
const INJECTION = "/sys/kernel/debug/fail_make_request";

function adapter(what: string): Fidelity {
  const reason = `no kernel injects faults into the disk of one process: ${what}`;
  return {
    how: "approximate",
    reason,
    probe: `${INJECTION}: ${existsSync(INJECTION) ? "for whole disks only" : "not there"}`,
  };
}
