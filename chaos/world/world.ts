/**
 * One run of one plan on a real backend: relays and agents, a nemesis, and the phases from boot to the last read; the
 * twin of the simulator's world. It knows no process and no container: the backend does. Steps are taken by the plan's
 * clock (`plan-clock.ts`). Made for a run by `run-world.ts` and thrown away.
 */
import { encodeHex, parseHex } from "../../core/bytes.ts";
import { portableSuite } from "../../core/crypto/portable.ts";
import { deriveGroupKeys } from "../../core/keys.ts";
import { Redacted } from "../../core/redacted.ts";
import type { AgentMoment, AgentState } from "../../scenarios/agent-protocol.ts";
import { createDraw } from "../../scenarios/draw.ts";
import type { PhaseRecord } from "../../scenarios/history.ts";
import { isFault, type Demand, type OperationStep, type Plan } from "../../scenarios/plan.ts";
import { AgentNode } from "./agent-node.ts";
import type { Backend } from "./backend.ts";
import { EnvironmentError } from "./environment-error.ts";
import type { FaultTime } from "./fault-times.ts";
import type { Journal } from "./journal.ts";
import { Nemesis, type Node } from "./nemesis.ts";
import { PlanClock } from "./plan-clock.ts";
import { RelayNode } from "./relay-node.ts";
import { runClock, sleep } from "./run-clock.ts";
import type { RunHistory } from "./run-history.ts";

export interface WorldOptions {
  readonly backend: Backend;
  readonly journal: Journal;
  readonly history: RunHistory;
  readonly moments: ReadonlyMap<number, AgentMoment>;
  readonly graceMs: number;
  /** For how long all must stand equal and owe nothing. */
  readonly quietMs: number;
  readonly relayKeeps: readonly string[];
  /** Aborted when the run shall end at once. */
  readonly signal: AbortSignal;
  /** A host ended and nobody had asked it to: the run cannot go on. */
  readonly onDeath: (host: string, why: string, isInvariant: boolean) => void;
  readonly onPhase: (phase: PhaseRecord["phase"]) => void;
}

type Counts = { readonly [what: string]: number };

const LOOK_MS = 250;
/** After the applications have left: until nothing is held any more, at most. */
const LEAVE_MS = 10_000;
/** What one relay may have written. */
const VIEW_BYTES_MAX = 256 * 1024 * 1024;
const HTTP_PATHS = ["/health", "/ready", "/metrics", "/"] as const;

export class World {
  /** What could not be seen or done exactly as the plan has it, in words. */
  readonly blindSpots = new Set<string>();
  /** Why nothing can be said of the run, in words. */
  readonly doubts: string[] = [];
  readonly #plan: Plan;
  readonly #options: WorldOptions;
  readonly #relays = new Map<string, RelayNode>();
  readonly #agents = new Map<string, AgentNode>();
  readonly #nemesis: Nemesis;
  /** What each host held before any device was connected. */
  readonly #baselines = new Map<string, Counts>();
  readonly #clock: PlanClock;
  /** When each step was taken, milliseconds after the plan's zero. */
  readonly #takenMs = new Map<number, number>();
  #healedMs: number | undefined;

  constructor(plan: Plan, options: WorldOptions) {
    this.#plan = plan;
    this.#options = options;
    const nodes = {
      get: (name: string): Node | undefined => this.#relays.get(name) ?? this.#agents.get(name),
    };
    this.#clock = new PlanClock(options.signal);
    const { topology, seed } = plan;
    this.#nemesis = new Nemesis({ ...options, topology, seed, nodes, clock: this.#clock });
  }

