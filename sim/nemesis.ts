/**
 * Carries out the faults of a plan in the simulated world, and records each as it is issued, seen to act, and healed.
 * A fault ends by itself after its own time; `healAll` ends what is left and brings every host up.
 */
import type { FaultStep } from "../scenarios/plan.ts";
import { DeviceHost } from "./device-host.ts";
import { simFidelity } from "./fidelity.ts";
import type { Cause, Label } from "./kernel/choices.ts";
import type { Disk, DiskImage } from "./kernel/disk.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { LinkStream } from "./kernel/link.ts";
import type { Toxic, ToxicSpec } from "./kernel/toxic.ts";
import type { Recorder } from "./recorder.ts";
import { RelayHost } from "./relay-host.ts";
import { RELAY_IDENTITY_FILE } from "./relay-store.ts";
import type { Hosts } from "./topology.ts";
import { hostNamed } from "./topology.ts";
import type { Withholding } from "./withhold.ts";

/** How long a host that was asked to stop may take before it is killed. */
const GRACE_MS = 2000;

export interface StepWithholding extends Withholding {
  readonly step: number;
}

type Of<D extends FaultStep["do"]> = Extract<FaultStep, { do: D }>;

export class Nemesis {
  readonly #kernel: Kernel;
  readonly #hosts: Hosts;
  readonly #recorder: Recorder;
  readonly #rotLabel: Label;
  readonly #stepOf = new Map<Toxic, number>();
  readonly #observed = new Set<number>();
  /** How to end each fault that is under way, by step id. */
  readonly #ends = new Map<number, (cause: Cause) => void>();
  readonly #images = new Map<number, DiskImage>();
  /** What is kept from each host at this moment. */
  readonly #withholdings = new Map<string, StepWithholding[]>();

  constructor(kernel: Kernel, hosts: Hosts, recorder: Recorder) {
    this.#kernel = kernel;
    this.#hosts = hosts;
    this.#recorder = recorder;
    this.#rotLabel = kernel.labels.label("nemesis.rot");
    // Not in one: a function that is assigned to a property where it is made lives with the old objects, and keeps its
    // whole run alive until the next full collection.
    const onEffect = (toxic: Toxic): void => {
      const step = this.#stepOf.get(toxic);
      if (step !== undefined) this.#see(step);
    };
    kernel.network.onEffect = onEffect;
  }

  /** The list itself: what is withheld from this host comes and goes. */
  withholdings(host: string): StepWithholding[] {
    let list = this.#withholdings.get(host);
    if (list === undefined) this.#withholdings.set(host, (list = []));
    return list;
  }

  withheld({ step }: StepWithholding): void {
    this.#see(step);
  }

