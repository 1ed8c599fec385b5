/**
 * Writes a plan down by hand in a few lines: who is there, what happens. Everything that is not said is at its default,
 * and every choice is calm. Called by the list of hand-written plans only.
 */
import { DEFAULT_CLIENT_CONFIG, type ClientConfig } from "../../core/client/config.ts";
import { DEFAULT_RELAY_CONFIG, type RelayConfig } from "../../core/relay/config.ts";
import { createDraw } from "../draw.ts";
import { LINKS } from "../link-profile.ts";
import { livenessBound } from "../liveness.ts";
import { MAIN_GROUP, RELAY } from "../names.ts";
import { OP_BYTES } from "../payload.ts";
import { isFault, PLAN_FORMAT, type FaultStep, type OperationStep, type Plan, type Step } from "../plan.ts";
import { faultEndMs } from "../plan-rules.ts";

type Unnumbered<T> = T extends unknown ? Omit<T, "id"> : never;

export interface HandPlan {
  /** Ids and keys come from it, and nothing else. */
  readonly seed?: string;
  readonly devices: { readonly [name: string]: { readonly online?: boolean } & Partial<ClientConfig> };
  /** Each device knows all of them; default one. */
  readonly relays?: { readonly [name: string]: Partial<RelayConfig> };
  readonly steps: readonly Unnumbered<OperationStep | FaultStep>[];
  /** Default: soon after the last step. */
  readonly healAtMs?: number;
}

const ids = createDraw("0x1");

/** Between the last step and healing. */
const HEAL_AFTER_MS = 100;

/** The `n`th push of a plan: by that it has an operation id that looks like any other. */
export function pushOf(
  device: string,
  atMs: number,
  n: number,
  ttlS = 0,
): { atMs: number; do: "push"; device: string; op: string; sizeBytes: number; ttlS: number } {
  return { atMs, do: "push", device, op: ids.hex(`push ${n}`, OP_BYTES), sizeBytes: OP_BYTES, ttlS };
}

export function writePlan(hand: HandPlan): Plan {
  const relays = hand.relays ?? { [RELAY]: {} };
  const steps = hand.steps.map((step, id) => ({ id, ...step }) as Step);
  const lastMs = Math.max(...steps.map((step) => (isFault(step) ? faultEndMs(step) : step.atMs)));
  const topology: Plan["topology"] = {
    relays: Object.entries(relays).map(([name, config]) => ({ name, config: { ...DEFAULT_RELAY_CONFIG, ...config } })),
    groups: [{ name: MAIN_GROUP }],
    devices: Object.entries(hand.devices).map(([name, { online = true, ...config }]) => ({
      name,
      group: MAIN_GROUP,
      relays: Object.keys(relays),
      config: { ...DEFAULT_CLIENT_CONFIG, ...config },
      online,
    })),
    link: LINKS.lan,
  };
  return {
    format: PLAN_FORMAT,
    scenario: "by hand",
    seed: hand.seed ?? "0x1",
    topology,
    steps,
    healAtMs: hand.healAtMs ?? lastMs + HEAL_AFTER_MS,
    bound: livenessBound(topology, steps),
    trouble: [],
    choices: [],
  };
}