  async run(): Promise<void> {
    const phases = [this.#boot, this.#trouble, this.#converge, this.#leave, this.#readRelays];
    for (const phase of phases) {
      if (this.#options.signal.aborted) return;
      await phase.call(this);
    }
    if (!this.#options.signal.aborted) this.#phase("end");
  }

  /** The plan with the times at which its steps were taken: what the history is to be judged by. */
  planAsTaken(): Plan {
    const { demands } = this.#plan;
    const steps = this.#plan.steps.map((step) => ({ ...step, atMs: this.#takenMs.get(step.id) ?? step.atMs }));
    const healAtMs = this.#healedMs ?? this.#plan.healAtMs;
    const plan = { ...this.#plan, steps, healAtMs };
    return demands === undefined ? plan : { ...plan, demands: demands.map((demand) => this.#asTaken(demand)) };
  }

  #asTaken(demand: Demand): Demand {
    if (!("fromMs" in demand)) return demand;
    const fromMs = Math.floor(this.#clock.takenMs(demand.fromMs));
    return "toMs" in demand
      ? { ...demand, fromMs, toMs: Math.ceil(this.#clock.takenMs(demand.toMs)) }
      : { ...demand, fromMs };
  }

  get faultTimes(): readonly FaultTime[] {
    return this.#nemesis.times;
  }

  /** Ends every process, whatever it is doing. */
  async killAll(): Promise<void> {
    const nodes = [...this.#agents.values(), ...this.#relays.values()];
    const killed = await Promise.allSettled(nodes.map((node) => node.kill()));
    // None is left behind because another could not be ended.
    for (const each of killed) if (each.status === "rejected") throw each.reason;
  }

  // ── boot ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #boot(): Promise<void> {
    const { topology } = this.#plan;
    this.#recordSecrets();
    const { backend, history } = this.#options;
    for (const spec of topology.relays) {
      const host = await backend.createHost(spec.name, "relay");
      const onDeath = (node: RelayNode, why: string): void => this.#options.onDeath(node.name, why, true);
      const relay = new RelayNode({ spec, host, onDeath });
      this.#relays.set(spec.name, relay);
    }
    await Promise.all([...this.#relays.values()].map((relay) => relay.start()));
    for (const { name, approximations } of this.#relays.values()) {
      for (const each of approximations) this.blindSpots.add(`${name}: ${each}`);
    }
    for (const { name: device, group, config, relays: preferred } of topology.devices) {
      const relays = [];
      for (const name of preferred) {
        const relay = this.#relays.get(name)!;
        const endpoint = await backend.links.open(device, relay.host, topology.link);
        relays.push({ name, address: { id: relay.address.id, endpoint } });
      }
      const agent = new AgentNode({
        config: { device, group, config, relays, groupSecret: this.#groupSecret(group) },
        host: await backend.createHost(device, "agent"),
        history,
        onDeath: (node, why, isInvariant) => this.#options.onDeath(node.name, why, isInvariant),
      });
      this.#agents.set(device, agent);
    }
    await this.#each((agent) => agent.start());
    for (const [host, counts] of await this.#counts()) this.#baselines.set(host, counts);
    this.#recordResources("baseline", this.#baselines);
    history.begin();
    this.#clock.begin(history.originUs);
    this.#phase("steady");
    for (const spec of topology.devices) if (spec.online) this.#agents.get(spec.name)!.connect();
  }

  /** Derived from the seed, as in the simulator: what protects nothing need not be slow to make. */
  #groupSecret(group: string): Redacted<Uint8Array> {
    return new Redacted(parseHex(createDraw(this.#plan.seed).hex(`group-secret/${group}`, 32))!);
  }

  #recordSecrets(): void {
    const { history } = this.#options;
    for (const { name } of this.#plan.topology.groups) {
      const secret = this.#groupSecret(name);
      const keys = deriveGroupKeys(portableSuite, secret);
      const named: readonly [string, Redacted<Uint8Array>][] = [
        [`secret of ${name}`, secret],
        [`encryption key of ${name}`, keys.encryption],
        [`signing seed of ${name}`, keys.signingSeed],
      ];
      for (const [what, value] of named) {
        history.add({ type: "secret", at: history.at, what, value: encodeHex(value.expose()) });
      }
    }
  }

  // ── trouble ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #trouble(): Promise<void> {
    const { signal } = this.#options;
    for (const step of this.#plan.steps) if (isFault(step)) this.#nemesis.prepare(step);
    for (const step of this.#plan.steps) {
      await this.#clock.until(step.atMs);
      if (signal.aborted) return;
      this.#takenMs.set(step.id, this.#nowMs());
      if (isFault(step)) this.#nemesis.issue(step);
      else this.#operate(step);
    }
    await this.#clock.until(this.#plan.healAtMs);
    await this.#nemesis.over();
    if (signal.aborted) return;
    const { heldMs } = this.#clock;
    if (heldMs > 0) this.blindSpots.add(`the plan's clock stood still for ${heldMs} ms in all, while hosts started`);
    // A half-open session would look converged for ever: the application asks, and so finds out.
    for (const agent of this.#agents.values()) {
      agent.connect();
      agent.pull();
    }
    this.#healedMs = this.#nowMs();
    this.#phase("healed");
    this.#recordResources("healed", await this.#counts());
  }

  #nowMs(): number {
    return Math.floor((runClock.nowUs() - this.#options.history.originUs) / 1000);
  }

  #operate(step: OperationStep): void {
    const agent = this.#agents.get(step.device)!;
    switch (step.do) {
      case "push":
        return agent.push(step);
      case "pull":
        return agent.pull();
      case "connect":
        return agent.connect();
      case "disconnect":
        return agent.disconnect();
    }
  }

  // ── convergence ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Until all devices stand equal and owe nothing for long enough, or the bound is over. */
  async #converge(): Promise<void> {
    const { signal, quietMs } = this.#options;
    const untilUs = runClock.nowUs() + 1000 * (this.#plan.bound.withinMs + quietMs);
    let quietSinceUs: number | undefined;
    let states: ReadonlyMap<AgentNode, AgentState> = new Map();
    while (runClock.nowUs() < untilUs) {
      await sleep(LOOK_MS, signal);
      if (signal.aborted) return;
      states = await this.#states();
      if (!isConverged(states)) quietSinceUs = undefined;
      else if (quietSinceUs === undefined) {
        quietSinceUs = runClock.nowUs();
        this.#phase("converged");
      } else if (runClock.nowUs() - quietSinceUs >= 1000 * quietMs) {
        return this.#phase("quiet");
      }
    }
    this.#phase("stalled", describeWaiting(states));
  }

  async #states(): Promise<ReadonlyMap<AgentNode, AgentState>> {
    const states = new Map<AgentNode, AgentState>();
    await this.#each(async (agent) => void states.set(agent, await agent.report()));
    return states;
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The applications close; what hosts still hold after that, and what the devices' disks say. */
  async #leave(): Promise<void> {
    const { signal, history, graceMs, backend } = this.#options;
    this.doubts.push(...(await backend.links.verify()));
    for (const agent of this.#agents.values()) agent.disconnect();
    const untilUs = runClock.nowUs() + 1000 * LEAVE_MS;
    let held = await this.#counts();
    while (!this.#isLetGo(held) && runClock.nowUs() < untilUs && !signal.aborted) {
      await sleep(LOOK_MS, signal);
      held = await this.#counts();
    }
    this.#recordResources("end", held);
    await this.#each(async (agent) => {
      await agent.recordFinal();
      const ending = await agent.exit(graceMs);
      if (ending?.code !== 0) history.stopped(agent.name, `told to exit, ${agent.name} ${agent.describeEnd()}`);
    });
  }

  /** What every host holds now. */
  async #counts(): Promise<ReadonlyMap<string, Counts>> {
    const held = new Map<string, Counts>();
    for (const [{ name }, { resources }] of await this.#states()) held.set(name, resources);
    for (const { name, host } of this.#relays.values()) {
      const descriptors = await host.descriptors();
      if (descriptors === undefined) this.blindSpots.add(`drains: what ${name} holds is not told here`);
      else held.set(name, { descriptors });
    }
    return held;
  }

  #isLetGo(held: ReadonlyMap<string, Counts>): boolean {
    for (const [host, counts] of held) {
      const baseline = this.#baselines.get(host) ?? {};
      if (Object.entries(counts).some(([what, count]) => count > (baseline[what] ?? 0))) return false;
    }
    return true;
  }

  #recordResources(stage: "baseline" | "healed" | "end", held: ReadonlyMap<string, Counts>): void {
    const { history } = this.#options;
    for (const [host, counts] of held) history.add({ type: "resources", at: history.at, host, stage, counts });
  }

  async #readRelays(): Promise<void> {
    const { history, graceMs } = this.#options;
    for (const relay of this.#relays.values()) {
      const { name, host } = relay;
      for (const path of relay.servesHttp ? HTTP_PATHS : []) {
        const bytes = await host.readHttp(path);
        if (bytes === undefined) this.blindSpots.add(`zero-knowledge: ${name} did not answer GET ${path}`);
        else history.add({ type: "relay-view", at: history.at, relay: name, bytes });
      }
      if (!relay.servesHttp) this.blindSpots.add(`zero-knowledge: ${name} serves no HTTP`);
      const state = await host.state();
      if (state !== "running" && this.#nemesis.hasLost(name)) {
        this.doubts.push(`${name} was ${state} at the end: a fault that was lost left it so`);
      } else {
        const ending = await relay.stop(graceMs);
        if (ending?.code !== 0) history.stopped(name, `asked to stop by SIGTERM, ${name} ${relay.describeEnd()}`);
      }
      let viewBytes = 0;
      for await (const bytes of host.readAll(VIEW_BYTES_MAX)) {
        viewBytes += bytes.length;
        history.add({ type: "relay-view", at: history.at, relay: name, bytes });
      }
      if (viewBytes < VIEW_BYTES_MAX) continue;
      this.blindSpots.add(`zero-knowledge: only the first ${VIEW_BYTES_MAX} bytes of ${name} were looked at`);
    }
  }

  #phase(phase: PhaseRecord["phase"], waiting?: readonly string[]): void {
    this.#options.history.phase(phase, waiting);
    this.#options.onPhase(phase);
  }

  async #each(act: (agent: AgentNode) => Promise<void>): Promise<void> {
    if (this.#agents.size === 0) throw new EnvironmentError("the plan has no devices");
    await Promise.all([...this.#agents.values()].map(act));
  }
}

function isConverged(states: ReadonlyMap<AgentNode, AgentState>): boolean {
  const standings = new Map<string, string>();
  for (const [agent, { waitingFor, outbox, standing }] of states) {
    if (waitingFor.length > 0 || outbox > 0) return false;
    for (const [relay, at] of Object.entries(standing)) {
      const where = JSON.stringify([relay, agent.group]);
      if ((standings.get(where) ?? at) !== at) return false;
      standings.set(where, at);
    }
  }
  return true;
}

function describeWaiting(states: ReadonlyMap<AgentNode, AgentState>): readonly string[] {
  const waiting: string[] = [];
  for (const [{ name }, { waitingFor, standing }] of states) {
    waiting.push(...waitingFor.map((what) => `${name} waits for ${what}`));
    if (waitingFor.length > 0) continue;
    const at = Object.entries(standing).map(([relay, where]) => `${where} of ${relay}`);
    waiting.push(`${name} waits for nothing and stands at ${at.join(", ")}`);
  }
  return waiting;
}
