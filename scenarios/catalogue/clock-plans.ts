/** Plans in which wall clocks are wrong, and hosts sleep. Called by `elsewhere.ts` and `platforms.ts`. */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Longer than all clocks together can be apart: no such blob may go in a run of two minutes. */
const TTL_S_MIN = 3 * 3600;

/**
 * The clocks of some hosts jump by an hour or by minutes, either way, drift, or are wrong for a while and put right again
 * (which for half of them is backwards). Blobs that live for longer than the clocks are apart live on.
 */
export function planClockSteps(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 4);
  // Blobs of seconds go when the relay's clock says so: that is no fault here.
  const run = createWorkload(draw, { scenario: "W-18", devices, link, extras: extrasWithout("ttl") });
  const fromMs = run.settledMs;
  const toMs = fromMs + draw.between("load for", 8000, 20_000);
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} pushes`, 2, 6), { fromMs, toMs });
    const ttlS = draw.between(`${device} ttl`, TTL_S_MIN, 2 * TTL_S_MIN);
    run.stream(device, draw.between(`${device} short-lived`, 1, 3), { fromMs, toMs }, { ttlS });
    run.stream(device, draw.between(`${device} after`, 0, 2), { fromMs: toMs, toMs: toMs + 2000 });
  }
  const hosts = [RELAY, ...run.devices];
  const sure = draw.between("sure", 0, hosts.length - 1);
  for (const [i, host] of hosts.entries()) {
    if (i !== sure && !draw.chance(`${host} wrong`, 1, 2)) continue;
    const atMs = draw.between(`${host} at`, fromMs, toMs - 1000);
    const sign = draw.chance(`${host} backwards`, 1, 2) ? -1 : 1;
    switch (draw.pick(`${host} how`, ["hour", "minutes", "drift", "skew"] as const)) {
      case "hour":
        run.see({ see: "observed", step: jump(host, atMs, sign * HOUR_MS) });
        break;
      case "minutes":
        run.see({ see: "observed", step: jump(host, atMs, sign * 5 * MINUTE_MS) });
        break;
      case "drift": {
        const byMs = sign * draw.between(`${host} drift`, 20, 200);
        const everyMs = draw.between(`${host} every`, 100, 500);
        for (let tick = 0; tick < 12 && atMs + tick * everyMs < toMs; tick++) {
          const step = jump(host, atMs + tick * everyMs, byMs);
          if (tick === 0) run.see({ see: "observed", step });
        }
        break;
      }
      case "skew": {
        const byMs = sign * draw.between(`${host} skew`, 1000, HOUR_MS);
        const forMs = draw.between(`${host} for`, 500, toMs - atMs);
        run.see({ see: "observed", step: run.fault(atMs, { do: "clock", host, how: "skew", byMs, forMs }) });
        break;
      }
    }
  }
  return run.finish();

  function jump(host: string, atMs: number, byMs: number): number {
    return run.fault(atMs, { do: "clock", host, how: "step", byMs, forMs: 0 });
  }
}
