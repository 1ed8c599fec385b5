/**
 * Who is there in a wild run: relays, groups, and devices that prefer the relays in orders of their own. Called by
 * `wild.ts`.
 */
import { DEFAULT_CLIENT_CONFIG, type ClientConfig } from "../../core/client/config.ts";
import { DEFAULT_RELAY_CONFIG, type RelayConfig } from "../../core/relay/config.ts";
import type { Draw } from "../draw.ts";
import type { DeviceSpec, Topology } from "../plan.ts";
import type { WildOptions } from "./wild-options.ts";

const RELAY_NAMES = ["relay", "spare", "third"] as const;
const GROUP_NAMES = ["main", "beside", "third-group", "fourth-group"] as const;

export function drawWildTopology(draw: Draw, options: WildOptions): Topology {
  const relays = RELAY_NAMES.slice(0, options.relays);
  const groups = GROUP_NAMES.slice(0, options.groups);
  // A rekey interval counts the same messages at both ends: one for the whole run.
  const rekey = options.rekey ? { rekeyAfterMessages: draw.between("rekey after", 4, 40) } : {};
  // A relay that lost its store does not know who has not acknowledged: it has to keep what those it knows have.
  const isRuined = options.faults.has("wipe-relay") || options.faults.has("rollback-relay");
  const relay: RelayConfig = {
    ...DEFAULT_RELAY_CONFIG,
    // Above every keep-alive, so that a healthy session never falls silent.
    idleTimeoutMs: draw.between("idle timeout", 30_000, 60_000),
    acknowledgedRetentionS: isRuined ? 24 * 3600 : draw.pick("acknowledged retention", [0, 0, 24 * 3600] as const),
    sweepMs: options.shortLived ? draw.between("sweep", 200, 1000) : DEFAULT_RELAY_CONFIG.sweepMs,
    notify: !draw.chance("no notify", 1, 10),
    ...rekey,
  };
  const client: ClientConfig = {
    ...DEFAULT_CLIENT_CONFIG,
    pollMs: draw.between("poll", 10_000, 30_000),
    keepAliveMs: draw.between("keep-alive", 5000, 15_000),
    answerTimeoutMs: draw.between("answer timeout", 5000, 10_000),
    connectTimeoutMs: draw.between("connect timeout", 10_000, 20_000),
    preferAgainMs: draw.between("prefer again", 5000, 15_000),
    visitMs: draw.between("visit", 3000, 8000),
    ...rekey,
  };
  const devices: DeviceSpec[] = [];
  for (let i = 0; i < options.devices; i++) {
    const name = String.fromCharCode(97 + i);
    devices.push({
      name,
      // Each group has one at least.
      group:
        i < groups.length
          ? groups[i]!
          : draw.pick(`${name} group`, groups as unknown as readonly [string, ...string[]]),
      relays: inOwnOrder(draw, name, relays),
      config: { ...client, ...drawOwnConfig(draw, options, name) },
      online: !draw.chance(`${name} offline`, 1, 8),
    });
  }
  return {
    relays: relays.map((name) => ({ name, config: relay })),
    groups: groups.map((name) => ({ name })),
    devices,
    link: options.link,
  };
}

function inOwnOrder(draw: Draw, device: string, relays: readonly string[]): readonly string[] {
  const left = [...relays];
  const order: string[] = [];
  // Most devices of a group agree on what they prefer.
  if (!draw.chance(`${device} own order`, 1, 4)) return left;
  while (left.length > 0) order.push(...left.splice(draw.between(`${device} prefers`, 0, left.length - 1), 1));
  return order;
}

function drawOwnConfig(draw: Draw, options: WildOptions, device: string): Partial<ClientConfig> {
  const window = options.window ? { pushWindow: draw.between(`${device} window`, 1, 4) } : {};
  if (!options.pages) return window;
  return draw.chance(`${device} pages by bytes`, 1, 3)
    ? { ...window, pullBytesMax: draw.between(`${device} page bytes`, 300, 3000) }
    : { ...window, pullLimit: draw.between(`${device} page blobs`, 1, 5) };
}
