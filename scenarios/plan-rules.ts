/**
 * What makes a plan whole beyond the shape of its fields: names that exist and are not taken twice, steps in order with
 * ids of their own, payloads that can carry their canary, every fault over by `healAtMs`. One function says the first
 * thing that is wrong; the workload builder asserts it and `parsePlan` refuses a stranger's plan with it. Evidence may
 * name a step that is gone: a shrinker takes steps out and leaves the rest as it is.
 */
import { BODY_BYTES_MAX } from "../core/blob/seal.ts";
import { unreachable } from "../core/invariant.ts";
import { isFault, type FaultStep, type Plan, type Step } from "./plan.ts";
import { OP_BYTES } from "./payload.ts";

export interface PlanFlaw {
  /** `steps[3].device` */
  readonly path: string;
  readonly message: string;
}

type PushStep = Extract<Step, { do: "push" }>;

/** An application may ask for more than a blob can hold, and must hear of it; not for any size. */
const PUSH_BYTES_MAX = 2 * BODY_BYTES_MAX;

/** When the fault is over and its host is up again. */
export function faultEndMs(step: FaultStep): number {
  switch (step.do) {
    case "toxic":
    case "partition":
    case "pause":
    case "disk":
      return step.atMs + step.forMs;
    case "crash":
    case "restart":
    case "wipe":
    case "rollback":
      return step.atMs + step.downMs;
    case "clock":
      // A step stays: nothing is taken back.
      return step.how === "skew" ? step.atMs + step.forMs : step.atMs;
    case "withhold":
      return step.atMs;
    default:
      return unreachable(step);
  }
}

/** The span in which this step leaves its host without a process; `undefined` for other steps. */
export function downSpan(step: Step): { host: string; fromMs: number; toMs: number } | undefined {
  if (step.do !== "crash" && step.do !== "restart" && step.do !== "wipe" && step.do !== "rollback") return undefined;
  return { host: step.host, fromMs: step.atMs, toMs: step.atMs + step.downMs };
}

/** The first flaw, `undefined` for a plan that can be run. Linear. */
export function findPlanFlaw(plan: Plan): PlanFlaw | undefined {
  const relays = new Set<string>();
  const groups = new Set<string>();
  const hosts = new Set<string>();
  const { topology, steps } = plan;

  for (const [i, relay] of topology.relays.entries()) {
    if (hosts.has(relay.name)) return taken(`topology.relays[${i}].name`, relay.name);
    hosts.add(relay.name);
    relays.add(relay.name);
  }
  for (const [i, group] of topology.groups.entries()) {
    if (groups.has(group.name)) return taken(`topology.groups[${i}].name`, group.name);
    groups.add(group.name);
  }
  for (const [i, device] of topology.devices.entries()) {
    const path = `topology.devices[${i}]`;
    if (hosts.has(device.name)) return taken(`${path}.name`, device.name);
    hosts.add(device.name);
    if (!groups.has(device.group)) return missing(`${path}.group`, "group", device.group);
    for (const [j, relay] of device.relays.entries()) {
      if (!relays.has(relay)) return missing(`${path}.relays[${j}]`, "relay", relay);
      if (device.relays.indexOf(relay) < j) return taken(`${path}.relays[${j}]`, relay);
    }
  }

  const ids = new Set<number>();
  const ops = new Map<string, PushStep>();
  let previous: Step | undefined;
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    if (ids.has(step.id)) return taken(`steps[${i}].id`, String(step.id));
    ids.add(step.id);
    if (previous !== undefined && !isInOrder(previous, step)) {
      return { path: `steps[${i}].atMs`, message: "steps are in order of time, then of id" };
    }
    previous = step;
    const stranger = findStranger(step, hosts, relays);
    if (stranger !== undefined) return missing(`steps[${i}].${stranger.field}`, stranger.what, stranger.name);
    if (step.do === "push") {
      const same = ops.get(step.op);
      // The same content may come from two devices, and is then the same to the last byte.
      if (same !== undefined && (same.device === step.device || same.sizeBytes !== step.sizeBytes)) {
        return taken(`steps[${i}].op`, step.op);
      }
      ops.set(step.op, step);
      const isSize = step.sizeBytes === 0 || (step.sizeBytes >= OP_BYTES && step.sizeBytes <= PUSH_BYTES_MAX);
      if (!isSize) return { path: `steps[${i}].sizeBytes`, message: `0, or ${OP_BYTES} to ${PUSH_BYTES_MAX}` };
    }
    const endMs = isFault(step) ? faultEndMs(step) : step.atMs;
    if (endMs > plan.healAtMs) {
      return { path: `steps[${i}]`, message: `ends at ${endMs} ms, after healAtMs (${plan.healAtMs} ms)` };
    }
  }
  return undefined;
}

function isInOrder(before: Step, after: Step): boolean {
  return before.atMs < after.atMs || (before.atMs === after.atMs && before.id < after.id);
}

interface Stranger {
  readonly field: string;
  readonly what: "host" | "device" | "relay";
  readonly name: string;
}

/** A name in the step that the topology does not have. */
function findStranger(step: Step, hosts: ReadonlySet<string>, relays: ReadonlySet<string>): Stranger | undefined {
  if (!isFault(step)) {
    const isDevice = hosts.has(step.device) && !relays.has(step.device);
    return isDevice ? undefined : { field: "device", what: "device", name: step.device };
  }
  if (step.do === "toxic") {
    if (!hosts.has(step.dialler)) return { field: "dialler", what: "host", name: step.dialler };
    return relays.has(step.listener) ? undefined : { field: "listener", what: "relay", name: step.listener };
  }
  if (step.do === "partition") {
    const left = step.left.findIndex((name) => !hosts.has(name));
    if (left >= 0) return { field: `left[${left}]`, what: "host", name: step.left[left]! };
    const right = step.right.findIndex((name) => !hosts.has(name));
    return right < 0 ? undefined : { field: `right[${right}]`, what: "host", name: step.right[right]! };
  }
  return hosts.has(step.host) ? undefined : { field: "host", what: "host", name: step.host };
}

function taken(path: string, name: string): PlanFlaw {
  return { path, message: `"${name}" is taken already` };
}

function missing(path: string, what: string, name: string): PlanFlaw {
  return { path, message: `there is no ${what} "${name}"` };
}
