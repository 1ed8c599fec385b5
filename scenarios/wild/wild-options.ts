/**
 * What a wild run is like, before any of it is made: how many of each, and a *swarm* of faults – first which kinds exist
 * at all in this run, only then how often each. A run with everything at once hides what a run with two things shows.
 * Drawn once per plan, stored in it in words (`plan.drawn`), and the input of topology, load and faults.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS } from "../link-profile.ts";
import type { LinkProfile } from "../plan.ts";

export const WILD_FAULTS = [
  "latency",
  "bandwidth",
  "slow_close",
  "timeout",
  "reset_peer",
  "slicer",
  "limit_data",
  "down",
  "loss",
  "partition",
  "kill",
  "power",
  "restart",
  "pause",
  "clock",
  "disk-full",
  "disk-slow",
  "write-error",
  "wipe-relay",
  "rollback-relay",
] as const;

export type WildFault = (typeof WILD_FAULTS)[number];

/** These take acknowledged data away from a relay: rare, or every run would be about them. */
const RUINOUS: ReadonlySet<WildFault> = new Set(["wipe-relay", "rollback-relay"]);

export interface WildOptions {
  readonly relays: number;
  readonly groups: number;
  readonly devices: number;
  readonly link: LinkProfile;
  /** From the first push to the last. */
  readonly loadMs: number;
  readonly pushesPerDevice: number;
  /** The kinds that exist, and how many of each this run has. */
  readonly faults: ReadonlyMap<WildFault, number>;
  /** Small pages, a small window, frequent rekeys, short ttl: each of them or not. */
  readonly pages: boolean;
  readonly window: boolean;
  readonly rekey: boolean;
  readonly shortLived: boolean;
  /** Devices come and go by themselves. */
  readonly restless: boolean;
}

export function drawWildOptions(draw: Draw): WildOptions {
  const relays = draw.pick("relays", [1, 1, 1, 2, 2, 3] as const);
  const groups = draw.pick("groups", [1, 1, 1, 2, 2, 3, 4] as const);
  const devices = Math.max(groups, draw.between("devices", 1, 8));
  const links = [...EVERYDAY_LINKS, LINKS["weak-4g"], LINKS.intercontinental, LINKS.satellite] as const;
  return {
    relays,
    groups,
    devices,
    link: draw.pick("link", links),
    loadMs: draw.between("load for", 3000, 30_000),
    pushesPerDevice: draw.pick("pushes", [1, 2, 4, 8, 16, 32] as const),
    faults: drawFaults(draw),
    pages: draw.chance("pages", 1, 4),
    window: draw.chance("window", 1, 4),
    rekey: draw.chance("rekey", 1, 4),
    shortLived: draw.chance("short-lived", 1, 5),
    restless: draw.chance("restless", 1, 4),
  };
}

/** One run in sixteen has none; a kind exists in one of five, a ruinous one in one of forty. */
function drawFaults(draw: Draw): ReadonlyMap<WildFault, number> {
  const faults = new Map<WildFault, number>();
  if (draw.chance("calm", 1, 16)) return faults;
  for (const kind of WILD_FAULTS) {
    if (draw.chance(`has ${kind}`, 1, RUINOUS.has(kind) ? 40 : 5)) {
      faults.set(kind, RUINOUS.has(kind) ? 1 : draw.between(`how many ${kind}`, 1, 4));
    }
  }
  return faults;
}

/** Everything on: as many kinds as there are; what loses acknowledged data stays as rare as it is, or all else is moot. */
export function withEveryFault(draw: Draw, options: WildOptions): WildOptions {
  const kinds = WILD_FAULTS.filter((kind) => !RUINOUS.has(kind) || options.faults.has(kind));
  const faults = new Map(kinds.map((kind) => [kind, options.faults.get(kind) ?? draw.between(`every ${kind}`, 1, 2)]));
  return { ...options, faults, pages: true, window: true, rekey: true, shortLived: true, restless: true };
}

/** For people: one line each. */
export function describeWildOptions(options: WildOptions): readonly string[] {
  const { relays, groups, devices, link, loadMs, pushesPerDevice, faults } = options;
  const rough = (["pages", "window", "rekey", "shortLived", "restless"] as const).filter((each) => options[each]);
  return [
    `relays ${relays}, groups ${groups}, devices ${devices}, link ${link.name}`,
    `load ${loadMs} ms, ${pushesPerDevice} pushes a device`,
    `ground ${rough.length === 0 ? "even" : rough.join(", ")}`,
    `faults ${faults.size === 0 ? "none" : [...faults].map(([kind, count]) => `${count} × ${kind}`).join(", ")}`,
  ];
}
