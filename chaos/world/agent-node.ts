/**
 * A device of a run as a process, and its lives one after the other on one folder. What it reports becomes the history
 * of its device; what it had under way when it died is recorded as open.
 */
import { encodeAgentConfig } from "../../scenarios/agent-config.ts";
import {
  AGENT_PROTOCOL,
  describeAgentLineError,
  encodeAgentOrder,
  parseAgentReport,
  timedRecord,
  type AgentMoment,
  type AgentOrder,
  type AgentReport,
  type AgentState,
} from "../../scenarios/agent-protocol.ts";
import type { AgentConfig } from "../../scenarios/agent-config.ts";
import { DeviceHistory } from "../../scenarios/device-history.ts";
import { createPayload } from "../../scenarios/payload.ts";
import type { OperationStep } from "../../scenarios/plan.ts";
import { encodeHex } from "../../core/bytes.ts";
import type { BackendHost, Ending, HostProcess } from "./backend.ts";
import { within } from "./deadline.ts";
import { readyWithin } from "./ready-within.ts";
import type { RunHistory } from "./run-history.ts";

export interface AgentNodeOptions {
  readonly config: Omit<AgentConfig, "dataDir">;
  readonly host: BackendHost;
  readonly history: RunHistory;
  /** It ended and nobody had asked it to, or said what cannot be understood. */
  readonly onDeath: (node: AgentNode, why: string, isInvariant: boolean) => void;
}

const CONFIG = "agent.json";
/** Generous: a machine may be busy. */
const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 30_000;
/** A transport nonce is a number in the history; a blob's is a text. */
type SealReport = Extract<Extract<AgentReport, { type: "record" }>["record"], { type: "seal" }>;

export class AgentNode {
  readonly name: string;
  readonly group: string;
  readonly kind = "agent";
  readonly host: BackendHost;
  readonly #options: AgentNodeOptions;
  readonly #history: DeviceHistory;
  #process: HostProcess | undefined;
  #isEnding = false;
  /** The application's wish to be connected, which outlives the process. */
  #isWanted = false;
  #lives = 0;
  #wasUp = false;
  /** The epoch of its position where the event is about, as it is being told. */
  #toldEpoch = "";
  /** Rows of its disk that it has told. */
  #read = { inbox: 0, quarantine: 0, lost: 0 };
  readonly #readAt = new Map<number, { inbox: number; quarantine: number; lost: number }>();
  #asked = 0;
  readonly #answers = new Map<number, (state: AgentState) => void>();
  #onUp: () => void = () => {};
  #onStopping: ((atUs: number) => void) | undefined;

