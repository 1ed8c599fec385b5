/** `zerok agent --config agent.json`: one device, on a controller's orders. */
import { readFileSync, writeSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseAgentConfig, type AgentConfig } from "../../scenarios/agent-config.ts";
import { Agent } from "../agent/agent.ts";
import { openFaultFile } from "../driver/fault-file.ts";
import { UserError } from "../user-error.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

export interface AgentArguments {
  readonly config: string;
}

const STDOUT = 1;
const RETRY_MS = 1;

export async function runAgentCommand({ config: path }: AgentArguments): Promise<ExitCode> {
  const agent = new Agent(readConfig(path), {
    write: (line) => writeLine(`${line}\n`),
    nowUs: () => Number(process.hrtime.bigint() / 1000n),
    faults: openFaultFile(process.env),
    killSelf: () => void process.kill(process.pid, "SIGKILL"),
  });
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const stop = (): void => agent.stop();
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  try {
    const misunderstood = new Promise<never>((_resolve, reject) => {
      lines.on("line", (line) => {
        try {
          agent.order(line);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    // A controller that is gone needs no device.
    lines.on("close", stop);
    return (await Promise.race([agent.ended, misunderstood])) ? EXIT.valid : EXIT.internal;
  } finally {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
    lines.close();
    process.stdin.destroy();
  }
}

function readConfig(path: string): AgentConfig {
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`${path} cannot be read (${code}): a controller writes it and names it with --config.`);
  }
  const parsed = parseAgentConfig(json);
  if (parsed.ok) return parsed.value;
  const { field, takes } = parsed.error;
  throw new UserError(`${path} does not fit an agent: ${field === "" ? "it" : `"${field}"`} takes ${takes}.`);
}

/** Whole, before this returns: what was reported must not die with the process. */
function writeLine(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(STDOUT, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Nobody listens any more; the end of stdin says so too.
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
