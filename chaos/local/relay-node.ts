/**
 * A relay of a run as a process, and its lives one after the other on one folder and one port. It is started by the
 * command that the controller was given, and tells its address as the first line of its stdout:
 * `{"type":"ready","address":"0k://<id>@host:port"}`, with `"http":"http://host:port"` when it serves HTTP.
 */
import { appendFileSync, readdirSync, rmSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseRelayAddress, type RelayAddress } from "../../core/ids.ts";
import type { RelaySpec } from "../../scenarios/plan.ts";
import { Child, type ChildOptions, type Ending } from "./child.ts";
import { within } from "./deadline.ts";
import { EnvironmentError } from "./environment-error.ts";

export interface RelayNodeOptions {
  readonly spec: RelaySpec;
  readonly command: readonly string[];
  /** Its own: data, logs and what it prints. */
  readonly folder: string;
  readonly guard: ChildOptions["guard"];
  /** It ended and nobody had asked it to. */
  readonly onDeath: (node: RelayNode, why: string) => void;
}

/** Generous: a machine may be busy. */
const START_TIMEOUT_MS = 20_000;
/** Below the ports that systems give to outgoing connections, so that nobody takes it while the relay is down. */
const PORT_FROM = 15_000;
const PORT_TO = 32_000;
const PORT_TRIES = 50;

export class RelayNode {
  readonly name: string;
  readonly kind = "relay";
  readonly dataFolder: string;
  readonly #options: RelayNodeOptions;
  #child: Child | undefined;
  #isEnding = false;
  #port: number | undefined;
  #address: RelayAddress | undefined;
  #http: string | undefined;

  constructor(options: RelayNodeOptions) {
    this.name = options.spec.name;
    this.#options = options;
    this.dataFolder = join(options.folder, "data");
    mkdirSync(this.dataFolder, { recursive: true, mode: 0o700 });
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Known from the first start on. */
  get address(): RelayAddress {
    if (this.#address === undefined) throw new EnvironmentError(`${this.name} has never been up`);
    return this.#address;
  }

  get http(): string | undefined {
    return this.#http;
  }

  /** Everything that it wrote beside its data. */
  get logPaths(): readonly string[] {
    return [this.#path("stdout.log"), this.#path("stderr.log")];
  }

  async start(): Promise<void> {
    this.#port ??= await findFreePort();
    let tellReady: (line: string) => void = () => {};
    const ready = new Promise<string>((resolve) => (tellReady = resolve));
    const child = new Child({
      name: this.name,
      argv: [
        ...this.#options.command,
        ...["--data-dir", this.dataFolder, "--listen", `127.0.0.1:${this.#port}`, "--json"],
      ],
      logPath: this.#path("stderr.log"),
      onLine: (line) => {
        appendFileSync(this.#path("stdout.log"), `${line}\n`, { mode: 0o600 });
        tellReady(line);
      },
      guard: this.#options.guard,
    });
    this.#child = child;
    this.#isEnding = false;
    void child.closed.then(() => {
      // One that never came up was not started well; one that does not come up again is a finding.
      if (this.#address === undefined || this.#isEnding || this.#child !== child) return;
      this.#options.onDeath(this, child.describeEnd());
    });
    this.#readReady(await child.readyWithin(START_TIMEOUT_MS, ready));
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    await this.#child?.kill();
  }

  /** SIGTERM; what is still there after the grace time is killed and gives `undefined`. */
  async stop(graceMs: number): Promise<Ending | undefined> {
    const child = this.#child;
    if (child === undefined || child.isOver) return undefined;
    this.#isEnding = true;
    child.signal("SIGTERM");
    try {
      return await within(graceMs, `${this.name} did not stop`, child.closed);
    } catch {
      await child.kill();
      return undefined;
    }
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.signal(signal);
  }

  /** Its disk is lost, while it is down; its key lies elsewhere with a good operator, and stays. */
  wipe(keep: (name: string) => boolean): void {
    for (const name of readdirSync(this.dataFolder)) {
      if (!keep(name)) rmSync(join(this.dataFolder, name), { recursive: true, force: true });
    }
  }

  describeEnd(): string {
    return this.#child?.describeEnd() ?? "was never started";
  }

  #readReady(line: string): void {
    const words = `${this.name} must print {"type":"ready","address":"0k://…"} first, and printed: ${line.slice(0, 200)}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new EnvironmentError(words);
    }
    if (typeof value !== "object" || value === null) throw new EnvironmentError(words);
    const { type, address, http } = value as { type?: unknown; address?: unknown; http?: unknown };
    const parsed = typeof address === "string" ? parseRelayAddress(address) : undefined;
    if (type !== "ready" || parsed === undefined) throw new EnvironmentError(words);
    this.#address = parsed;
    this.#http = typeof http === "string" && http.startsWith("http://") ? http : undefined;
  }

  #path(name: string): string {
    return join(this.#options.folder, name);
  }
}

async function findFreePort(): Promise<number> {
  for (let i = 0; i < PORT_TRIES; i++) {
    const port = PORT_FROM + Math.floor(Math.random() * (PORT_TO - PORT_FROM));
    if (await isFree(port)) return port;
  }
  throw new EnvironmentError(`no free port between ${PORT_FROM} and ${PORT_TO} after ${PORT_TRIES} tries`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
