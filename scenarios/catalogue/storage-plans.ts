/** Plans of family C about disks that are full, rot, or are all that is left after a restart. Called by `content.ts`. */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, slowestMs, STEADY_LINKS } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/** The relay's disk is full while everybody pushes: nobody is told that it was kept, and all of it is, after space. */
export function planRelayDiskFull(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, { scenario: "C-STOR-01", devices: draw.between("devices", 2, 3), link });
  const fullMs = run.settledMs + draw.between("full at", 500, 2000);
  const forMs = draw.between("full for", 1000, 12_000);
  const step = run.fault(fullMs, { do: "disk", host: RELAY, disk: { type: "full" }, forMs });
  for (const device of run.devices) {
    run.rush(device, draw.between(`${device} before`, 1, 4), 20, fullMs, 1);
    run.stream(device, draw.between(`${device} during`, 1, 5), { fromMs: fullMs, toMs: fullMs + forMs });
    run.stream(device, draw.between(`${device} after`, 0, 2), { fromMs: fullMs + forMs, toMs: fullMs + forMs + 2000 });
  }
  // The store cannot say which of a turn's pushes it was: the session ends, and a new one sorts it out.
  run.see({ see: "disconnected", step, device: "a", whys: ["closed"] });
  run.seeAllAcked();
  return run.finish();
}

/** One device's disk is full while others push: it takes nothing in and loses nothing; the others do not notice. */
export function planDeviceDiskFull(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "C-STOR-02", devices, link, starring: ["a", "b", "c"] });
  const fullMs = run.settledMs + draw.between("full at", 500, 2000);
  const forMs = draw.between("full for", 3000, 12_000);
  const toMs = fullMs + forMs;
  run.fault(fullMs, { do: "disk", host: "b", disk: { type: "full" }, forMs });
  const pushesToMs = toMs - 1500;
  run.stream("a", draw.between("a during", 2, 8), { fromMs: fullMs, toMs: pushesToMs });
  for (const device of run.devices.slice(1)) {
    run.stream(device, draw.between(`${device} before`, 1, 3), { fromMs: run.settledMs, toMs: fullMs });
    run.stream(device, draw.between(`${device} after`, 0, 2), { fromMs: toMs, toMs: toMs + 2000 });
  }
  run.see({ see: "missed", device: "b", blobs: 1 });
  const withinMs = 500 + 6 * slowestMs(link);
  run.demand({ demand: "acked", devices: ["a"], fromMs: fullMs, toMs: pushesToMs, withinMs });
  return run.finish();
}

/**
 * Bits of rows rot on the relay's disk while one device is away and its pushers have left: what is whole is served,
 * what is not is told as lost, and everything goes on.
 */
export function planBitRot(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, {
    scenario: "C-STOR-03",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b", "c"],
    extras: extrasWithout("ttl", "kill-relay"),
  });
  const awayMs = run.settledMs;
  run.order("b", "disconnect", awayMs);
  const rotMs = awayMs + 3000 + draw.between("rot at", 0, 3000);
  run.stream("a", draw.between("a pushes", 4, 10), { fromMs: awayMs + 500, toMs: rotMs - 1500 });
  const step = run.fault(rotMs, {
    do: "disk",
    host: RELAY,
    disk: { type: "bit-rot", bits: draw.between("bits", 1, 4) },
    forMs: 0,
  });
  // Read anew from the disk.
  const downMs = draw.between("down", 200, 1500);
  run.fault(rotMs + 100, { do: "restart", host: RELAY, downMs });
  const backMs = rotMs + 100 + downMs + draw.between("back", 500, 3000);
  run.order("b", "connect", backMs);
  // Something behind the rot, once everybody is back.
  run.stream("a", draw.between("a after", 1, 4), { fromMs: backMs + 7000, toMs: backMs + 9000 });
  run.see({ see: "observed", step });
  run.see({ see: "told-lost", device: "b" });
  return run.finish(backMs + 9000);
}

/** Everybody who could push again has left when the relay comes back cold: it serves what its disk holds. */
export function planColdRestart(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const run = createWorkload(draw, {
    scenario: "C-STOR-04",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b", "c"],
    extras: extrasWithout("kill-relay", "ttl"),
  });
  const awayMs = run.settledMs;
  run.order("b", "disconnect", awayMs);
  const coldMs = awayMs + 4000 + draw.between("cold at", 0, 2000);
  const pushers = run.devices.filter((device) => device !== "b");
  for (const device of pushers) {
    run.stream(device, draw.between(`${device} pushes`, 2, 8), { fromMs: awayMs + 200, toMs: coldMs - 2000 });
    run.order(device, "disconnect", coldMs - 500);
  }
  const downMs = draw.between("down", 200, 3000);
  const how = draw.pick("how", ["kill", "power", "restart"] as const);
  const step = run.fault(
    coldMs,
    how === "restart" ? { do: "restart", host: RELAY, downMs } : { do: "crash", host: RELAY, how, downMs },
  );
  const backMs = coldMs + downMs + 200;
  run.order("b", "connect", backMs);
  run.see({ see: "observed", step });
  run.see({ see: "missed", device: "b", blobs: 2 });
  run.demand({ demand: "back", devices: ["b"], fromMs: backMs, withinMs: 1000 + 10 * slowestMs(link) });
  for (const device of pushers) run.order(device, "connect", backMs + 3000 + draw.between(`${device} back`, 0, 2000));
  return run.finish();
}
