/**
 * Ways to make a plan simpler without taking steps out: plainer links, configurations of the default kind, smaller and
 * rounder numbers, shorter waits. Each is a candidate that the shrinker tries once it has taken out what it could;
 * those that matter most to a reader come first.
 */
import { DEFAULT_CLIENT_CONFIG } from "../../core/client/config.ts";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import { LINKS } from "../../scenarios/link-profile.ts";
import { OP_BYTES } from "../../scenarios/payload.ts";
import { isFault, type FaultStep, type Plan, type Step, type Topology } from "../../scenarios/plan.ts";
import { trimPlan, waitOf, withWait } from "./trim.ts";

/** Candidates that are simpler than `plan`, lazily: the caller starts anew after each that it takes. */
export function* simplerPlans(plan: Plan): Generator<Plan, void, void> {
  yield* simplerOrders(plan);
  yield* simplerTopologies(plan);
  for (let i = 0; i < plan.steps.length; i++) {
    for (const step of simplerSteps(plan.steps[i]!)) yield* whole(plan, plan.topology, plan.steps.with(i, step));
  }
  yield* earlier(plan);
  for (const waitMs of smaller(waitOf(plan))) yield withWait(plan, waitMs);
}

function* whole(plan: Plan, topology: Topology, steps: readonly Step[]): Generator<Plan, void, void> {
  const trimmed = trimPlan(plan, topology, steps);
  if (trimmed !== undefined) yield trimmed;
}

/** By time alone, then nearer to it pick by pick. */
function* simplerOrders(plan: Plan): Generator<Plan, void, void> {
  const { order, ...byTime } = plan;
  if (order === undefined) return;
  yield byTime;
  const { picks } = order;
  for (let length = 0; length < picks.length; length = Math.max(length + 1, (length + picks.length) >> 1)) {
    yield { ...plan, order: { ...order, picks: picks.slice(0, length) } };
  }
  for (let i = 0; i < picks.length; i++) {
    if (picks[i] !== 0) yield { ...plan, order: { ...order, picks: picks.with(i, 0) } };
  }
}

function* simplerTopologies(plan: Plan): Generator<Plan, void, void> {
  const { topology } = plan;
  if (topology.link.name !== LINKS.lan.name) yield* whole(plan, { ...topology, link: LINKS.lan }, plan.steps);
  for (let i = 0; i < topology.relays.length; i++) {
    const relay = topology.relays[i]!;
    for (const config of plainer(relay.config, DEFAULT_RELAY_CONFIG)) {
      yield* whole(plan, { ...topology, relays: topology.relays.with(i, { ...relay, config }) }, plan.steps);
    }
  }
  for (let i = 0; i < topology.devices.length; i++) {
    const device = topology.devices[i]!;
    for (const config of plainer(device.config, DEFAULT_CLIENT_CONFIG)) {
      yield* whole(plan, { ...topology, devices: topology.devices.with(i, { ...device, config }) }, plan.steps);
    }
    for (let j = 0; j < device.relays.length && device.relays.length > 1; j++) {
      const fewer = { ...device, relays: device.relays.toSpliced(j, 1) };
      yield* whole(plan, { ...topology, devices: topology.devices.with(i, fewer) }, plan.steps);
    }
  }
}

/** All at the default at once, then one after the other. */
function* plainer<C extends object>(config: C, defaults: C): Generator<C, void, void> {
  const keys = (Object.keys(defaults) as (keyof C)[]).filter((key) => config[key] !== defaults[key]);
  if (keys.length > 1) yield { ...config, ...defaults };
  for (const key of keys) yield { ...config, [key]: defaults[key] };
}

function* simplerSteps(step: Step): Generator<Step, void, void> {
  if (!isFault(step)) {
    if (step.do !== "push") return;
    if (step.sizeBytes > OP_BYTES) yield { ...step, sizeBytes: OP_BYTES };
    if (step.ttlS > 0) yield { ...step, ttlS: 0 };
    return;
  }
  yield* simplerFaults(step);
}

function* simplerFaults(step: FaultStep): Generator<Step, void, void> {
  if (step.do === "crash" && step.how === "power") yield { ...step, how: "kill" };
  if (step.do === "partition" && step.oneWay) yield { ...step, oneWay: false };
  if (step.do === "toxic" && step.stream === "both") {
    yield { ...step, stream: "up" };
    yield { ...step, stream: "down" };
  }
  if ("forMs" in step) for (const forMs of smaller(step.forMs)) yield { ...step, forMs };
  if ("downMs" in step) for (const downMs of smaller(step.downMs)) yield { ...step, downMs };
}

/** Round numbers below, the smallest first: a tenth of a second, a second, then half. */
function* smaller(ms: number): Generator<number, void, void> {
  for (const round of [100, 1000]) if (ms > round) yield round;
  const half = Math.round(ms / 200) * 100;
  if (half > 1000 && half < ms) yield half;
}

/** Everything at once at a tenth of its time, then each gap in front of a step closed, halved, or rounded. */
function* earlier(plan: Plan): Generator<Plan, void, void> {
  const { steps } = plan;
  for (let i = 0; i < steps.length; i++) {
    const beforeMs = i === 0 ? 0 : steps[i - 1]!.atMs;
    const gapMs = steps[i]!.atMs - beforeMs;
    for (const wantedMs of [0, 1, 10, 100, 1000, Math.round(gapMs / 200) * 100]) {
      if (wantedMs >= gapMs) continue;
      const byMs = gapMs - wantedMs;
      const moved = steps.map((step, j) => (j < i ? step : { ...step, atMs: step.atMs - byMs }));
      yield* whole(plan, plan.topology, moved);
    }
  }
}
