/**
 * Builds a plan step by step: who is there, what they push and when, what breaks. Scenarios create one, add their load
 * and their trouble, name the evidence, and finish it; `finish` adds the extras of this seed (`swarm.ts`), orders the
 * steps, sets the time of healing after every fault, computes the bound and asserts that the plan is whole.
 *
 * Every detail is drawn under a label that names its device, so that one push more on one device moves nothing on
 * another. Step ids are given in order of creation, and evidence refers to them.
 */
import { DEFAULT_CLIENT_CONFIG, type ClientConfig } from "../core/client/config.ts";
import { assertInvariant } from "../core/invariant.ts";
import { DEFAULT_RELAY_CONFIG, type RelayConfig } from "../core/relay/config.ts";
import type { Draw } from "./draw.ts";
import { addExtras } from "./extra-steps.ts";
import { slowestMs } from "./link-profile.ts";
import { livenessBound } from "./liveness.ts";
import { BESIDE_GROUP, MAIN_GROUP, RELAY } from "./names.ts";
import { OP_BYTES } from "./payload.ts";
import {
  isFault,
  PLAN_FORMAT,
  type Demand,
  type DeviceSpec,
  type Evidence,
  type FaultStep,
  type LinkProfile,
} from "./plan.ts";
import type { OperationStep, Plan, Step, ToxicSpec, Topology } from "./plan.ts";
import { downSpan, faultEndMs, findPlanFlaw } from "./plan-rules.ts";
import { drawDeviceExtras, drawExtras, drawSharedExtras, EXTRAS, type Extra } from "./swarm.ts";

type Unplaced<T> = T extends unknown ? Omit<T, "id" | "atMs"> : never;
export type FaultSpec = Unplaced<FaultStep>;

export interface WorkloadOptions {
  readonly scenario: string;
  /** Devices of the main group: `a`, `b`, … */
  readonly devices: number;
  readonly link: LinkProfile;
  /** Devices that the trouble is about: extras that break something leave them alone until it is over. Default all. */
  readonly starring?: readonly string[];
  /** Devices that do not connect by themselves. */
  readonly offline?: readonly string[];
  /** Of all relays. */
  readonly relay?: Partial<RelayConfig>;
  /** Names in the order in which every device prefers them; default the one. */
  readonly relays?: readonly string[];
  readonly client?: Partial<ClientConfig>;
  /** Goes over `client` and over the extras. */
  readonly clientOf?: { readonly [device: string]: Partial<ClientConfig> };
  /** Extras that a seed may have; default all. */
  readonly extras?: readonly Extra[];
}

export interface PushOptions {
  readonly sizeBytes?: number;
  /** Seconds; default 0, the device's own. */
  readonly ttlS?: number;
  /** The content; default its own. */
  readonly op?: string;
}

/** `a` to `t`: the letters after them are devices of the other group. */
const SINGLE_LETTERS = 20;

/** A stretch of time, whole milliseconds, both ends included. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Workload {
  readonly draw: Draw;
  readonly link: LinkProfile;
  /** The main group as the scenario asked for it, without late comers. */
  readonly devices: readonly [string, ...string[]];
  /** Devices that extras may break while the trouble is going on. */
  readonly bystanders: readonly string[];
  readonly extras: ReadonlySet<Extra>;
  /** From here on, every device that connects at the start is surely connected, and has been at each of its relays. */
  readonly settledMs: number;
  readonly client: ClientConfig;

  addDevice(name: string, group: string, online: boolean): void;
  push(device: string, atMs: number, options?: PushOptions): number;
  /** `count` pushes, one in each equal slice of the span. */
  stream(device: string, count: number, span: Span, options?: PushOptions): void;
  /** `count` pushes, `everyMs` apart, that end with one `leadMs` before `cutMs`. */
  rush(device: string, count: number, everyMs: number, cutMs: number, leadMs: number): void;
  order(device: string, what: "connect" | "disconnect" | "pull", atMs: number): number;
  fault(atMs: number, spec: FaultSpec): number;
  /** On the link from this device to a relay, by default the preferred one. */
  toxic(device: string, span: Span, stream: "up" | "down" | "both", toxic: ToxicSpec, relay?: string): number;
  see(evidence: Evidence): void;
  demand(demand: Demand): void;
  /** Every push that never expires must be acknowledged. */
  seeAllAcked(): void;
  /** When the last step so far is over. */
  endMs(): number;
  /** The trouble is over at `calmMs` (default: when all that was added is): what breaks more comes after, and so does healing. */
  finish(calmMs?: number): Plan;
}

