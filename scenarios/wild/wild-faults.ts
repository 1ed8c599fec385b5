/**
 * The faults of a wild run: of each kind that exists in it so many as were drawn, at any time, on any link or host that
 * it can meet. A partition lasts at least as long as it takes to be noticed. Called by `wild.ts`.
 */
import { unreachable } from "../../core/invariant.ts";
import type { Draw } from "../draw.ts";
import type { ToxicSpec, Topology } from "../plan.ts";
import type { FaultSpec } from "../workload.ts";
import type { WildFault, WildOptions } from "./wild-options.ts";
import type { AddStep } from "./wild.ts";

/** A cut that is shorter is no more than a slow segment. */
const PARTITION_MS_MIN = 2000;

export function addWildFaults(draw: Draw, options: WildOptions, topology: Topology, add: AddStep): void {
  for (const [kind, count] of options.faults) {
    for (let i = 0; i < count; i++) {
      add(draw.between(`${kind} at`, 100, options.loadMs), drawFault(draw, kind, topology));
    }
  }
}

function drawFault(draw: Draw, kind: WildFault, topology: Topology): FaultSpec {
  const relays = namesOf(topology.relays);
  const hosts = [...namesOf(topology.relays), ...namesOf(topology.devices)] as unknown as readonly [
    string,
    ...string[],
  ];
  const host = (): string => draw.pick(`${kind} host`, hosts);
  const downMs = (): number => draw.between(`${kind} down`, 100, 6000);
  const forMs = (min: number, max: number): number => draw.between(`${kind} for`, min, max);
  switch (kind) {
    case "latency":
    case "bandwidth":
    case "slow_close":
    case "timeout":
    case "reset_peer":
    case "slicer":
    case "limit_data":
    case "down":
    case "loss": {
      const device = draw.pick(`${kind} device`, topology.devices as readonly [(typeof topology.devices)[number]]);
      const listener = draw.pick(`${kind} relay`, device.relays as readonly [string, ...string[]]);
      const stream = draw.pick(`${kind} stream`, ["up", "down", "both"] as const);
      const toxic = drawToxic(draw, kind);
      return { do: "toxic", dialler: device.name, listener, stream, toxic, forMs: forMs(200, 15_000) };
    }
    case "partition": {
      const left = namesOf(topology.devices).filter((name) => draw.chance(`partition ${name}`, 1, 2));
      if (left.length === 0) left.push(topology.devices[0]!.name);
      const right = relays.filter((name, index) => index === 0 || draw.chance(`partition ${name}`, 1, 2));
      const oneWay = draw.chance("partition one way", 1, 3);
      const [from, to] = draw.chance("partition turned", 1, 2) ? [right, left] : [left, right];
      return { do: "partition", left: from, right: to, oneWay, forMs: forMs(PARTITION_MS_MIN, 25_000) };
    }
    case "kill":
    case "power":
      return { do: "crash", host: host(), how: kind, downMs: downMs() };
    case "restart":
      return { do: "restart", host: host(), downMs: downMs() };
    case "pause":
      return { do: "pause", host: host(), forMs: forMs(100, 20_000) };
    case "clock": {
      const byMs = draw.pick("clock by", [-300_000, -5000, -800, 700, 4000, 300_000] as const);
      return {
        do: "clock",
        host: host(),
        how: draw.pick("clock how", ["skew", "step"] as const),
        byMs,
        forMs: forMs(500, 10_000),
      };
    }
    case "disk-full":
      return { do: "disk", host: host(), disk: { type: "full" }, forMs: forMs(500, 8000) };
    case "disk-slow":
      return {
        do: "disk",
        host: host(),
        disk: { type: "slow", syncMs: draw.between("sync", 5, 800) },
        forMs: forMs(500, 8000),
      };
    case "write-error": {
      const permille = draw.pick("write errors", [20, 200, 1000] as const);
      return { do: "disk", host: host(), disk: { type: "write-error", permille }, forMs: forMs(500, 8000) };
    }
    case "wipe-relay":
      return { do: "wipe", host: draw.pick("wiped", relays), downMs: downMs() };
    case "rollback-relay":
      return {
        do: "rollback",
        host: draw.pick("rolled back", relays),
        agoMs: draw.between("ago", 100, 8000),
        downMs: downMs(),
      };
    default:
      return unreachable(kind);
  }
}

function drawToxic(draw: Draw, kind: ToxicSpec["type"]): ToxicSpec {
  const between = (min: number, max: number): number => draw.between(`${kind} strength`, min, max);
  switch (kind) {
    case "latency":
      return { type: kind, latencyMs: between(10, 2500), jitterMs: draw.between("jitter", 0, 400) };
    case "bandwidth":
      return { type: kind, bytesPerS: draw.pick("bandwidth", [2000, 7000, 50_000] as const) };
    case "slow_close":
      return { type: kind, delayMs: between(100, 5000) };
    case "timeout":
      return { type: kind, timeoutMs: between(100, 4000) };
    case "reset_peer":
      return { type: kind, timeoutMs: between(0, 2000) };
    case "slicer":
      return { type: kind, averageBytes: between(1, 400), delayMs: draw.between("slice delay", 0, 2) };
    case "limit_data":
      return { type: kind, bytes: between(1, 6000) };
    case "loss":
      return { type: kind, permille: draw.pick("loss", [20, 100, 300] as const), burst: draw.between("burst", 1, 6) };
    case "blocked":
    case "tamper":
    case "down":
    default:
      return { type: "down" };
  }
}

function namesOf(hosts: readonly { readonly name: string }[]): [string, ...string[]] {
  return hosts.map(({ name }) => name) as [string, ...string[]];
}
