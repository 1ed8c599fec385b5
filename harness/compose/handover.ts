/**
 * What the services of `docker-compose.chaos.yml` tell each other: files in a folder that all of them see, each written
 * whole or not at all. Whoever waits for one waits for a bounded time.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Invite {
  readonly run: string;
  readonly payload: string;
}

/** What a device ended with: the texts in the order of the relay's cursor. */
export interface Outcome {
  readonly device: string;
  readonly texts: readonly string[];
}

/** What stops a service: one sentence for its log. */
export class PairError extends Error {
  override readonly name = "PairError";
}

const LOOK_MS = 100;

export class Handover {
  readonly #folder: string;

  constructor(folder = process.env["PAIR_HANDOVER"] ?? "/handover") {
    this.#folder = folder;
  }

  give(name: string, value: unknown): void {
    const path = join(this.#folder, name);
    writeFileSync(`${path}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** `undefined` when it is not there, or not whole yet. */
  read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#folder, name), "utf8")) as T;
    } catch {
      return undefined;
    }
  }

  async take<T>(name: string, timeoutMs: number): Promise<T> {
    for (const untilMs = Date.now() + timeoutMs; Date.now() < untilMs; await pause(LOOK_MS)) {
      const value = this.read<T>(name);
      if (value !== undefined) return value;
    }
    throw new PairError(`nobody handed over ${name} within ${timeoutMs / 1000} s`);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A whole number from the environment. */
export function numberOf(variable: string, otherwise: number): number {
  const text = process.env[variable];
  if (text === undefined || text === "") return otherwise;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new PairError(`${variable} takes a whole number above 0, not "${text}"`);
}

/** Runs one service to its end: exit code 0, or 1 with the sentence. */
export async function runService(name: string, service: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`${name}: ${await service()}\n`);
    process.exit(0);
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${name}: ${sentence}\n`);
    process.exit(1);
  }
}
