/**
 * Carries out the faults of a plan on a real backend. Each is written to the journal, issued, read back to be in place,
 * ended at its time of the plan's clock, and seen to be gone; the history has each of these. A fault that did not take
 * is recorded as such and never skipped. Faults that take a host down wait for each other, so that each meets a host
 * that is up.
 */
import type { AgentMoment } from "../../scenarios/agent-protocol.ts";
import type { FaultStep, Topology, ToxicSpec } from "../../scenarios/plan.ts";
import { AgentNode } from "./agent-node.ts";
import type { Applied, AppliedToxic, Backend, LinkName, Streams } from "./backend.ts";
import { EnvironmentError } from "./environment-error.ts";
import { FaultError } from "./fault-error.ts";
import type { FaultTime } from "./fault-times.ts";
import type { Journal } from "./journal.ts";
import type { PlanClock } from "./plan-clock.ts";
import { RelayNode } from "./relay-node.ts";
import { runClock, sleep } from "./run-clock.ts";
import type { RunHistory } from "./run-history.ts";

export type Node = AgentNode | RelayNode;

export interface NemesisOptions {
  readonly backend: Backend;
  readonly topology: Topology;
  readonly seed: string;
  readonly history: RunHistory;
  readonly journal: Journal;
  readonly clock: PlanClock;
  readonly nodes: { get(name: string): Node | undefined };
  /** Crash steps that hit an agent at a named moment instead of at a time, by step id. */
  readonly moments: ReadonlyMap<number, AgentMoment>;
  readonly graceMs: number;
  /** Names of files in a relay's data folder that a wipe leaves. */
  readonly relayKeeps: readonly string[];
  readonly signal: AbortSignal;
}

type Of<D extends FaultStep["do"]> = Extract<FaultStep, { do: D }>;
type Place = { readonly link: LinkName; readonly streams: Streams };
type Stage = "issued" | "observed" | "healed" | "unmet" | "lost";

/** How long the system may take until a signal is seen to have acted. */
const SEEN_WITHIN_MS = 2000;
const LOOK_MS = 2;
/** A moment that does not come (an agent with nothing to push) is given up for a plain kill. */
const MOMENT_TIMEOUT_MS = 1000;
/** Faults of these kinds leave the host up. */
const BESIDE: ReadonlySet<FaultStep["do"]> = new Set(["toxic", "partition", "clock", "disk"]);

