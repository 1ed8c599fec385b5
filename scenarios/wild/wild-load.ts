/** What the applications of a wild run do: pushes in streams and bursts, pulls now and then, comings and goings. */
import type { Draw } from "../draw.ts";
import { OP_BYTES } from "../payload.ts";
import type { DeviceSpec } from "../plan.ts";
import { drawSize } from "../workload.ts";
import type { WildOptions } from "./wild-options.ts";
import type { AddStep } from "./wild.ts";

/** Before it, hosts have just begun to connect: pushes there are offline writes. */
const EARLIEST_MS = 100;

export function addWildLoad(draw: Draw, options: WildOptions, devices: readonly DeviceSpec[], add: AddStep): void {
  const endMs = EARLIEST_MS + options.loadMs;
  for (const { name: device, online } of devices) {
    const pushes = draw.between(`${device} pushes`, 0, options.pushesPerDevice);
    const isBurst = draw.chance(`${device} burst`, 1, 3);
    const burstMs = draw.between(`${device} burst at`, EARLIEST_MS, endMs);
    for (let i = 0; i < pushes; i++) {
      const atMs = isBurst ? Math.min(endMs, burstMs + 3 * i) : draw.between(`${device} push at`, EARLIEST_MS, endMs);
      const sizeBytes = drawSize(draw, `${device} size`);
      const isShort = options.shortLived && draw.chance(`${device} short`, 1, 3);
      const ttlS = isShort ? draw.between(`${device} ttl`, 1, 20) : 0;
      add(atMs, { do: "push", device, op: draw.hex(`${device} op`, OP_BYTES), sizeBytes, ttlS });
    }
    for (let i = draw.between(`${device} pulls`, 0, 2); i > 0; i--) {
      add(draw.between(`${device} pull at`, EARLIEST_MS, endMs), { do: "pull", device });
    }
    if (!online) add(draw.between(`${device} comes`, EARLIEST_MS, endMs), { do: "connect", device });
    if (options.restless && draw.chance(`${device} restless`, 1, 2)) {
      for (let i = draw.between(`${device} leaves`, 1, 3); i > 0; i--) {
        const leavesMs = draw.between(`${device} leaves at`, EARLIEST_MS, endMs);
        add(leavesMs, { do: "disconnect", device });
        add(leavesMs + draw.between(`${device} away`, 1, 8000), { do: "connect", device });
      }
    }
  }
}
