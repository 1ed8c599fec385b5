/** What the system says of a process: read back after a fault, because a signal that was sent has not yet acted. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One letter as `ps` has it (`R`, `S`, `T` = stopped, …); `undefined` when there is no such process. */
export function processState(pid: number): string | undefined {
  try {
    // pid (name) state …: the name may hold anything, so the last bracket counts.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  } catch {
    return stateByPs(pid);
  }
}

/** Where there is no `/proc`. */
function stateByPs(pid: number): string | undefined {
  try {
    const stdio = ["ignore", "pipe", "ignore"] as const;
    return execFileSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8", stdio: [...stdio] }).trim()[0];
  } catch {
    return undefined;
  }
}

/** Open descriptors; `undefined` where the system does not tell. */
export function descriptorCount(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}
