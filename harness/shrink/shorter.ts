/**
 * Ways to fewer steps that leaving out one after the other does not find, because each by itself loses what was found:
 * two that go only together, a device that is offline from the start instead of told to be, one long fault instead of
 * two short ones; and configurations with which fewer steps may do. Made of what ddmin has left, so of few steps.
 */
import type { ClientConfig } from "../../core/client/config.ts";
import type { RelayConfig } from "../../core/relay/config.ts";
import { OP_BYTES } from "../../scenarios/payload.ts";
import { isFault, type FaultStep, type Plan, type Step, type Topology } from "../../scenarios/plan.ts";
import { faultEndMs } from "../../scenarios/plan-rules.ts";
import { trimPlan } from "./trim.ts";

/** Beyond so many steps, pairs are too many. */
const PAIRED_STEPS_MAX = 10;

/** Candidates with fewer steps than `plan`, lazily. */
export function* shorterPlans(plan: Plan): Generator<Plan, void, void> {
  yield* asleep(plan);
  if (plan.steps.length > PAIRED_STEPS_MAX) return;
  yield* merged(plan);
  yield* withoutPairs(plan);
}

/** A device's orders go, and it is as it would have been after the first of them, or the other way round. */
function* asleep(plan: Plan): Generator<Plan, void, void> {
  for (const [i, device] of plan.topology.devices.entries()) {
    const isOrder = (step: Step): boolean =>
      (step.do === "connect" || step.do === "disconnect") && step.device === device.name;
    if (!plan.steps.some(isOrder)) continue;
    const steps = plan.steps.filter((step) => !isOrder(step));
    const devices = plan.topology.devices.with(i, { ...device, online: !device.online });
    yield* since(plan, steps, { ...plan.topology, devices });
  }
}

/** The earlier fault lasts until the later one, which goes, would have been over. */
function* merged(plan: Plan): Generator<Plan, void, void> {
  const { steps } = plan;
  for (let j = steps.length - 1; j > 0; j--) {
    const later = steps[j]!;
    if (!isFault(later)) continue;
    for (let i = 0; i < j; i++) {
      const earlier = steps[i]!;
      const longer = isFault(earlier) ? lasting(earlier, faultEndMs(later) - earlier.atMs) : undefined;
      if (longer !== undefined) yield* since(plan, steps.with(i, longer).toSpliced(j, 1));
    }
  }
}

function lasting(step: FaultStep, ms: number): FaultStep | undefined {
  if ("forMs" in step && step.forMs < ms) return { ...step, forMs: ms };
  if ("downMs" in step && step.downMs < ms) return { ...step, downMs: ms };
  return undefined;
}

function* withoutPairs(plan: Plan): Generator<Plan, void, void> {
  const { steps } = plan;
  for (let j = steps.length - 1; j > 0; j--) {
    for (let i = j - 1; i >= 0; i--) {
      yield* since(
        plan,
        steps.filter((_, at) => at !== i && at !== j),
      );
    }
  }
}

/** Healed as soon as what is left is over; and when it was healed before. */
function* since(plan: Plan, steps: readonly Step[], topology: Topology = plan.topology): Generator<Plan, void, void> {
  const trimmed = trimPlan(plan, topology, steps);
  if (trimmed === undefined) return;
  yield trimmed;
  if (trimmed.healAtMs < plan.healAtMs) yield { ...trimmed, healAtMs: plan.healAtMs };
}

/** Smaller pages and rarer polls, narrower queues, sweeps that come soon, tight quotas: what else takes many steps to get to. */
const HARSHER_CLIENTS: readonly Partial<ClientConfig>[] = [
  { pullLimit: 1, pollMs: 600_000 },
  { pullLimit: 1 },
  { pushWindow: 1 },
  { queueRowsMax: 1 },
];
const SOON = { sweepMs: 500, acknowledgedRetentionS: 0 } as const;
const HARSHER_RELAYS: readonly Partial<RelayConfig>[] = [SOON, { sweepMs: 500 }];
/** A quota with room for one of the smallest blobs, until it is swept; a larger one would be refused for ever. */
const TIGHT: Partial<RelayConfig> = { ...SOON, groupBytesMax: 300 };
/** With so few steps there is little to gain. */
const HARSHER_STEPS_MIN = 3;

/** Candidates with as many steps, of which more may be left out than of those of `plan`. */
export function* harsherPlans(plan: Plan): Generator<Plan, void, void> {
  const { topology, steps } = plan;
  if (steps.length < HARSHER_STEPS_MIN) return;
  for (const config of HARSHER_CLIENTS) {
    // Of one device first: equally slow ones are equal.
    for (const name of [...topology.devices.map((device) => device.name), undefined]) {
      const devices = topology.devices.map((device) =>
        name === undefined || name === device.name ? { ...device, config: { ...device.config, ...config } } : device,
      );
      yield* since(plan, steps, { ...topology, devices });
    }
  }
  const isTight = steps.every((step) => step.do !== "push" || step.sizeBytes <= OP_BYTES);
  for (const config of isTight ? [...HARSHER_RELAYS, TIGHT] : HARSHER_RELAYS) {
    const relays = topology.relays.map((relay) => ({ ...relay, config: { ...relay.config, ...config } }));
    yield* since(plan, steps, { ...topology, relays });
  }
}
