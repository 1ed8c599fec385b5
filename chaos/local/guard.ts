/**
 * A small process beside the controller that outlives it: when the controller is killed, its pipe to the guard ends,
 * and the guard ends every process of the run, unmounts its disks and removes its folder. A controller that ends by
 * itself has told it of nothing that is left.
 */
import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";

const SCRIPT = `
const { rmSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const pids = new Set(), folders = new Set(), mounts = new Set();
let heard = "";
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.on("SIGHUP", () => {});
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (heard + text).split("\\n");
  heard = lines.pop();
  for (const line of lines) {
    const [what, value] = JSON.parse(line);
    if (what === "+pid") pids.add(value);
    else if (what === "-pid") pids.delete(value);
    else if (what === "+mount") mounts.add(value);
    else if (what === "-mount") mounts.delete(value);
    else if (what === "+folder") folders.add(value);
    else if (what === "-folder") folders.delete(value);
  }
});
process.stdin.on("end", () => {
  for (const pid of pids) try { process.kill(pid, "SIGKILL"); } catch {}
  for (const mount of mounts) spawnSync("umount", ["-l", mount], { stdio: "ignore" });
  for (const folder of folders) try { rmSync(folder, { recursive: true, force: true, maxRetries: 5 }); } catch {}
});
`;

export class Guard {
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;

  constructor() {
    this.#child = spawn(process.execPath, ["-e", SCRIPT], { stdio: ["pipe", "ignore", "ignore"] });
    this.#child.stdin!.on("error", () => {});
    this.#closed = new Promise((resolve) => {
      this.#child.once("close", () => resolve());
      this.#child.once("error", () => resolve());
    });
  }

  add(pid: number): void {
    this.#tell("+pid", pid);
  }

  remove(pid: number): void {
    this.#tell("-pid", pid);
  }

  addFolder(path: string): void {
    this.#tell("+folder", path);
  }

  removeFolder(path: string): void {
    this.#tell("-folder", path);
  }

  addMount(path: string): void {
    this.#tell("+mount", path);
  }

  removeMount(path: string): void {
    this.#tell("-mount", path);
  }

  /** It does what is left to do, and ends. */
  async close(): Promise<void> {
    this.#child.stdin!.end();
    await this.#closed;
  }

  #tell(what: string, value: number | string): void {
    this.#child.stdin!.write(`${JSON.stringify([what, value])}\n`);
  }
}
