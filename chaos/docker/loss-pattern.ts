/**
 * Which packets of a link are lost, from the seed: a long pattern that the kernel counts through again and again, so
 * that the n-th packet of a run meets the same fate every time. Independent losses, or runs of them as a channel with a
 * good and a bad state makes them (Gilbert–Elliott).
 */
import type { ToxicSpec } from "../../scenarios/plan.ts";
import { createDraw } from "../../scenarios/draw.ts";
import type { DropPattern } from "./packet-fault.ts";

type Loss = Extract<ToxicSpec, { type: "loss" }>;

/** A few devices that sync for ten seconds send about as many packets: the share is met within one round. */
const PACKETS = 200;
/** For shares that need more to be met. */
const PACKETS_FINE = 1000;
const SCALE = 1_000_000;

export function createLossPattern({ permille, burst }: Loss, seed: string, label: string): DropPattern {
  const draw = createDraw(seed, `loss/${label}`);
  const dropped = new Set<number>();
  const packets = (permille * PACKETS) % 1000 === 0 ? PACKETS : PACKETS_FINE;
  const wanted = Math.min(packets, Math.round((permille * packets) / 1000));
  // The exact share: where it falls is drawn, and runs are as long as a bad state lasts.
  for (let tries = 0; dropped.size < wanted && tries < 100 * packets; tries++) {
    const at = draw.between(`at/${tries}`, 0, packets - 1);
    for (let i = 0; dropped.size < wanted; i++) {
      dropped.add((at + i) % packets);
      const goesOn = burst > 1 && draw.chance(`on/${tries}/${i}`, SCALE - Math.round(SCALE / burst), SCALE);
      if (!goesOn) break;
    }
  }
  return { of: packets, dropped: [...dropped].sort((a, b) => a - b) };
}
