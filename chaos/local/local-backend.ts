/**
 * The backend `local`: relays and agents as processes of this machine, on loopback, with a fault proxy on every link.
 * Needs nothing but Node. Their command lines are the caller's. If the controller itself is killed, its guard ends the
 * processes at once, and the next run heals what a killed guard left.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ProxyLinks } from "../links/proxy-links.ts";
import { startFaultProxy, type FaultProxy } from "../proxy/fault-proxy.ts";
import { EnvironmentError } from "../world/environment-error.ts";
import type { FaultStep, Plan } from "../../scenarios/plan.ts";
import type { Backend, BackendContext, BackendHost, Fidelity, HostKind, Links } from "../world/backend.ts";
import { localFidelity } from "./fidelity.ts";
import { findFreePort } from "./free-port.ts";
import { goBack, goFirst } from "./hurry.ts";
import { Guard } from "./guard.ts";
import { LocalHost } from "./local-host.ts";

export interface LocalCommands {
  /**
   * Program and words that start a relay; `--config`, `--data-dir`, `--listen`, `--http` and `--json` are added. It
   * prints `{"type":"ready","address":"0k://…"}` first and ends with exit code 0 on SIGTERM.
   */
  readonly relayCommand: readonly string[];
  /** Program and words that start an agent; `--config` is added (`scenarios/agent-config.ts`). */
  readonly agentCommand: readonly string[];
}

export class LocalBackend implements Backend {
  readonly name = "local";
  readonly blindSpots: readonly string[] = [
    "zero-knowledge: looked for in the relays' data folders, logs and HTTP answers, not in their memory",
    "nonce-unique: what devices seal is seen, what relays seal is not",
    "drains: of a relay only its descriptors are counted",
  ];
  readonly #commands: LocalCommands;
  readonly #hosts: LocalHost[] = [];
  #plan: Plan | undefined;
  #context: BackendContext | undefined;
  #guard: Guard | undefined;
  /** Of the controller before, which hosts keep. */
  #priority: number | undefined;
  #proxy: FaultProxy | undefined;
  #links: ProxyLinks | undefined;

  constructor(commands: LocalCommands) {
    this.#commands = commands;
  }

  fidelity(step: FaultStep): Fidelity {
    return localFidelity(step);
  }

  get links(): Links {
    if (this.#links === undefined) throw new EnvironmentError("the fault proxy was never started");
    return this.#links;
  }

  /** Of the fault proxy's API. */
  get proxyUrl(): string | undefined {
    return this.#proxy?.url;
  }

  async begin(plan: Plan, context: BackendContext): Promise<void> {
    this.#plan = plan;
    this.#context = context;
    this.#priority = goFirst();
    this.#guard = new Guard();
    for (const folder of foldersOf(context)) this.#guard.addFolder(folder);
    this.#guard.addFolder(context.journal.path);
    const { seed } = plan;
    this.#proxy = await startFaultProxy({
      host: "127.0.0.1",
      port: 0,
      seed,
      onEvent: (event) => this.#links?.heard(event),
    });
    this.#links = new ProxyLinks({
      url: this.#proxy.url,
      seed,
      isEmbedded: true,
      place: (_dialler, listener) => ({ listen: "127.0.0.1:0", upstream: listener.listen }),
      endpoint: (listen) => listen,
    });
  }

  async createHost(name: string, kind: HostKind): Promise<BackendHost> {
    const folder = join(this.#context!.folder, name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { relayCommand, agentCommand } = this.#commands;
    const host = new LocalHost({
      name,
      kind,
      command: kind === "relay" ? relayCommand : agentCommand,
      folder,
      port: await findFreePort(),
      httpPort: await findFreePort(),
      guard: this.#guard!,
      priority: this.#priority,
      journal: this.#context!.journal,
      faults: this.#plan!.steps.filter((step): step is FaultStep => "host" in step && step.host === name),
    });
    this.#hosts.push(host);
    return host;
  }

  async close(): Promise<void> {
    for (const host of this.#hosts) host.close();
    await this.#proxy?.close();
    if (this.#context === undefined) return;
    goBack();
    for (const folder of foldersOf(this.#context)) this.#guard?.removeFolder(folder);
    this.#guard?.removeFolder(this.#context.journal.path);
    await this.#guard?.close();
  }
}

function foldersOf({ folder, around }: BackendContext): readonly string[] {
  return around === undefined ? [folder] : [folder, around];
}