  constructor(options: AgentNodeOptions) {
    const { config, host, history } = options;
    this.host = host;
    this.name = config.device;
    this.group = config.group;
    this.#options = options;
    const names = new Map(config.relays.map(({ name, address }) => [encodeHex(address.id), name]));
    this.#history = new DeviceHistory(history, {
      device: this.name,
      group: this.group,
      relayName: (relay) => names.get(relay) ?? relay,
      epochAt: () => this.#toldEpoch,
    });
  }

  get isUp(): boolean {
    return this.#process?.isOver === false;
  }

  /** Resolves when its store is loaded; what its application wanted before it wants again. */
  async start(): Promise<void> {
    const { config } = this.#options;
    const { host } = this;
    const life = this.#lives++;
    if (life === 0) {
      await host.writeFile(CONFIG, encodeAgentConfig({ ...config, dataDir: host.dataFolder }));
    }
    const up = new Promise<void>((resolve) => (this.#onUp = resolve));
    this.#isEnding = false;
    const process = await host.start(["--config", host.path(CONFIG)], (line) => this.#heard(life, line));
    this.#process = process;
    void process.closed.then(() => {
      this.#answers.clear();
      this.#history.died();
      // One that never came up was not started well; one that does not come up again is a finding.
      if (!this.#wasUp || this.#isEnding || this.#process !== process) return;
      this.#options.onDeath(this, process.describeEnd(), true);
    });
    this.#order({ type: "resume", protocol: AGENT_PROTOCOL, isFirst: life === 0, ...this.#read });
    if (this.#isWanted) this.#order({ type: "connect" });
    await readyWithin(this.name, process, START_TIMEOUT_MS, up);
  }

  async kill(): Promise<void> {
    this.#isEnding = true;
    await this.#process?.kill();
  }

  /**
   * Kills itself when it next comes to this moment, or is killed when that has not come after so long. Resolves when it
   * is gone, with the time of the moment.
   */
  async stopAt(moment: AgentMoment, timeoutMs: number): Promise<number | undefined> {
    const process = this.#process;
    if (process === undefined) return undefined;
    this.#isEnding = true;
    let stoppingUs: number | undefined;
    this.#onStopping = (atUs) => (stoppingUs = atUs);
    this.#order({ type: "stop-at", moment });
    try {
      await within(timeoutMs, `${this.name} did not come to ${moment}`, process.closed);
    } catch {
      await process.kill();
    }
    this.#onStopping = undefined;
    return stoppingUs;
  }

  /** SIGTERM; what is still there after the grace time is killed and gives `undefined`. */
  async stop(graceMs: number): Promise<Ending | undefined> {
    return this.#end(graceMs, (process) => void process.signal("SIGTERM"));
  }

  /** Asked over its own channel. */
  async exit(graceMs: number): Promise<Ending | undefined> {
    return this.#end(graceMs, () => this.#order({ type: "exit" }));
  }

  async #end(graceMs: number, ask: (process: HostProcess) => void): Promise<Ending | undefined> {
    const process = this.#process;
    if (process === undefined || process.isOver) return undefined;
    this.#isEnding = true;
    ask(process);
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

  /** Its disk is lost, while it is down. */
  async wipe(): Promise<void> {
    await this.host.wipe(() => false);
    this.#read = { inbox: 0, quarantine: 0, lost: 0 };
  }

  async snapshot(id: number): Promise<void> {
    await this.host.snapshot(id);
    this.#readAt.set(id, { ...this.#read });
  }

  /** Its disk is put back, while it is down. */
  async restore(id: number): Promise<void> {
    await this.host.restore(id);
    this.#read = { ...(this.#readAt.get(id) ?? { inbox: 0, quarantine: 0, lost: 0 }) };
  }

  describeEnd(): string {
    return this.#process?.describeEnd() ?? "was never started";
  }

  // ── what the plan asks of the application ─────────────────────────────────────────────────────────────────────────

  push(step: Extract<OperationStep, { do: "push" }>): void {
    const { op, sizeBytes, ttlS } = step;
    const ref = this.#history.invokePush(step, createPayload(op, sizeBytes));
    if (!this.isUp) this.#history.pushFailed(ref, "the device is down");
    else this.#order({ type: "push", ref, op, sizeBytes, ttlS });
  }

  pull(): void {
    this.#order({ type: "pull" });
  }

  connect(): void {
    this.#isWanted = true;
    this.#order({ type: "connect" });
  }

  disconnect(): void {
    this.#isWanted = false;
    this.#order({ type: "disconnect" });
  }

  // ── what the controller asks ──────────────────────────────────────────────────────────────────────────────────────

  report(): Promise<AgentState> {
    return this.#ask((id) => ({ type: "report", id }));
  }

  /** Its final states are in the history when this resolves. */
  recordFinal(): Promise<AgentState> {
    return this.#ask((id) => ({ type: "final", id }));
  }

  #ask(order: (id: number) => AgentOrder): Promise<AgentState> {
    const id = this.#asked++;
    const answer = new Promise<AgentState>((resolve) => this.#answers.set(id, resolve));
    this.#order(order(id));
    return readyWithin(this.name, this.#process!, ANSWER_TIMEOUT_MS, answer);
  }

  #order(order: AgentOrder): void {
    this.#process?.writeLine(encodeAgentOrder(order));
  }

  // ── what it reports ───────────────────────────────────────────────────────────────────────────────────────────────

  #heard(life: number, line: string): void {
    if (life !== this.#lives - 1) return;
    const report = parseAgentReport(line);
    if (report.ok) this.#options.history.seenAt(report.value.atUs, () => this.#reported(report.value));
    else {
      const why = describeAgentLineError(report.error);
      this.#options.onDeath(this, `said what is not understood: ${why}`, true);
    }
  }

  #reported(report: AgentReport): void {
    const { history } = this.#options;
    switch (report.type) {
      case "up":
        this.#wasUp = true;
        return this.#onUp();
      case "event":
        this.#toldEpoch = report.epoch;
        return this.#history.tell(report.event);
      case "record": {
        const { record } = report;
        if (record.type === "deliver") this.#read.inbox = record.index + 1;
        else if (record.type === "quarantine") this.#read.quarantine += 1;
        else if (record.type === "lost") this.#read.lost += 1;
        else if (record.type === "seal" && isTransport(record)) history.frames += 1;
        return history.add(timedRecord(record, history.at));
      }
      case "answer": {
        const { id, type: _type, atUs: _atUs, ...state } = report;
        this.#answers.get(id)?.(state);
        this.#answers.delete(id);
        return;
      }
      case "stopping":
        return this.#onStopping?.(report.atUs);
      case "failed":
        return this.#options.onDeath(this, report.why, report.isInvariant);
    }
  }
}

function isTransport(seal: SealReport): boolean {
  return typeof seal.nonce === "number";
}
