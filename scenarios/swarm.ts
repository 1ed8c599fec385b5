/**
 * Swarm testing: which extras exist in this seed is drawn first, and only then how much of each. A run with everything
 * at once hides what a run with one thing alone shows. Extras never take away what a scenario is about: those that
 * break something come after its trouble, or meet devices that it is not about; the rest (small pages, a second group)
 * only makes the ground rougher. Called by the workload builder.
 */
import type { ClientConfig } from "../core/client/config.ts";
import type { RelayConfig } from "../core/relay/config.ts";
import type { Draw } from "./draw.ts";

export const EXTRAS = [
  /** A second group at the same relay: isolation has something to bite on. */
  "beside",
  /** A device that connects for the first time in mid-run. */
  "late",
  /** Links that are uneven, or hand over bytes in slices. */
  "jitter",
  "slicer",
  /** Small pages, a small window of pushes, frequent rekeys. */
  "pages",
  "window",
  "rekey",
  /** Short-lived blobs and a busy sweep while a device is away. */
  "ttl",
  "pause",
  "kill-device",
  "kill-relay",
] as const;

export type Extra = (typeof EXTRAS)[number];

/** About one in four each; one seed in eight has none at all. */
export function drawExtras(draw: Draw, allowed: readonly Extra[]): ReadonlySet<Extra> {
  const extras = new Set<Extra>();
  if (!draw.chance("extras", 7, 8)) return extras;
  for (const extra of allowed) if (draw.chance(`extra ${extra}`, 1, 4)) extras.add(extra);
  return extras;
}

/** Everything but these. */
export function extrasWithout(...without: readonly Extra[]): readonly Extra[] {
  return EXTRAS.filter((extra) => !without.includes(extra));
}

/**
 * What the extras change in every host's configuration. A rekey interval counts the same messages at both ends, so it
 * is one for the whole plan.
 */
export function drawSharedExtras(
  draw: Draw,
  extras: ReadonlySet<Extra>,
): { readonly relay: Partial<RelayConfig>; readonly client: Partial<ClientConfig> } {
  const rekey = extras.has("rekey") ? { rekeyAfterMessages: draw.between("rekey after", 4, 40) } : {};
  const sweep = extras.has("ttl") ? { sweepMs: draw.between("sweep", 200, 1000) } : {};
  return { relay: { ...rekey, ...sweep }, client: rekey };
}

/** What the extras change for one device. */
export function drawDeviceExtras(draw: Draw, extras: ReadonlySet<Extra>, device: string): Partial<ClientConfig> {
  const window = extras.has("window") ? { pushWindow: draw.between(`${device} window`, 1, 4) } : {};
  if (!extras.has("pages")) return window;
  return draw.chance(`${device} pages by bytes`, 1, 3)
    ? { ...window, pullBytesMax: draw.between(`${device} page bytes`, 300, 3000) }
    : { ...window, pullLimit: draw.between(`${device} page blobs`, 1, 5) };
}
