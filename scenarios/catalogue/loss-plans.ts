/**
 * Plans of family T, loss and bandwidth: links that lose segments one by one or in bursts, and links that are narrow, or
 * become so. Called by `transport.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS } from "../link-profile.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/** Segments are lost on one link or on all, both ways, from the first dial on or under load only. */
function planLoss(draw: Draw, scenario: string, permille: number, burst: number): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 4);
  const run = createWorkload(draw, { scenario, devices, link, starring: ["a"] });
  const span = { fromMs: run.settledMs, toMs: run.settledMs + draw.between("load for", 8000, 20_000) };
  const fromMs = draw.pick("from", [0, span.fromMs] as const);
  const lossy = draw.chance("all lossy", 1, 3) ? run.devices : (["a"] as const);
  for (const device of lossy) {
    const step = run.toxic(device, { fromMs, toMs: span.toMs }, "both", { type: "loss", permille, burst });
    if (device === "a") run.see({ see: "observed", step });
  }
  // Bursts are as far apart as they are long: fewer messages would often pass between two of them.
  const talk = burst > 1 ? 3 : 1;
  run.stream("a", draw.between("a pushes", 12 * talk, 20 * talk), span);
  for (const device of run.devices.slice(1)) run.stream(device, draw.between(`${device} pushes`, 4, 9), span);
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} after`, 0, 2), { fromMs: span.toMs, toMs: span.toMs + 2000 });
  }
  return run.finish();
}

export const planSomeLoss = (draw: Draw): Plan => planLoss(draw, "T-LOSS-01", 50, 1);
export const planMuchLoss = (draw: Draw): Plan => planLoss(draw, "T-LOSS-02", 200, 1);
export const planBurstyLoss = (draw: Draw): Plan => planLoss(draw, "T-LOSS-03", 100, draw.between("burst", 3, 8));

const MODEM_BYTES_PER_S = 7000;

/**
 * 56 kbit/s. Small blobs pass; one takes longer to send than a silent relay would be waited for, and passes too, since
 * the relay says meanwhile that it comes in. Its own pusher and perhaps others take it down over such a link as well.
 */
export function planModem(draw: Draw): Plan {
  const link = draw.pick("link", [...EVERYDAY_LINKS, LINKS["edge-56k"]] as const);
  const devices = draw.between("devices", 2, 3);
  const answerTimeoutMs = 5000;
  const run = createWorkload(draw, {
    scenario: "T-BW-01",
    devices,
    link,
    starring: ["a", "b"],
    // Three answer time-outs are the patience: a hundred kilobytes take as long.
    client: { keepAliveMs: draw.between("quick keep-alive", 4000, 6000), answerTimeoutMs },
  });
  const fromMs = draw.pick("from", [0, run.settledMs] as const);
  const largeMs = run.settledMs + draw.between("large at", 500, 3000);
  const sizeBytes = draw.between("large bytes", 140_000, 220_000);
  const tripMs = Math.ceil((1000 * (sizeBytes + 40_000)) / MODEM_BYTES_PER_S);
  const toMs = largeMs + 2 * tripMs + 5000;
  const narrow = draw.chance("all narrow", 1, 3) ? run.devices : (["a"] as const);
  for (const device of narrow) {
    const step = run.toxic(device, { fromMs, toMs }, "both", { type: "bandwidth", bytesPerS: MODEM_BYTES_PER_S });
    if (device === "a") run.see({ see: "observed", step });
  }
  for (const device of run.devices) {
    const small = { sizeBytes: draw.between(`${device} small`, 16, 300) };
    run.stream(device, draw.between(`${device} before`, 1, 3), { fromMs: run.settledMs, toMs: largeMs }, small);
    run.stream(device, draw.between(`${device} during`, 1, 4), { fromMs: largeMs, toMs: largeMs + tripMs }, small);
    run.stream(device, draw.between(`${device} after`, 0, 2), { fromMs: toMs, toMs: toMs + 2000 });
  }
  run.push("a", largeMs, { sizeBytes });
  run.see({ see: "waited", device: "a", ms: 3 * answerTimeoutMs });
  run.demand({ demand: "kept", devices: narrow, fromMs: largeMs, toMs: largeMs + tripMs });
  return run.finish();
}

/** A device comes back to half a megabyte, page by page at 1 MB/s; in the middle of it its link falls to 10 KB/s. */
export function planFallingBandwidth(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.fiber, LINKS.dsl, LINKS.lte] as const);
  // Up to all at once: a page that takes forty seconds to come.
  const pullBytesMax = draw.between("page bytes", 40_000, 400_000);
  const run = createWorkload(draw, {
    scenario: "T-BW-02",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b"],
    clientOf: { b: { pullBytesMax } },
    extras: extrasWithout("pages", "window"),
  });
  const awayMs = run.settledMs;
  run.order("b", "disconnect", awayMs);
  const blobs = draw.between("blobs", 10, 14);
  const lastMs = awayMs + 500 + draw.between("pushes for", 1000, 4000);
  for (let i = 0; i < blobs; i++) {
    const atMs = draw.between("push at", awayMs + 500, lastMs);
    run.push("a", atMs, { sizeBytes: draw.between("blob bytes", 30_000, 40_000) });
  }
  const backMs = lastMs + run.settledMs + 2000;
  run.order("b", "connect", backMs);
  const fallMs = backMs + run.settledMs - 500 + draw.between("fall after", 0, 50);
  const bytes = 45_000 * blobs;
  const toMs = fallMs + Math.ceil(bytes / 10) + 3000;
  run.toxic("b", { fromMs: 0, toMs: fallMs }, "both", { type: "bandwidth", bytesPerS: 1_000_000 });
  const step = run.toxic("b", { fromMs: fallMs, toMs }, "both", { type: "bandwidth", bytesPerS: 10_000 });
  run.see({ see: "open", step, f: "pull", device: "b" });
  run.demand({ demand: "kept", devices: ["b"], fromMs: fallMs, toMs });
  run.see({ see: "observed", step });
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} during`, 0, 3), { fromMs: fallMs, toMs: fallMs + 20_000 });
  }
  return run.finish();
}
