/**
 * A relay of a run as a process, and its lives one after the other on one folder and one port. It is started by the
 * command that the controller was given, and tells its address as the first line of its stdout:
 * `{"type":"ready","address":"0k://<id>@host:port"}`, with `"http":"http://host:port"` when it serves HTTP and
 * `"isExact":true` when it took the plan's configuration word for word (`scenarios/exact-config.ts`).
 */
import { parseRelayAddress, type RelayAddress } from "../../core/ids.ts";
import type { RelayConfig } from "../../core/relay/config.ts";
import { encodeExactConfig, EXACT_CONFIG_VARIABLE } from "../../scenarios/exact-config.ts";
import type { RelaySpec } from "../../scenarios/plan.ts";
import type { BackendHost, Ending, HostProcess } from "./backend.ts";
import { within } from "./deadline.ts";
import { EnvironmentError } from "./environment-error.ts";
import { readyWithin } from "./ready-within.ts";
import { renderRelayToml } from "./relay-toml.ts";

export interface RelayNodeOptions {
  readonly spec: RelaySpec;
  readonly host: BackendHost;
  /** It ended and nobody had asked it to. */
  readonly onDeath: (node: RelayNode, why: string) => void;
}

const CONFIG = "relay.toml";
const EXACT_CONFIG = "exact.json";
/** Generous: a machine may be busy. */
const START_TIMEOUT_MS = 60_000;
export class RelayNode {
  readonly name: string;
  readonly kind = "relay";
  readonly host: BackendHost;
  readonly #options: RelayNodeOptions;
  #config: RelayConfig;
  #process: HostProcess | undefined;
  #isEnding = false;
  #address: RelayAddress | undefined;
  #servesHttp = false;
  #isExact = false;

  constructor(options: RelayNodeOptions) {
    const { spec, host } = options;
    this.name = spec.name;
    this.host = host;
    this.#config = spec.config;
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#process?.isOver === false;
  }

  /** Known from the first start on. */
  get address(): RelayAddress {
    if (this.#address === undefined) throw new EnvironmentError(`${this.name} has never been up`);
    return this.#address;
  }

  /** Settings that are not exactly as the plan has them, in words. Known from the first start on. */
  get approximations(): readonly string[] {
    return this.#isExact ? [] : renderRelayToml(this.#config).approximations;
  }

  get servesHttp(): boolean {
    return this.#servesHttp;
  }

  /** What it is started with the next time. */
  reconfigure(change: Partial<RelayConfig>): void {
    this.#config = { ...this.#config, ...change };
  }

  async start(): Promise<void> {
    const { host } = this;
    await host.writeFile(CONFIG, renderRelayToml(this.#config).text);
    await host.writeFile(EXACT_CONFIG, encodeExactConfig(this.#config));
    let tellReady: (line: string) => void = () => {};
    const ready = new Promise<string>((resolve) => (tellReady = resolve));
    const words = ["--config", host.path(CONFIG), "--data-dir", host.dataFolder];
    this.#isEnding = false;
    const env = { [EXACT_CONFIG_VARIABLE]: host.path(EXACT_CONFIG) };
    const listening = ["--listen", host.listen, "--http", host.listenHttp, "--json"];
    const process = await host.start([...words, ...listening], (line) => tellReady(line), env);
    this.#process = process;
    void process.closed.then(() => {
      // One that never came up was not started well; one that does not come up again is a finding.
      if (this.#address === undefined || this.#isEnding || this.#process !== process) return;
      this.#options.onDeath(this, process.describeEnd());
    });
    this.#readReady(await readyWithin(this.name, process, START_TIMEOUT_MS, ready));
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    await this.#process?.kill();
  }

  /** SIGTERM; what is still there after the grace time is killed and gives `undefined`. */
  async stop(graceMs: number): Promise<Ending | undefined> {
    const process = this.#process;
    if (process === undefined || process.isOver) return undefined;
    this.#isEnding = true;
    await process.signal("SIGTERM");
    try {
      return await within(graceMs, `${this.name} did not stop`, process.closed);
    } catch {
      await process.kill();
      return undefined;
    }
  }

  async signal(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    await this.#process?.signal(signal);
  }

  /** Its disk is lost, while it is down; its key lies elsewhere with a good operator, and stays. */
  async wipe(keep: (name: string) => boolean): Promise<void> {
    await this.host.wipe(keep);
  }

  async snapshot(id: number): Promise<void> {
    await this.host.snapshot(id);
  }

  /** Its disk is put back, while it is down. */
  async restore(id: number): Promise<void> {
    await this.host.restore(id);
  }

  describeEnd(): string {
    return this.#process?.describeEnd() ?? "was never started";
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
    const { type, address, http, isExact } = value as { readonly [field: string]: unknown };
    const parsed = typeof address === "string" ? parseRelayAddress(address) : undefined;
    if (type !== "ready" || parsed === undefined) throw new EnvironmentError(words);
    this.#address = parsed;
    this.#isExact = isExact === true;
    this.#servesHttp = typeof http === "string" && http.startsWith("http://");
  }
}