export class Nemesis {
  readonly #options: NemesisOptions;
  /** The end of the last fault that took each host down. */
  readonly #last = new Map<string, Promise<void>>();
  readonly #all: Promise<void>[] = [];
  readonly #times = new Map<number, FaultTime>();
  readonly #observed = new Set<number>();
  /** Hosts at which a fault was lost. */
  readonly #hindered = new Set<string>();
  /** What each host's clock is off by. */
  readonly #offsetMs = new Map<string, number>();

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  get times(): readonly FaultTime[] {
    return [...this.#times.values()];
  }

  /** A fault could not be done to this host, or not be taken away: it may be down or stand still through no fault of its own. */
  hasLost(host: string): boolean {
    return this.#hindered.has(host);
  }

  /** What must happen before a step: a rollback needs to know how things were. */
  prepare(step: FaultStep): void {
    const { backend, clock } = this.#options;
    if (step.do !== "rollback" || backend.fidelity(step).how === "unsupported") return;
    const copy = clock.until(Math.max(0, step.atMs - step.agoMs)).then(async () => {
      if (!this.#options.signal.aborted) await this.#node(step.host).snapshot(step.id);
    });
    this.#keep(copy.catch((error: unknown) => this.#failed(step, error)));
  }

  /** Begins a fault at its time; it ends by itself. */
  issue(step: FaultStep): void {
    const { history, backend, clock } = this.#options;
    const { how, reason } = backend.fidelity(step);
    if (how === "unsupported") {
      history.fault(step.id, "unsupported", reason);
      return;
    }
    const plannedMs = this.#ms(clock.at(step.atMs));
    this.#times.set(step.id, { step: step.id, fault: describeFault(step), plannedMs, issuedMs: plannedMs });
    const begin = async (): Promise<void> => {
      if (!this.#options.signal.aborted) await this.#run(step).catch((error: unknown) => this.#failed(step, error));
    };
    if (BESIDE.has(step.do) || !("host" in step)) {
      this.#keep(begin());
      return;
    }
    const before = this.#last.get(step.host);
    const fault = before === undefined ? begin() : before.then(() => this.#postpone(step)).then(begin);
    this.#last.set(step.host, fault);
    void fault.finally(() => this.#last.get(step.host) === fault && this.#last.delete(step.host)).catch(() => {});
    this.#keep(fault);
  }

  /** It had to wait until its host was up, and was due when that was. */
  #postpone(step: FaultStep): void {
    const time = this.#times.get(step.id)!;
    this.#times.set(step.id, { ...time, plannedMs: Math.max(time.plannedMs, this.#ms(runClock.nowUs())) });
  }

  /** All faults are over and their hosts up; throws what went wrong with the machine. */
  async over(): Promise<void> {
    await Promise.all(this.#all);
  }

  #keep(fault: Promise<void>): void {
    // Whoever awaits `over` hears of it; until then it is nobody's unhandled error.
    fault.catch(() => {});
    this.#all.push(fault);
  }

  #failed(step: FaultStep, error: unknown): void {
    if (!(error instanceof FaultError)) throw error;
    if ("host" in step) this.#hindered.add(step.host);
    this.#record(step, "lost", error.message);
  }

  async #run(step: FaultStep): Promise<void> {
    const { journal } = this.#options;
    journal.add({ what: "fault", step: step.id, stage: "begins", note: describeFault(step) });
    switch (step.do) {
      case "crash":
        return this.#crash(step);
      case "restart":
        return this.#restart(step);
      case "pause":
        return this.#pause(step);
      case "wipe":
        return this.#down(step, (node) => node.wipe((name) => this.#options.relayKeeps.includes(name)));
      case "rollback":
        return this.#down(step, (node) => node.restore(step.id));
      case "toxic": {
        const { dialler, listener } = step;
        return this.#poison(step, [{ link: { dialler, listener }, streams: step.stream }]);
      }
      case "partition":
        return this.#poison(step, this.#between(step));
      case "clock":
        return this.#clock(step);
      case "disk":
        return this.#spoil(step);
    }
  }

  // ── hosts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #crash(step: Of<"crash">): Promise<void> {
    const { history, moments } = this.#options;
    const node = this.#node(step.host);
    const moment = moments.get(step.id);
    if (moment !== undefined && node instanceof AgentNode) {
      const stoppedUs = await node.stopAt(moment, MOMENT_TIMEOUT_MS);
      const note = stoppedUs === undefined ? `did not come to ${moment}, killed` : `at ${moment}`;
      history.seenAt(stoppedUs ?? runClock.nowUs(), () => this.#record(step, "issued", note));
      this.#seeGone(step, node);
      return this.#again(step, node, step.downMs);
    }
    this.#record(step, "issued");
    let silence: readonly Applied[] = [];
    if (step.how === "power") {
      await node.signal("SIGSTOP");
      if (await this.#isSeen(node, "stopped")) this.#inPlace(step);
      try {
        // Nobody hears of a power cut: what is sent to the host, and what its system would answer, is lost on the way.
        silence = await this.#silence(step.host);
      } catch (error) {
        // It was no power cut, and is no pause either.
        await node.signal("SIGCONT");
        throw error;
      }
    }
    await node.kill();
    this.#seeGone(step, node);
    await this.#again(step, node, step.downMs, silence);
  }

  async #down(step: Of<"wipe" | "rollback">, meanwhile: (node: Node) => Promise<void>): Promise<void> {
    const node = this.#node(step.host);
    this.#record(step, "issued");
    await node.kill();
    this.#seeGone(step, node);
    await meanwhile(node);
    await this.#again(step, node, step.downMs);
  }

  async #restart(step: Of<"restart">): Promise<void> {
    const { history, graceMs } = this.#options;
    const node = this.#node(step.host);
    // A fault that was lost may have left it down.
    if (!node.isUp) throw new FaultError(`${node.name} was not up`);
    const begunUs = runClock.nowUs();
    this.#record(step, "issued");
    const stopped = node.stop(graceMs);
    this.#inPlace(step);
    const ending = await stopped;
    const tookMs = Math.round((runClock.nowUs() - begunUs) / 1000);
    if (ending?.code === 0) this.#record(step, "observed", `exit 0 after ${tookMs} ms`);
    else {
      const how = ending === undefined ? `did not end within ${graceMs} ms` : node.describeEnd();
      history.stopped(node.name, `asked to stop by SIGTERM, ${node.name} ${how}`);
    }
    if (step.groupBytesMax !== undefined && node instanceof RelayNode) {
      node.reconfigure({ groupBytesMax: step.groupBytesMax });
    }
    await this.#again(step, node, step.downMs - tookMs);
  }

  async #pause(step: Of<"pause">): Promise<void> {
    const { clock } = this.#options;
    const node = this.#node(step.host);
    const endMs = clock.nowMs + step.forMs;
    this.#record(step, "issued");
    await node.signal("SIGSTOP");
    if (await this.#isSeen(node, "stopped")) this.#see(step);
    await clock.until(endMs);
    if ((await node.host.state()) === "running") throw new FaultError(`somebody woke ${node.name} in its pause`);
    await node.signal("SIGCONT");
    if (!(await this.#isSeen(node, "running"))) throw new FaultError(`${node.name} does not go on after its pause`);
    this.#record(step, "healed");
  }

  #seeGone(step: FaultStep, node: Node): void {
    // `kill` has waited for the process's end, so the system has let go of it.
    if (!node.isUp) this.#see(step);
  }

  async #again(step: FaultStep, node: Node, downMs: number, silence: readonly Applied[] = []): Promise<void> {
    const { clock, signal } = this.#options;
    await clock.until(clock.nowMs + Math.max(0, downMs));
    if (signal.aborted) return;
    await clock.holdWhile(node.start());
    await Promise.all(silence.map((applied) => applied.end()));
    this.#record(step, "healed");
  }

  /** Nothing passes from or to this host any more. */
  async #silence(host: string): Promise<readonly Applied[]> {
    const links = this.#links().filter(({ dialler, listener }) => dialler === host || listener === host);
    const places = links.map((link) => ({ link, streams: "both" }) as const);
    return this.#applyAll(places, { type: "blocked" }, () => {});
  }

