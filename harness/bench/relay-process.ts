/** A relay in a process of its own, as an operator runs it, with the limits of misuse out of the way of a bench. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseRelayAddress, type RelayAddress } from "../../core/ids.ts";

const BIN = fileURLToPath(new URL("../../../harness/zerok.mjs", import.meta.url));
const HUGE = 1_000_000_000;

const CONFIG = `[server]
bind_address = "127.0.0.1:0"
[storage]
max_group_storage = ${2 ** 40}
max_total_storage = ${2 ** 40}
[limits]
connections_per_ip = 1000000
connections_per_ip_per_minute = 1000000
global_connections_per_second = 100000
messages_per_minute = ${HUGE}
messages_burst = ${HUGE}
global_requests_per_second = ${HUGE}
max_concurrent_sessions = 1000000
hello_timeout_secs = 120
idle_timeout_secs = 3600
[http]
bind_address = "off"
[log]
level = "error"
`;

export class RelayProcess {
  readonly address: RelayAddress;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, address: RelayAddress) {
    this.#child = child;
    this.address = address;
  }

  /** `folder` is where it keeps its data. */
  static async start(folder: string, extra = ""): Promise<RelayProcess> {
    const config = join(folder, "relay.toml");
    writeFileSync(config, CONFIG + extra);
    const child = spawn(process.execPath, [BIN, "relay", "--config", config, "--data-dir", folder, "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const kill = (): void => void child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.removeListener("exit", kill));
    const [line] = (await Promise.race([
      once(createInterface(child.stdout), "line"),
      once(child, "exit").then(() => {
        throw new Error("the relay ended before it was ready; what it said is above");
      }),
    ])) as [string];
    const { address } = JSON.parse(line) as { address: string };
    return new RelayProcess(child, parseRelayAddress(address)!);
  }

  /** Resident memory, bytes; `undefined` where the system does not tell. */
  residentBytes(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
    } catch {
      return undefined;
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill("SIGTERM");
    await once(this.#child, "exit");
  }
}
