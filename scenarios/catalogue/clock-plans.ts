/** Plans in which wall clocks are wrong, and hosts sleep. Called by `elsewhere.ts` and `platforms.ts`. */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, slowestMs } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/**
 * One device's machine sleeps: its process takes no turn for minutes, in some seeds for ten of them, and when it wakes its
 * clock has jumped. Its session is long gone by then.
 */
export function planSleepAndWake(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, {
    scenario: "X-PLAT-02",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a"],
    relay: { idleTimeoutMs: draw.between("relay idle", 26_000, 30_000) },
    extras: extrasWithout("ttl"),
  });
  const sleepsMs = run.settledMs + draw.between("sleeps at", 500, 3000);
  const forMs = draw.chance("ten minutes", 1, 8) ? 600_000 : draw.between("sleeps for", 62_000, 90_000);
  const wakesMs = sleepsMs + forMs;
  const step = run.fault(sleepsMs, { do: "pause", host: "a", forMs });
  // It ran on as it should, stood still and was set, or is plainly wrong.
  const byMs = draw.pick("clock", [0, forMs, -forMs, 3_600_000, -60_000] as const);
  if (byMs !== 0) run.fault(wakesMs - 1, { do: "clock", host: "a", how: "step", byMs, forMs: 0 });
  run.stream("a", draw.between("a before", 1, 4), { fromMs: run.settledMs, toMs: sleepsMs });
  for (const device of run.bystanders) {
    run.stream(device, draw.between(`${device} meanwhile`, 2, 6), { fromMs: sleepsMs + 1000, toMs: wakesMs - 2000 });
  }
  run.stream("a", draw.between("a after", 1, 4), { fromMs: wakesMs + 100, toMs: wakesMs + 3000 });
  run.see({ see: "observed", step });
  run.see({ see: "missed", device: "a", blobs: 1 });
  run.see({ see: "disconnected", step, device: "a", whys: ["closed", "silent"] });
  // It hears at once what became of its session, waits 1 to 6 s, and is let in.
  run.demand({ demand: "back", devices: ["a"], fromMs: wakesMs, withinMs: 25_000 + 10 * slowestMs(link) });
  return run.finish(wakesMs + 25_000);
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Longer than all clocks together can be apart: no such blob may go in a run of two minutes. */
const TTL_S_MIN = 6 * 3600;

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