  async #isSeen(node: Node, state: "running" | "stopped"): Promise<boolean> {
    const { signal } = this.#options;
    const untilUs = runClock.nowUs() + 1000 * SEEN_WITHIN_MS;
    while (runClock.nowUs() < untilUs && !signal.aborted) {
      const now = await node.host.state();
      if (now === state) return true;
      if (now === "gone") return false;
      await sleep(LOOK_MS, signal);
    }
    return signal.aborted;
  }

  // ── links ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #poison(step: Of<"toxic" | "partition">, places: readonly Place[]): Promise<void> {
    const { history, clock } = this.#options;
    const toxic = step.do === "toxic" ? step.toxic : ({ type: "blocked" } as const);
    this.#record(step, "issued");
    const onActed = (atUs: number): void => history.seenAt(atUs, () => this.#see(step));
    const applied = await this.#applyAll(places, toxic, onActed);
    for (const { inPlaceUs } of applied) this.#inPlace(step, inPlaceUs);
    await clock.until(step.atMs + step.forMs);
    await Promise.all(applied.map((one) => one.end()));
    if (!this.#observed.has(step.id) && applied.every(({ metTraffic }) => metTraffic === false)) {
      this.#record(step, "unmet", "it was in place, and nothing came that it could act on");
    }
    this.#record(step, "healed");
  }

  /** In all places or in none. */
  async #applyAll(
    places: readonly Place[],
    toxic: ToxicSpec,
    onActed: (atUs: number) => void,
  ): Promise<readonly AppliedToxic[]> {
    const { links } = this.#options.backend;
    const tried = await Promise.allSettled(
      places.map(({ link, streams }) => links.apply(link, streams, toxic, onActed)),
    );
    const applied = tried.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const failed = tried.find((each) => each.status === "rejected");
    if (failed === undefined) return applied;
    await Promise.allSettled(applied.map((one) => one.end()));
    throw failed.reason;
  }

  /** Links between the two sides, whoever dials; one-way, only what goes from left to right. */
  #between(step: Of<"partition">): readonly Place[] {
    const places: Place[] = [];
    for (const link of this.#links()) {
      const isUp = step.left.includes(link.dialler) && step.right.includes(link.listener);
      const isDown = step.left.includes(link.listener) && step.right.includes(link.dialler);
      if (!isUp && !isDown) continue;
      places.push({ link, streams: step.oneWay ? (isUp ? "up" : "down") : "both" });
    }
    return places;
  }

  #links(): readonly LinkName[] {
    return this.#options.topology.devices.flatMap(({ name, relays }) =>
      relays.map((listener) => ({ dialler: name, listener })),
    );
  }

  // ── clocks and disks ──────────────────────────────────────────────────────────────────────────────────────────────

  async #clock(step: Of<"clock">): Promise<void> {
    const { clock } = this.#options;
    this.#record(step, "issued");
    await this.#shift(step.host, step.byMs);
    this.#see(step);
    if (step.how === "skew") {
      await clock.until(step.atMs + step.forMs);
      await this.#shift(step.host, -step.byMs);
    }
    this.#record(step, "healed");
  }

  async #shift(host: string, byMs: number): Promise<void> {
    const offsetMs = (this.#offsetMs.get(host) ?? 0) + byMs;
    this.#offsetMs.set(host, offsetMs);
    await this.#node(host).host.setClock(offsetMs);
  }

  async #spoil(step: Of<"disk">): Promise<void> {
    const { clock, seed } = this.#options;
    this.#record(step, "issued");
    const applied = await this.#node(step.host).host.spoil(step.disk, `${seed}/${step.id}`);
    this.#see(step, applied.note);
    await clock.until(step.atMs + step.forMs);
    await applied.end();
    this.#record(step, "healed");
  }

  // ── what is recorded ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Seen to act: once. */
  #see(step: FaultStep, note?: string): void {
    if (this.#observed.has(step.id)) return;
    this.#inPlace(step);
    this.#record(step, "observed", note);
  }

  /** Of several, the last counts; what is not told is now. */
  #inPlace(step: FaultStep, atUs?: number): void {
    const time = this.#times.get(step.id);
    if (time === undefined) return;
    const atMs = this.#ms(atUs ?? runClock.nowUs());
    if (time.inPlaceMs !== undefined && (atUs === undefined || atMs < time.inPlaceMs)) return;
    this.#times.set(step.id, { ...time, inPlaceMs: atMs });
  }

  #record(step: FaultStep, stage: Stage, note?: string): void {
    const { history, journal } = this.#options;
    if (stage === "observed") this.#observed.add(step.id);
    history.fault(step.id, stage, note);
    journal.add({ what: "fault", step: step.id, stage, note: note ?? "" });
    const time = this.#times.get(step.id);
    if (time === undefined) return;
    const nowMs = this.#ms(runClock.nowUs());
    if (stage === "issued") this.#times.set(step.id, { ...time, issuedMs: nowMs });
    else if (stage === "healed") this.#times.set(step.id, { ...time, healedMs: nowMs });
  }

  /** Of the controller's clock, from the plan's zero. */
  #ms(atUs: number): number {
    return (atUs - this.#options.history.originUs) / 1000;
  }

  #node(name: string): Node {
    const node = this.#options.nodes.get(name);
    if (node === undefined) throw new EnvironmentError(`there is no host ${name}`);
    return node;
  }
}

/** `toxic latency`, `crash kill`, `disk full`, … */
export function describeFault(step: FaultStep): string {
  if (step.do === "toxic") return `toxic ${step.toxic.type}`;
  if (step.do === "crash" || step.do === "clock") return `${step.do} ${step.how}`;
  if (step.do === "disk") return `disk ${step.disk.type}`;
  if (step.do === "partition") return step.oneWay ? "partition one-way" : "partition";
  return step.do;
}