/** Mostly a line of text, sometimes a page, rarely a file, now and then nothing. */
export function drawSize(draw: Draw, label: string): number {
  const kind = draw.between(`${label} kind`, 0, 119);
  if (kind === 0) return 64 * 1024;
  if (kind < 10) return draw.between(`${label} bytes`, 1024, 6 * 1024);
  if (kind < 17) return 0;
  return draw.between(`${label} bytes`, OP_BYTES, 200);
}

export function createWorkload(draw: Draw, options: WorkloadOptions): Workload {
  const relays = options.relays ?? [RELAY];
  const extras = drawExtras(draw, options.extras ?? EXTRAS);
  const shared = drawSharedExtras(draw, extras);
  const client: ClientConfig = {
    ...DEFAULT_CLIENT_CONFIG,
    // Faster than a real device's, so that a run of tens of seconds sees them all.
    pollMs: draw.between("poll", 10_000, 30_000),
    keepAliveMs: draw.between("keep-alive", 5000, 15_000),
    answerTimeoutMs: draw.between("answer timeout", 5000, 10_000),
    connectTimeoutMs: draw.between("connect timeout", 10_000, 20_000),
    ...(relays.length === 1 ? {} : drawRoaming(draw)),
    ...shared.client,
    ...options.client,
  };
  const relay: RelayConfig = {
    ...DEFAULT_RELAY_CONFIG,
    // Above every keep-alive, so that a healthy session never falls silent.
    idleTimeoutMs: draw.between("idle timeout", 30_000, 60_000),
    // In no run is anyone away for a day: what all have acknowledged goes at once, so that runs see it go.
    acknowledgedRetentionS: 0,
    ...shared.relay,
    ...options.relay,
  };

  assertInvariant(options.devices > 0 && options.devices <= 1000, "a main group of 1 to 1,000 devices");
  const devices = Array.from({ length: options.devices }, (_, i) =>
    i < SINGLE_LETTERS ? String.fromCharCode(97 + i) : `n${i}`,
  );
  const starring = options.starring ?? devices;
  const settledMs = 500 + 10 * relays.length * slowestMs(options.link);
  const specs: DeviceSpec[] = [];
  const steps: Step[] = [];
  const trouble: Evidence[] = [];
  const demands: Demand[] = [];

  function add(atMs: number, spec: FaultSpec | Unplaced<OperationStep>): number {
    assertInvariant(Number.isInteger(atMs) && atMs >= 0, "a step is at a whole millisecond of the run");
    const id = steps.length;
    // The union of specs with its two missing fields back is the union of steps; the compiler cannot see through it.
    steps.push({ id, atMs, ...spec } as Step);
    return id;
  }

  const workload: Workload = {
    draw,
    link: options.link,
    devices: devices as [string, ...string[]],
    bystanders: devices.filter((device) => !starring.includes(device)),
    extras,
    settledMs,
    client,

    addDevice(name, group, online) {
      const config = { ...client, ...drawDeviceExtras(draw, extras, name), ...options.clientOf?.[name] };
      specs.push({ name, group, relays, config, online });
    },

    push(device, atMs, { sizeBytes, ttlS = 0, op = draw.hex(`${device} op`, OP_BYTES) } = {}) {
      const size = sizeBytes ?? drawSize(draw, `${device} size`);
      assertInvariant(Number.isInteger(atMs) && atMs >= 0, "a step is at a whole millisecond of the run");
      const id = steps.length;
      // Most steps are pushes: one whole literal, no spread.
      steps.push({ id, atMs, do: "push", device, op, sizeBytes: size, ttlS });
      return id;
    },

    stream(device, count, { fromMs, toMs }, pushOptions) {
      const slice = Math.floor((toMs - fromMs) / count);
      for (let i = 0; i < count; i++) {
        const withinMs = draw.between(`${device} stream`, 0, Math.max(0, slice - 1));
        workload.push(device, fromMs + i * slice + withinMs, pushOptions);
      }
    },

    rush(device, count, everyMs, cutMs, leadMs) {
      const lastMs = cutMs - leadMs;
      for (let i = count - 1; i >= 0; i--) workload.push(device, Math.max(0, lastMs - i * everyMs));
    },

    order: (device, what, atMs) => add(atMs, { do: what, device }),
    fault: add,

    toxic: (device, { fromMs, toMs }, stream, toxic, listener = RELAY) =>
      add(fromMs, { do: "toxic", dialler: device, listener, stream, toxic, forMs: toMs - fromMs }),

    see: (evidence) => void trouble.push(evidence),

    demand: (demand) => void demands.push(demand),

    seeAllAcked() {
      const lasting = steps.filter((step) => step.do === "push" && step.ttlS === 0);
      trouble.push({ see: "acked", blobs: lasting.length });
    },

    endMs: () => lastEndMs(steps),

    finish(calmMs = lastEndMs(steps)) {
      addExtras(workload, calmMs);
      const topology: Topology = {
        relays: relays.map((name) => ({ name, config: relay })),
        groups: specs.some(({ group }) => group === BESIDE_GROUP)
          ? [{ name: MAIN_GROUP }, { name: BESIDE_GROUP }]
          : [{ name: MAIN_GROUP }],
        devices: specs,
        link: options.link,
      };
      const ordered = movePastDeath(steps).toSorted((x, y) => x.atMs - y.atMs || x.id - y.id);
      const plan: Plan = {
        format: PLAN_FORMAT,
        scenario: options.scenario,
        seed: draw.seed,
        topology,
        steps: ordered,
        healAtMs: Math.max(lastEndMs(ordered), calmMs) + draw.between("heal after", 100, 1000),
        bound: livenessBound(topology, ordered),
        trouble,
        ...(demands.length === 0 ? {} : { demands }),
      };
      const flaw = findPlanFlaw(plan);
      assertInvariant(flaw === undefined, `${options.scenario}: ${flaw?.path}: ${flaw?.message}`);
      return plan;
    },
  };

  const offline = options.offline ?? [];
  for (const device of devices) workload.addDevice(device, MAIN_GROUP, !offline.includes(device));
  return workload;
}

/** With several relays: how often the others are visited, in a run of tens of seconds. */
function drawRoaming(draw: Draw): Partial<ClientConfig> {
  return { preferAgainMs: draw.between("prefer again", 5000, 15_000), visitMs: draw.between("visit", 3000, 8000) };
}

function lastEndMs(steps: readonly Step[]): number {
  let endMs = 0;
  for (const step of steps) endMs = Math.max(endMs, isFault(step) ? faultEndMs(step) : step.atMs);
  return endMs;
}

/** How long after its host is back an application goes on. */
const AWAKE_MS = 200;

/** A dead application pushes nothing: what would fall into a device's death comes when it is back. */
export function movePastDeath(steps: readonly Step[]): readonly Step[] {
  const deaths = steps.flatMap((step) => downSpan(step) ?? []).toSorted((x, y) => x.fromMs - y.fromMs);
  if (deaths.length === 0) return steps;
  return steps.map((step) => {
    if (isFault(step)) return step;
    let atMs = step.atMs;
    for (const { host, fromMs, toMs } of deaths) {
      if (host === step.device && atMs >= fromMs && atMs < toMs + AWAKE_MS) atMs = toMs + AWAKE_MS;
    }
    return atMs === step.atMs ? step : { ...step, atMs };
  });
}
