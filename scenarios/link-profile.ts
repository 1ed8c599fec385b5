/**
 * Named standing conditions of a link, as data: one-way latency and its spread, the same in both directions. Scenarios
 * pick from these; `quickestMs` and `slowestMs` bound what one message takes, so that a scenario can place a fault
 * while a message is surely on its way. Numbers are round figures for such links, not measurements.
 */
import type { LinkProfile } from "./plan.ts";

export type LinkName =
  | "lan"
  | "wifi"
  | "fiber"
  | "dsl"
  | "lte"
  | "weak-4g"
  | "intercontinental"
  | "edge-56k"
  | "satellite";

export const LINKS: { readonly [Name in LinkName]: LinkProfile } = {
  lan: { name: "lan", latencyMs: 1, jitterMs: 1 },
  wifi: { name: "wifi", latencyMs: 5, jitterMs: 10 },
  fiber: { name: "fiber", latencyMs: 8, jitterMs: 2 },
  dsl: { name: "dsl", latencyMs: 20, jitterMs: 5 },
  lte: { name: "lte", latencyMs: 40, jitterMs: 20 },
  "weak-4g": { name: "weak-4g", latencyMs: 60, jitterMs: 40 },
  intercontinental: { name: "intercontinental", latencyMs: 120, jitterMs: 10 },
  "edge-56k": { name: "edge-56k", latencyMs: 250, jitterMs: 100 },
  satellite: { name: "satellite", latencyMs: 300, jitterMs: 50 },
};

/** What everybody has. */
export const EVERYDAY_LINKS = [LINKS.lan, LINKS.wifi, LINKS.fiber, LINKS.dsl, LINKS.lte] as const;
/** Never quicker than some milliseconds: what was sent a moment ago is still on its way. */
export const STEADY_LINKS = [LINKS.fiber, LINKS.dsl, LINKS.lte] as const;
/** A round trip takes so long that whatever the hosts do in between hardly counts. */
export const LONG_LINKS = [LINKS.intercontinental, LINKS.satellite] as const;

/** The least that one message takes one way, whether a backend adds the jitter on one side or on both. */
export function quickestMs(link: LinkProfile): number {
  return link.latencyMs > link.jitterMs ? link.latencyMs - link.jitterMs : 0;
}

/** The most that one message takes one way. */
export function slowestMs(link: LinkProfile): number {
  return link.latencyMs + link.jitterMs;
}
