/**
 * Plans of slow and uneven links beyond the everyday: jitter, a satellite, five minutes of load over two bad links, and a
 * device whose link is so narrow that it must not hold up the others. Called by `transport.ts`, `sync.ts` and
 * `elsewhere.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS, slowestMs } from "../link-profile.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/** 200 ms and up to 150 ms more, chunk by chunk: a stream that comes in fits and starts, in order all the same. */
export function planJitter(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, {
    scenario: "T-LAT-02",
    devices: draw.between("devices", 2, 4),
    link,
    starring: ["a"],
  });
  const span = { fromMs: run.settledMs, toMs: run.settledMs + draw.between("load for", 5000, 15_000) };
  const fromMs = draw.pick("from", [0, span.fromMs] as const);
  const uneven = draw.chance("all uneven", 1, 2) ? run.devices : (["a"] as const);
  for (const device of uneven) {
    const toxic = { type: "latency", latencyMs: 200, jitterMs: 150 } as const;
    const step = run.toxic(device, { fromMs, toMs: span.toMs }, "both", toxic);
    if (device === "a") run.see({ see: "observed", step });
  }
  // A stream that came in another order would not last.
  run.demand({ demand: "kept", devices: ["a"], fromMs: 0, toMs: span.toMs });
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} pushes`, 4, 12), span);
    // Several at once, which overtake one another if anything can.
    const burstMs = draw.between(`${device} burst`, span.fromMs, span.toMs - 500);
    for (let i = 0; i < 4; i++) run.push(device, burstMs + i);
  }
  return run.finish();
}

/** Everybody behind a satellite: coming in takes seconds and is done in time, and no session is given up. */
export function planSatellite(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber] as const);
  const devices = draw.between("devices", 2, 3);
  // What breaks sessions would break them here.
  const run = createWorkload(draw, {
    scenario: "T-LAT-04",
    devices,
    link,
    offline: ["a"],
    extras: extrasWithout("kill-relay", "kill-device", "pause", "ttl"),
  });
  const dialMs = draw.between("dial", 0, 2000);
  const toMs = dialMs + draw.between("for", 20_000, 30_000);
  for (const device of run.devices) {
    const toxic = { type: "latency", latencyMs: 600, jitterMs: 50 } as const;
    const step = run.toxic(device, { fromMs: 0, toMs }, "both", toxic);
    run.see({ see: "observed", step });
    run.stream(device, draw.between(`${device} pushes`, 2, 6), { fromMs: dialMs, toMs: toMs - 8000 });
  }
  run.order("a", "connect", dialMs);
  run.demand({ demand: "back", devices: ["a"], fromMs: dialMs, withinMs: run.client.connectTimeoutMs });
  run.demand({ demand: "kept", devices: run.devices, fromMs: 0, toMs });
  return run.finish();
}

/** One device 200 ms away, another behind a link that loses a fifth, five minutes of load. */
export function planFiveMinutes(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "S-CONV-03", devices, link, starring: ["a", "b"] });
  const fromMs = run.settledMs;
  const toMs = fromMs + 300_000;
  const slow = run.toxic("a", { fromMs, toMs }, "both", { type: "latency", latencyMs: 200, jitterMs: 0 });
  const burst = draw.pick("burst", [1, 1, 4] as const);
  const lossy = run.toxic("b", { fromMs, toMs }, "both", { type: "loss", permille: 200, burst });
  run.see({ see: "observed", step: slow });
  run.see({ see: "observed", step: lossy });
  for (const device of run.devices) run.stream(device, draw.between(`${device} pushes`, 20, 35), { fromMs, toMs });
  return run.finish();
}

/** A pushes as it likes; B has a line of two kilobytes a second. A, and whoever is there besides, never waits for B. */
export function planFastAndSlow(draw: Draw): Plan {
  return planNarrow(draw, "T-BW-03", draw.between("bytes per second", 1000, 3000), draw.between("a pushes", 20, 40));
}

/** B reads a byte a second: what the relay has for it piles up somewhere, and is nobody else's trouble. */
export function planSlowReader(draw: Draw): Plan {
  return planNarrow(draw, "W-20", 1, draw.between("a pushes", 30, 60));
}

function planNarrow(draw: Draw, scenario: string, bytesPerS: number, pushes: number): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber, LINKS.dsl] as const);
  const run = createWorkload(draw, {
    scenario,
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b", "c"],
    extras: extrasWithout("slicer", "window"),
  });
  const fromMs = run.settledMs + draw.between("narrow at", 0, 1000);
  const toMs = fromMs + draw.between("narrow for", 20_000, 40_000);
  // A byte a second the other way would be another story: B cannot even ask.
  const stream = bytesPerS === 1 ? "down" : "both";
  const step = run.toxic("b", { fromMs, toMs }, stream, { type: "bandwidth", bytesPerS });
  run.see({ see: "observed", step });
  run.see({ see: "missed", device: "b", blobs: 1 });
  const fastMs = toMs - 5000;
  run.stream("a", pushes, { fromMs: fromMs + 100, toMs: fastMs }, { sizeBytes: draw.between("a bytes", 2500, 5000) });
  for (const device of run.devices.slice(1)) {
    run.stream(device, draw.between(`${device} pushes`, 1, 4), { fromMs, toMs: fastMs });
  }
  const fast = run.devices.filter((device) => device !== "b");
  const withinMs = 500 + 6 * slowestMs(link);
  run.demand({ demand: "acked", devices: fast, fromMs, toMs: fastMs, withinMs });
  for (const device of fast) run.demand({ demand: "heard", device, fromMs, toMs: fastMs, withinMs: 2 * withinMs });
  return run.finish();
}
