/**
 * One run of one plan: its hosts, its nemesis and the phases from boot to the last read. Made for a run and thrown away;
 * the kernel below it stays.
 */
import type { BytePool } from "../core/bytes.ts";
import type { CryptoSuite } from "../core/crypto/suite.ts";
import type { RelayAddress } from "../core/ids.ts";
import type { Redacted } from "../core/redacted.ts";
import type { FaultStep, Moment, OperationStep, Plan, Step } from "../scenarios/plan.ts";
import { isFault } from "../scenarios/plan.ts";
import { DeviceHost } from "./device-host.ts";
import type { RecordWriter } from "./record-writer.ts";
import type { Cause } from "./kernel/choices.ts";
import { createCause } from "./kernel/choices.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Lane } from "./kernel/scheduler.ts";
import { laneOf } from "./step-lane.ts";
import { HostWatch } from "./host-watch.ts";
import { momentKey, Moments } from "./moments.ts";
import { Nemesis, type StepWithholding } from "./nemesis.ts";
import { Recorder } from "./recorder.ts";
import { RelayHost } from "./relay-host.ts";
import type { Withholding } from "./withhold.ts";

export interface WorldOptions {
  readonly suiteFor: (host: string) => CryptoSuite;
  readonly secretOf: (group: string) => Redacted<Uint8Array>;
  readonly writer: RecordWriter;
  /** Told of every moment that a fault could be bound to. */
  readonly onMoment?: ((moment: Moment, atMs: number) => void) | undefined;
  readonly pool: BytePool;
  /** Opens the window in which the plan's order is followed. */
  readonly openWindow?: (() => void) | undefined;
}

/** The plan's zero: by then every host has booted. */
const ORIGIN_MS = 1000;
const DEVICES_BOOT_MS = 500;
/** How often the world looks whether the devices have converged, and for how long they must stay so. */
const LOOK_MS = 250;
const QUIET_MS = 2000;
/**
 * After the applications have left: until nothing is held any more, at most. A segment that was lost again and again
 * while there was loss may still be on its way for 42 s, and what closes its connection comes after it.
 */
const LEAVE_MS = 45_000;

/** Whoever tampers sees Noise messages. */
const NOISE_FRAMING = { lengthBytes: 2 } as const;

/** Causes of the world's own doings, out of the way of step ids. */
const BOOT_CAUSE = 0x7fff_0000;
const HEAL_CAUSE = 0x7fff_0001;
const LEAVE_CAUSE = 0x7fff_0002;
const WINDOW_CAUSE = 0x7fff_0003;

export class World {
  readonly recorder: Recorder;
  /** Marks that were hit, in order of the first time. */
  readonly marks = new Set<string>();
  /** Those of each life of each process. */
  readonly lives: Set<string>[] = [];
  readonly #kernel: Kernel;
  readonly #plan: Plan;
  readonly #options: WorldOptions;
  readonly #relays = new Map<string, RelayHost>();
  readonly #devices = new Map<string, DeviceHost>();
  readonly #nemesis: Nemesis;
  /** Only where somebody wants to know. */
  readonly #moments: Moments | undefined;
  /** Faults that wait for their moment. */
  #isHealed = false;
  readonly #bound = new Map<string, FaultStep[]>();

  constructor(kernel: Kernel, plan: Plan, options: WorldOptions) {
    this.#kernel = kernel;
    this.#plan = plan;
    this.#options = options;
    this.recorder = new Recorder(kernel, ORIGIN_MS);
    this.#nemesis = new Nemesis(kernel, { relays: this.#relays, devices: this.#devices }, this.recorder);
    for (const step of plan.steps) if (isFault(step) && step.when !== undefined) this.#bind(step, step.when);
    const isWatched = this.#bound.size > 0 || options.onMoment !== undefined;
    if (isWatched || plan.steps.some((step) => step.do === "withhold"))
      this.#moments = new Moments((moment) => this.#came(moment));
  }

  /** False as soon as the run cannot go on. */
  run(): boolean {
    return this.#boot() && this.#trouble() && this.#converge() && this.#leave();
  }