  /** What must happen before a step: a rollback needs to know how things were. */
  prepare(step: FaultStep, at: (atMs: number, action: () => void) => void): void {
    if (step.do !== "rollback") return;
    at(Math.max(0, step.atMs - step.agoMs), () => this.#images.set(step.id, this.#disk(step.host).image()));
  }

  issue(step: FaultStep, cause: Cause): void {
    const fidelity = simFidelity(step);
    if (fidelity.fidelity === "unsupported") {
      this.#recorder.add({
        type: "fault",
        at: this.#recorder.at,
        step: step.id,
        stage: "unsupported",
        note: fidelity.reason,
      });
      return;
    }
    this.#recorder.add({ type: "fault", at: this.#recorder.at, step: step.id, stage: "issued" });
    const { forMs, end } = this.#begin(step, cause);
    this.#ends.set(step.id, end);
    if (forMs === undefined) return;
    this.#kernel.at(this.#kernel.nowMs + forMs, cause, () => this.#end(step.id, cause));
  }

  healAll(cause: Cause): void {
    for (const step of [...this.#ends.keys()]) this.#end(step, cause);
  }

  #end(step: number, cause: Cause): void {
    const end = this.#ends.get(step);
    if (end === undefined) return;
    this.#ends.delete(step);
    end(cause);
    this.#recorder.add({ type: "fault", at: this.#recorder.at, step, stage: "healed" });
  }

  #see(step: number): void {
    if (this.#observed.has(step)) return;
    this.#observed.add(step);
    this.#recorder.add({ type: "fault", at: this.#recorder.at, step, stage: "observed" });
  }

  /** Without a time it lasts until everything is healed. */
  #begin(step: FaultStep, cause: Cause): { readonly forMs?: number; readonly end: (cause: Cause) => void } {
    switch (step.do) {
      case "toxic":
        return { forMs: step.forMs, end: this.#poison(step) };
      case "partition":
        return { forMs: step.forMs, end: this.#partition(step) };
      case "crash":
        this.#down(step.host, step.how, step.id, cause);
        return { forMs: step.downMs, end: (when) => this.#up(step.host, when) };
      case "restart":
        this.#restart(step, cause);
        return {
          forMs: step.downMs,
          end: (when) => {
            this.#reconfigure(step);
            this.#up(step.host, when);
          },
        };
      case "pause": {
        const { host } = hostNamed(this.#hosts, step.host);
        if (host.isUp) this.#see(step.id);
        host.pause();
        return { forMs: step.forMs, end: () => host.resume() };
      }
      case "wipe":
        this.#down(step.host, "power", step.id, cause);
        this.#wipe(step.host);
        return { forMs: step.downMs, end: (when) => this.#up(step.host, when) };
      case "rollback": {
        this.#down(step.host, "power", step.id, cause);
        const image = this.#images.get(step.id);
        if (image !== undefined) this.#disk(step.host).restore(image);
        return { forMs: step.downMs, end: (when) => this.#up(step.host, when) };
      }
      case "clock": {
        const { host } = hostNamed(this.#hosts, step.host);
        host.wallOffsetMs += step.byMs;
        this.#see(step.id);
        return { forMs: step.forMs, end: () => (host.wallOffsetMs -= step.how === "skew" ? step.byMs : 0) };
      }
      case "disk":
        return { forMs: step.forMs, end: this.#spoil(step, cause) };
      case "withhold": {
        const { message, nth, id } = step;
        const list = this.withholdings(step.host);
        list.push({ message, nth, seen: 0, step: id });
        return { end: () => void list.splice(0) };
      }
    }
  }

  #poison(step: Of<"toxic">): () => void {
    const link = this.#kernel.network.link(step.dialler, step.listener);
    const streams = step.stream === "both" ? [link.up, link.down] : [step.stream === "up" ? link.up : link.down];
    return this.#add(step.id, streams, step.toxic);
  }

  /** Between hosts that dial each other either way: who dials is the dialler of the link, the blocked way depends. */
  #partition(step: Of<"partition">): () => void {
    const streams: LinkStream[] = [];
    for (const left of step.left) {
      for (const right of step.right) {
        const leftDials = this.#hosts.devices.has(left) && this.#hosts.relays.has(right);
        const rightDials = this.#hosts.devices.has(right) && this.#hosts.relays.has(left);
        if (!leftDials && !rightDials) continue;
        const link = leftDials ? this.#kernel.network.link(left, right) : this.#kernel.network.link(right, left);
        streams.push(leftDials ? link.up : link.down);
        if (!step.oneWay) streams.push(leftDials ? link.down : link.up);
      }
    }
    return this.#add(step.id, streams, { type: "blocked" });
  }

  #add(step: number, streams: readonly LinkStream[], spec: ToxicSpec): () => void {
    const added = streams.map((stream) => {
      const toxic = stream.add(spec);
      this.#stepOf.set(toxic, step);
      if (toxic.effect > 0) this.#see(step);
      return { stream, toxic };
    });
    return () => {
      for (const { stream, toxic } of added) stream.remove(toxic);
    };
  }

  #down(name: string, how: "kill" | "power", step: number, cause: Cause): void {
    const node = hostNamed(this.#hosts, name);
    if (node.host.isUp) {
      if (how === "kill") node.host.kill(cause);
      else node.host.powerLoss(cause);
      if (node instanceof DeviceHost) node.died();
      this.#see(step);
    } else if (how === "power") {
      node.host.powerLoss(cause);
    }
  }

  #up(name: string, cause: Cause): void {
    const node = hostNamed(this.#hosts, name);
    if (node.host.isUp) return;
    node.host.start(cause);
    if (node instanceof DeviceHost) node.resumeWish(cause);
  }

  /** What it is started with the next time. */
  #reconfigure({ host, groupBytesMax }: Of<"restart">): void {
    const node = hostNamed(this.#hosts, host);
    if (groupBytesMax !== undefined && node instanceof RelayHost) node.config = { ...node.config, groupBytesMax };
  }

  /** Asked to stop; killed when it does not within the grace time. */
  #restart(step: Of<"restart">, cause: Cause): void {
    const node = hostNamed(this.#hosts, step.host);
    if (!node.host.isUp) return;
    const { incarnation } = node.host;
    const stop = (): void => {
      if (node.host.incarnation === incarnation) this.#down(step.host, "kill", step.id, cause);
    };
    if (node instanceof RelayHost) {
      const askedAt = this.#recorder.at;
      const graceMs = Math.min(GRACE_MS, step.downMs - 1);
      const leave = (code: number | null): void => {
        if (node.host.incarnation !== incarnation || !node.host.isUp) return;
        this.#recorder.add({ type: "exit", at: this.#recorder.at, host: step.host, askedAt, graceMs, code });
        stop();
      };
      node.onStopped = () => this.#kernel.at(this.#kernel.nowMs, cause, () => leave(0));
      node.host.command({ type: "shutdown" }, cause);
      this.#kernel.at(this.#kernel.nowMs + graceMs, cause, () => leave(null));
    } else {
      node.host.command({ type: "disconnect" }, cause);
      this.#kernel.at(this.#kernel.nowMs + Math.min(100, step.downMs - 1), cause, stop);
    }
  }

  #spoil(step: Of<"disk">, cause: Cause): () => void {
    const disk = this.#disk(step.host);
    const fault = step.disk;
    if (fault.type !== "bit-rot") this.#see(step.id);
    switch (fault.type) {
      case "full":
        disk.full = true;
        return () => (disk.full = false);
      case "slow":
        disk.slowMs += fault.syncMs;
        return () => (disk.slowMs -= fault.syncMs);
      case "write-error":
        disk.writeErrors = { num: fault.permille, den: 1000 };
        return () => (disk.writeErrors = undefined);
      case "lost-fsync":
        disk.lostFsync = true;
        return () => (disk.lostFsync = false);
      case "bit-rot":
        this.#rot(step, fault.bits, cause);
        return () => {};
    }
  }

  /** In a relay, in what it stores for others; in a device, anywhere in its files. */
  #rot(step: Of<"disk">, bits: number, cause: Cause): void {
    const { choices } = this.#kernel;
    const choose = (bound: number): number => choices.choose(this.#rotLabel, cause, bound);
    const node = hostNamed(this.#hosts, step.host);
    if (node instanceof RelayHost) {
      if (node.rot(bits, choose) > 0) this.#see(step.id);
      return;
    }
    const { disk } = node.host;
    for (let i = 0; i < bits; i++) {
      for (const file of disk.fileNames) {
        if (disk.rot(file, choose(disk.sizeBytes(file)), 1 << choose(8))) this.#see(step.id);
      }
    }
  }

  /** A relay loses its store and stays who it is: devices know it by its key, which lies elsewhere. */
  #wipe(name: string): void {
    const disk = this.#disk(name);
    const identity = disk.image().files.get(RELAY_IDENTITY_FILE);
    if (identity === undefined) disk.wipe();
    else disk.restore({ files: new Map([[RELAY_IDENTITY_FILE, identity]]) });
  }

  #disk(name: string): Disk {
    return hostNamed(this.#hosts, name).host.disk;
  }
}
