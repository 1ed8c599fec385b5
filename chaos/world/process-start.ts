/** When a process began, as the system has it: with its id it names one process for ever, because ids are given again. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A text to compare; `undefined` when there is no such process. */
export function processStart(pid: number): string | undefined {
  try {
    // pid (name) state …: the name may hold anything, so fields count from the last bracket; the start is the 22nd.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // One that is dead and that nobody has asked after holds nothing any more.
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return startByPs(pid);
  }
}

/** Where there is no `/proc`. */
function startByPs(pid: number): string | undefined {
  try {
    const options = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] } as const;
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { ...options, stdio: [...options.stdio] }).trim();
  } catch {
    return undefined;
  }
}