  #boot(): boolean {
    const startLife = (): ((mark: string) => void) => {
      const life = new Set<string>();
      this.lives.push(life);
      return (mark) => {
        if (life.has(mark)) return;
        life.add(mark);
        this.marks.add(mark);
      };
    };
    const { topology } = this.#plan;
    const { writer, pool, suiteFor } = this.#options;
    const cause = createCause(BOOT_CAUSE);
    for (const { name, config } of topology.relays) {
      const relay = new RelayHost(this.#kernel, {
        name,
        config,
        suite: suiteFor(name),
        writer,
        pool,
        recorder: this.recorder,
        startLife,
        watch: this.#watch(name),
      });
      this.#relays.set(name, relay);
      relay.host.start(cause);
    }
    if (this.#plan.steps.some((step) => step.do === "toxic" && step.toxic.type === "tamper")) {
      this.#kernel.network.framing = NOISE_FRAMING;
    }
    if (!this.#runTo(DEVICES_BOOT_MS)) return false;
    for (const spec of topology.devices) {
      const { name, group, config } = spec;
      const relays = new Map<string, RelayAddress>();
      for (const preferred of spec.relays) {
        const { relayId, endpoint } = this.#relays.get(preferred)!;
        relays.set(preferred, { id: relayId!, endpoint });
        const link = this.#kernel.network.link(name, preferred);
        link.up.profile = topology.link;
        link.down.profile = topology.link;
      }
      const device = new DeviceHost(this.#kernel, {
        name,
        group,
        relays,
        groupSecret: this.#options.secretOf(group),
        config,
        suite: suiteFor(name),
        writer,
        pool,
        recorder: this.recorder,
        startLife,
        watch: this.#watch(name),
      });
      this.#devices.set(name, device);
      device.host.start(cause);
    }
    if (!this.#runTo(ORIGIN_MS)) return false;
    this.#recordResources("baseline");
    this.recorder.phase("steady");
    this.#moments?.begin();
    for (const spec of topology.devices) if (spec.online) this.#devices.get(spec.name)!.connect(cause);
    return true;
  }

  #trouble(): boolean {
    const { order, steps } = this.#plan;
    for (const step of steps) this.#schedule(step);
    const { openWindow } = this.#options;
    if (order !== undefined && openWindow !== undefined) {
      this.#kernel.at(ORIGIN_MS + order.fromMs, createCause(WINDOW_CAUSE), openWindow);
    }
    if (!this.#runTo(ORIGIN_MS + this.#plan.healAtMs)) return false;
    const cause = createCause(HEAL_CAUSE);
    this.#isHealed = true;
    this.#nemesis.healAll(cause);
    // A half-open session would look converged for ever: the application asks, and so finds out.
    for (const device of this.#devices.values()) {
      device.connect(cause);
      device.pull(cause);
    }
    this.recorder.phase("healed");
    this.#recordResources("healed");
    return true;
  }

  #schedule(step: Step): void {
    const cause = createCause(step.id);
    const at = (atMs: number, action: () => void, lane?: Lane): void =>
      this.#kernel.at(ORIGIN_MS + atMs, cause, action, lane);
    // What is planned for later than the window opens is something that can come next in it.
    const { order } = this.#plan;
    const lane = order !== undefined && step.atMs > order.fromMs ? laneOf(step) : undefined;
    if (isFault(step)) {
      this.#nemesis.prepare(step, at);
      if (step.when !== undefined) return;
      at(step.atMs, () => this.#nemesis.issue(step, cause), lane);
    } else {
      at(step.atMs, () => this.#operate(step, cause), lane);
    }
  }

  #watch(host: string): HostWatch | undefined {
    if (this.#moments === undefined) return undefined;
    const nemesis = this.#nemesis;
    const onWithheld = (withholding: Withholding): void => nemesis.withheld(withholding as StepWithholding);
    return new HostWatch(host, this.#moments, nemesis.withholdings(host), onWithheld);
  }

  #bind(step: FaultStep, when: Moment): void {
    const key = `${momentKey(when)} ${when.nth}`;
    const waiting = this.#bound.get(key);
    if (waiting === undefined) this.#bound.set(key, [step]);
    else waiting.push(step);
  }

  /** What was bound to it is issued by the next entry of this millisecond: the turn that it came in goes to its end. */
  #came(moment: Moment): void {
    this.#options.onMoment?.(moment, this.recorder.at);
    for (const step of this.#bound.get(`${momentKey(moment)} ${moment.nth}`) ?? []) {
      const cause = createCause(step.id);
      this.#kernel.at(this.#kernel.nowMs, cause, () => {
        if (!this.#isHealed) this.#nemesis.issue(step, cause);
      });
    }
  }

  #operate(step: OperationStep, cause: Cause): void {
    const device = this.#devices.get(step.device)!;
    switch (step.do) {
      case "push":
        return device.push(step, cause);
      case "pull":
        return device.pull(cause);
      case "connect":
        return device.connect(cause);
      case "disconnect":
        return device.disconnect(cause);
    }
  }

  /** Until all devices stand equal and owe nothing for two seconds, or the bound is over. */
  #converge(): boolean {
    const untilMs = this.#kernel.nowMs + this.#plan.bound.withinMs + QUIET_MS;
    let quietSinceMs: number | undefined;
    while (this.#kernel.nowMs < untilMs) {
      if (!this.#runTo(this.#kernel.nowMs + LOOK_MS)) return false;
      if (!this.#isConverged()) quietSinceMs = undefined;
      else if (quietSinceMs === undefined) {
        quietSinceMs = this.#kernel.nowMs;
        this.recorder.phase("converged");
      } else if (this.#kernel.nowMs - quietSinceMs >= QUIET_MS) {
        this.recorder.phase("quiet");
        return true;
      }
    }
    this.recorder.phase("stalled", this.#waiting());
    return true;
  }

  #isConverged(): boolean {
    const standings = new Map<string, string>();
    for (const device of this.#devices.values()) {
      if (device.waitingFor().length > 0) return false;
      for (const [relay, standing] of device.standings()) {
        const where = `${relay}/${device.group}`;
        if ((standings.get(where) ?? standing) !== standing) return false;
        standings.set(where, standing);
      }
    }
    return true;
  }

  #waiting(): readonly string[] {
    const waiting: string[] = [];
    for (const device of this.#devices.values()) {
      const own = device.waitingFor();
      waiting.push(...own);
      if (own.length > 0) continue;
      const places = Array.from(device.standings(), ([relay, standing]) => `${standing} of ${relay}`);
      waiting.push(`${device.name} waits for nothing and stands at ${places.join(", ")}`);
    }
    return waiting;
  }

  /** The applications close; what hosts still hold after that, and what the devices' disks say, ends the history. */
  #leave(): boolean {
    const cause = createCause(LEAVE_CAUSE);
    for (const device of this.#devices.values()) device.disconnect(cause);
    const untilMs = this.#kernel.nowMs + leaveMs(this.#plan);
    while (this.#kernel.nowMs < untilMs) {
      if (!this.#runTo(this.#kernel.nowMs + LOOK_MS)) return false;
      if (this.#isEmpty()) break;
    }
    this.#recordResources("end");
    for (const device of this.#devices.values()) device.recordFinal();
    this.recorder.phase("end");
    return true;
  }

  #isEmpty(): boolean {
    for (const node of [...this.#relays.values(), ...this.#devices.values()]) {
      if (node.host.connectionCount > 0 || node.host.isStoring) return false;
    }
    return true;
  }

  #recordResources(stage: "baseline" | "healed" | "end"): void {
    for (const node of [...this.#relays.values(), ...this.#devices.values()]) {
      this.recorder.add({ type: "resources", at: this.recorder.at, host: node.name, stage, counts: node.resources() });
    }
  }

  #runTo(untilMs: number): boolean {
    const end = this.#kernel.run(untilMs);
    if (end === "done") return true;
    const { violation } = this.#kernel;
    const what =
      violation === undefined ? `the event budget is spent after ${this.#kernel.handled} events` : violation.message;
    const why = violation === undefined ? "hang" : "invariant";
    this.recorder.add({ type: "stopped", at: this.recorder.at, why, host: violation?.host ?? null, message: what });
    return false;
  }
}

/** Who was connected to a host that lost power is told nothing, and notices after one to two idle times. */
function leaveMs({ steps, topology }: Plan): number {
  if (!steps.some((step) => step.do === "crash" && step.how === "power")) return LEAVE_MS;
  return LEAVE_MS + 2 * Math.max(...topology.relays.map(({ config }) => config.idleTimeoutMs));
}
