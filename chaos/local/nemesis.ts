/**
 * Carries out the faults of a plan on processes, and reads each back: a fault counts as seen only when the system says
 * that the process is gone, or stopped. What this backend cannot do is recorded as such and never skipped. Faults of
 * one host wait for each other, so that each meets a host that is up.
 */
import type { AgentMoment } from "../../scenarios/agent-protocol.ts";
import type { FaultStep } from "../../scenarios/plan.ts";
import { AgentNode } from "./agent-node.ts";
import { EnvironmentError } from "./environment-error.ts";
import { localFidelity } from "./fidelity.ts";
import { processState } from "./process-state.ts";
import type { RelayNode } from "./relay-node.ts";
import { runClock, sleep } from "./run-clock.ts";
import type { RunHistory } from "./run-history.ts";

export type Node = AgentNode | RelayNode;

export interface NemesisOptions {
  readonly history: RunHistory;
  readonly nodes: { get(name: string): Node | undefined };
  /** Crash steps that hit an agent at a named moment instead of at a time, by step id. */
  readonly moments: ReadonlyMap<number, AgentMoment>;
  readonly graceMs: number;
  /** Names of files in a relay's data folder that a wipe leaves. */
  readonly relayKeeps: readonly string[];
  readonly signal: AbortSignal;
}

type Of<D extends FaultStep["do"]> = Extract<FaultStep, { do: D }>;

/** How long the system may take until a signal is seen to have acted. */
const SEEN_WITHIN_MS = 2000;
const LOOK_MS = 5;
/** A moment that does not come (an agent with nothing to push) is given up for a plain kill. */
const MOMENT_TIMEOUT_MS = 1000;

export class Nemesis {
  readonly #options: NemesisOptions;
  /** The end of the last fault of each host. */
  readonly #last = new Map<string, Promise<void>>();
  /** Hosts that are starting again. */
  readonly #starting = new Set<Promise<void>>();

  constructor(options: NemesisOptions) {
    this.#options = options;
  }

  /** Begins a fault at its time; it ends by itself. */
  issue(step: FaultStep): void {
    const { history } = this.#options;
    const why = localFidelity(step);
    if (why !== undefined || !("host" in step)) {
      history.fault(step.id, "unsupported", why);
      return;
    }
    const before = this.#last.get(step.host) ?? Promise.resolve();
    const fault = before.then(() => this.#run(step));
    // Whoever awaits `over` hears of it; until then it is nobody's unhandled error.
    fault.catch(() => {});
    this.#last.set(step.host, fault);
  }

  get isStarting(): boolean {
    return this.#starting.size > 0;
  }

  /** Resolves when no host is starting. */
  async started(): Promise<void> {
    while (this.isStarting && !this.#options.signal.aborted) await Promise.allSettled(this.#starting);
  }

  /** All faults are over and their hosts up; throws what went wrong with one. */
  async over(): Promise<void> {
    await Promise.all(this.#last.values());
  }

  async #run(step: FaultStep): Promise<void> {
    if (this.#options.signal.aborted) return;
    switch (step.do) {
      case "crash":
        return this.#crash(step);
      case "restart":
        return this.#restart(step);
      case "pause":
        return this.#pause(step);
      case "wipe":
        return this.#wipe(step);
      default:
        throw new EnvironmentError(`there is no way to do step ${step.id} (${step.do})`);
    }
  }

  async #crash(step: Of<"crash">): Promise<void> {
    const { history, moments } = this.#options;
    const node = this.#node(step.host);
    const moment = moments.get(step.id);
    if (moment !== undefined && node instanceof AgentNode) {
      const stoppedUs = await node.stopAt(moment, MOMENT_TIMEOUT_MS);
      const note = stoppedUs === undefined ? `did not come to ${moment}, killed` : `at ${moment}`;
      history.seenAt(stoppedUs ?? runClock.nowUs(), () => history.fault(step.id, "issued", note));
    } else {
      history.fault(step.id, "issued");
      await node.kill();
    }
    this.#seeGone(step, node);
    await this.#again(step, node, step.downMs);
  }

  async #restart(step: Of<"restart">): Promise<void> {
    const { history, graceMs } = this.#options;
    const node = this.#node(step.host);
    const begunUs = runClock.nowUs();
    history.fault(step.id, "issued");
    const ending = await node.stop(graceMs);
    const tookMs = Math.round((runClock.nowUs() - begunUs) / 1000);
    if (ending?.code === 0) history.fault(step.id, "observed", `exit 0 after ${tookMs} ms`);
    else {
      const how = ending === undefined ? `did not end within ${graceMs} ms` : node.describeEnd();
      history.stopped(node.name, `asked to stop by SIGTERM, ${node.name} ${how}`);
    }
    await this.#again(step, node, step.downMs - tookMs);
  }

  async #pause(step: Of<"pause">): Promise<void> {
    const { history, signal } = this.#options;
    const node = this.#node(step.host);
    history.fault(step.id, "issued");
    node.signal("SIGSTOP");
    if (await this.#isSeen(node, "T")) history.fault(step.id, "observed");
    await sleep(step.forMs, signal);
    node.signal("SIGCONT");
    history.fault(step.id, "healed");
  }

  async #wipe(step: Of<"wipe">): Promise<void> {
    const { history, relayKeeps } = this.#options;
    const node = this.#node(step.host);
    history.fault(step.id, "issued");
    await node.kill();
    if (node instanceof AgentNode) node.wipe();
    else node.wipe((name) => relayKeeps.includes(name));
    this.#seeGone(step, node);
    await this.#again(step, node, step.downMs);
  }

  /** `kill` has waited for the process's end, so the system has let go of it. */
  #seeGone(step: FaultStep, node: Node): void {
    if (node.pid === undefined) this.#options.history.fault(step.id, "observed");
  }

  async #again(step: FaultStep, node: Node, downMs: number): Promise<void> {
    const { history, signal } = this.#options;
    await sleep(downMs, signal);
    if (signal.aborted) return;
    const start = node.start();
    this.#starting.add(start);
    try {
      await start;
    } finally {
      this.#starting.delete(start);
    }
    history.fault(step.id, "healed");
  }

  async #isSeen(node: Node, state: string): Promise<boolean> {
    const { signal } = this.#options;
    const untilUs = runClock.nowUs() + 1000 * SEEN_WITHIN_MS;
    while (runClock.nowUs() < untilUs && !signal.aborted) {
      const { pid } = node;
      if (pid === undefined) return false;
      if (processState(pid)?.toUpperCase() === state) return true;
      await sleep(LOOK_MS, signal);
    }
    return false;
  }

  #node(name: string): Node {
    const node = this.#options.nodes.get(name);
    if (node === undefined) throw new EnvironmentError(`there is no host ${name}`);
    return node;
  }
}
