/**
 * Plans of family W: what users of like systems reported. Called by `elsewhere.ts`.
 */
import type { Draw } from "../draw.ts";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import { ErrorCode } from "../../core/wire/error-code.ts";
import { EVERYDAY_LINKS, LINKS, quickestMs, slowestMs } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload, type Workload } from "../workload.ts";

/**
 * The relay's machine loses power, several times, under a dense stream of pushes: some of them were answered a moment
 * ago, so that an answer given before its data was durable is found out. In some seeds a device loses power too, with
 * pushes in its sent log that no relay has heard of.
 */
export function planAckThenPowerLoss(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.fiber, LINKS.dsl] as const);
  const run = createWorkload(draw, { scenario: "W-06", devices: draw.between("devices", 2, 3), link });
  const losses = draw.between("losses", 2, 4);
  let lossMs = run.settledMs + draw.between("loss at", 500, 2000);
  for (let loss = 0; loss < losses; loss++) {
    const downMs = draw.between("down", 200, 1500);
    for (const device of run.devices) {
      // From several round trips before the loss up to less than one way before it.
      const count = draw.between(`${device} rush`, 5, 8);
      const everyMs = Math.ceil((draw.between(`${device} trips`, 3, 6) * slowestMs(link)) / count);
      run.rush(device, count, everyMs, lossMs, draw.between("lead", 1, quickestMs(link)));
    }
    const step = run.fault(lossMs, { do: "crash", host: RELAY, how: "power", downMs });
    run.see({ see: "open", step, f: "push" });
    let endMs = lossMs + downMs;
    if (loss === 0 && draw.chance("device too", 1, 3)) {
      const device = draw.pick("device", run.devices);
      const deviceLossMs = lossMs + draw.between("device loss", 60, 400);
      run.rush(device, 3, 10, deviceLossMs, 5);
      const deviceDownMs = draw.between("device down", 200, 2000);
      const deviceStep = run.fault(deviceLossMs, { do: "crash", host: device, how: "power", downMs: deviceDownMs });
      run.see({ see: "open", step: deviceStep, f: "push", device });
      endMs = Math.max(endMs, deviceLossMs + deviceDownMs);
    }
    // The wait before an attempt doubles each time, with up to 5 s on top, until a session lives for long.
    lossMs = endMs + 1000 * 2 ** loss + 5000 + draw.between("again", 500, 1500);
  }
  return run.finish();
}

/** A relay that sends no Notify: only the poll finds what others wrote. */
export function planNotifyLost(draw: Draw): Plan {
  const run = createWorkload(draw, {
    scenario: "W-23",
    devices: draw.between("devices", 2, 3),
    link: draw.pick("link", EVERYDAY_LINKS),
    starring: ["a", "b"],
    relay: { notify: false },
    client: { pollMs: draw.between("quick poll", 3000, 8000) },
  });
  const span = { fromMs: run.settledMs + 1000, toMs: run.settledMs + draw.between("pushes for", 3000, 15_000) };
  // The second device pushes nothing: an answer of its own would be a hint too.
  for (const device of run.devices) {
    if (device !== "b") run.stream(device, draw.between(`${device} pushes`, 5, 10), span);
  }
  run.see({ see: "polled" });
  // What breaks more waits until the poll has come.
  return run.finish(span.toMs + run.client.pollMs + 2000);
}

/** A relay that lost its data does not know who has not acknowledged: as operators have it, it waits. */
const FORGETFUL = { acknowledgedRetentionS: DEFAULT_RELAY_CONFIG.acknowledgedRetentionS };

/**
 * The relay comes back without its data, once or twice, and is the same relay. Some devices are connected when it goes,
 * with pushes under way; one may be away and find out later. Everybody pushes again what is not over.
 */
export function planRelayAmnesia(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 4);
  const run = createWorkload(draw, { scenario: "W-01", devices, link, relay: FORGETFUL });
  const wipes = draw.between("wipes", 1, 2);
  let fromMs = run.settledMs;
  for (let wipe = 0; wipe < wipes; wipe++) {
    const wipeMs = fromMs + draw.between("wipe at", 1500, 5000);
    for (const device of run.devices) {
      run.stream(device, draw.between(`${device} pushes`, 2, 6), { fromMs, toMs: wipeMs + 1000 });
    }
    const downMs = draw.between("down", 300, 3000);
    if (draw.chance("one away", 1, 3)) {
      const away = draw.pick("away", run.devices);
      run.order(away, "disconnect", wipeMs - draw.between("leaves", 0, 1000));
      run.order(away, "connect", wipeMs + downMs + draw.between("returns", 0, 4000));
    }
    const step = run.fault(wipeMs, { do: "wipe", host: RELAY, downMs });
    run.see({ see: "observed", step });
    run.see({ see: "renewed", step });
    // Until every device has surely come back: the wait doubles with each failure.
    fromMs = wipeMs + downMs + 1000 * 2 ** wipe + 5000 + draw.between("again", 1000, 3000);
  }
  return run.finish(fromMs);
}

/**
 * The relay's whole folder is put back to an older copy. In half of the seeds all devices are there and the first that
 * returns knows a cursor that the relay does not hold. In the others one device had left before the copy was made: it
 * returns first and pushes until the log has grown past what the others know, so that only the chain can tell.
 */
export function planRelayRollback(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const isRegrown = draw.chance("regrown", 1, 2);
  const run = createWorkload(draw, { scenario: "W-02", devices: 3, link, relay: FORGETFUL });
  const [first] = run.devices;
  const others = run.devices.slice(1);
  const copyMs = run.settledMs + draw.between("copy at", 2500, 5000);
  const agoMs = draw.between("ago", 2000, 6000);
  const backMs = copyMs + agoMs;
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} early`, 1, 4), { fromMs: run.settledMs, toMs: copyMs - 1500 });
  }
  // Lost with the rollback, and acknowledged before it.
  let lost = 0;
  for (const device of others) {
    const count = draw.between(`${device} lost`, 1, 3);
    lost += count;
    run.stream(device, count, { fromMs: copyMs + 100, toMs: backMs - 1000 });
  }
  const downMs = draw.between("down", 300, 2000);
  const step = run.fault(backMs, { do: "rollback", host: RELAY, agoMs, downMs });
  run.see({ see: "observed", step });
  run.see({ see: "renewed", step });
  if (!isRegrown) {
    const fromMs = backMs + downMs + draw.between("after", 0, 3000);
    for (const device of run.devices)
      run.stream(device, draw.between(`${device} late`, 1, 3), { fromMs, toMs: fromMs + 2000 });
    return run.finish(fromMs + 9000);
  }
  run.order(first, "disconnect", copyMs - 400);
  for (const device of others) run.order(device, "disconnect", backMs - draw.between(`${device} leaves`, 10, 300));
  const againMs = backMs + downMs + 200;
  run.order(first, "connect", againMs);
  const grownMs = againMs + run.settledMs + 1500;
  run.stream(first, lost + draw.between("grown", 1, 4), { fromMs: againMs, toMs: againMs + 1000 });
  for (const device of others) run.order(device, "connect", grownMs + draw.between(`${device} returns`, 0, 1500));
  run.see({ see: "regrown", step });
  return run.finish(grownMs + run.settledMs + 5000);
}

/**
 * The relay is put back to before what everybody has acknowledged since, and the first to return knows more than it: the
 * cursor in its Hello is beyond the log. A new epoch is the answer, and who has the blobs pushes them again.
 */
export function planCursorAhead(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "W-12", devices, link, relay: FORGETFUL });
  const copyMs = run.settledMs + draw.between("copy at", 1500, 3000);
  const agoMs = draw.between("ago", 2500, 5000);
  const backMs = copyMs + agoMs;
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} early`, 0, 3), { fromMs: run.settledMs, toMs: copyMs - 500 });
    run.stream(device, draw.between(`${device} ahead`, 1, 4), { fromMs: copyMs + 100, toMs: backMs - 1200 });
    run.order(device, "disconnect", backMs - draw.between(`${device} leaves`, 10, 300));
  }
  const downMs = draw.between("down", 300, 2000);
  const step = run.fault(backMs, { do: "rollback", host: RELAY, agoMs, downMs });
  let returnsMs = backMs + downMs + 200;
  for (const device of run.devices) {
    run.order(device, "connect", returnsMs);
    run.stream(device, draw.between(`${device} late`, 0, 3), { fromMs: returnsMs, toMs: returnsMs + 4000 });
    returnsMs += draw.between("next returns", 0, 4000);
  }
  run.see({ see: "observed", step });
  run.see({ see: "renewed", step });
  return run.finish(returnsMs + 4000);
}

/** Quotas are about payloads as they are sealed; with a sweep, what was acknowledged by all would make room again. */
const QUOTA_EXTRAS = extrasWithout("ttl", "kill-relay", "kill-device");

/**
 * A relay with room for a few blobs only refuses what comes after them, for now; then it comes back with room for all.
 * The device that was refused runs all the time and is told nothing by its application.
 */
export function planQuotaThenTopUp(draw: Draw): Plan {
  const run = createWorkload(draw, {
    scenario: "W-03",
    devices: draw.between("devices", 2, 3),
    link: draw.pick("link", EVERYDAY_LINKS),
    starring: ["a"],
    relay: { groupBytesMax: draw.between("quota", 300, 1500) },
    extras: QUOTA_EXTRAS,
  });
  const topUpMs = run.settledMs + draw.between("top up at", 3000, 10_000);
  // Six blobs of the smallest size are more than any of these quotas.
  run.stream("a", draw.between("a pushes", 6, 12), { fromMs: run.settledMs, toMs: run.settledMs + 2000 });
  for (const device of run.bystanders) {
    run.stream(device, draw.between(`${device} pushes`, 0, 3), { fromMs: run.settledMs, toMs: topUpMs });
  }
  topUp(run, draw, topUpMs);
  return run.finish();
}

/** No room at all when the devices come for the first time. */
export function planQuotaZeroFirst(draw: Draw): Plan {
  const run = createWorkload(draw, {
    scenario: "W-04",
    devices: draw.between("devices", 2, 3),
    link: draw.pick("link", EVERYDAY_LINKS),
    starring: ["a"],
    relay: { groupBytesMax: 0 },
    extras: QUOTA_EXTRAS,
  });
  const topUpMs = run.settledMs + draw.between("top up at", 1000, 8000);
  run.stream("a", draw.between("a pushes", 2, 6), { fromMs: 0, toMs: run.settledMs });
  for (const device of run.bystanders) {
    run.stream(device, draw.between(`${device} pushes`, 0, 3), { fromMs: 0, toMs: topUpMs });
  }
  topUp(run, draw, topUpMs);
  return run.finish();
}

function topUp(run: Workload, draw: Draw, atMs: number): void {
  const groupBytesMax = 1024 * 1024 * 1024;
  const step = run.fault(atMs, { do: "restart", host: RELAY, downMs: draw.between("down", 300, 2000), groupBytesMax });
  run.see({ see: "observed", step });
  run.see({ see: "refused", device: "a", code: ErrorCode.GroupQuotaExceeded });
  run.seeAllAcked();
}

/**
 * A device is away for longer than blobs live, and than the relay remembers that there were any: some are gone, single
 * ones in between are not. It is told of the loss once, takes what is left, and goes on.
 */
export function planBelowTheFloor(draw: Draw): Plan {
  const run = createWorkload(draw, {
    scenario: "W-13",
    devices: draw.between("devices", 2, 3),
    link: draw.pick("link", EVERYDAY_LINKS),
    starring: ["a", "b"],
    relay: { sweepMs: draw.between("sweep", 300, 1500), dedupeRetentionS: draw.between("retention", 1, 3) },
    extras: extrasWithout("ttl", "kill-relay"),
  });
  const leavesMs = run.settledMs + draw.between("leaves", 500, 2000);
  run.stream("b", draw.between("b pushes", 0, 2), { fromMs: run.settledMs, toMs: leavesMs - 200 });
  run.order("b", "disconnect", leavesMs);
  const ttlS = draw.between("ttl", 1, 3);
  let atMs = leavesMs + 500;
  const bursts = draw.between("bursts", 1, 3);
  for (let burst = 0; burst < bursts; burst++) {
    for (let i = draw.between("short-lived", 1, 4); i > 0; i--)
      run.push("a", (atMs += draw.between("next", 20, 200)), { ttlS });
    for (let i = draw.between("lasting", 1, 2); i > 0; i--) run.push("a", (atMs += draw.between("next", 20, 200)));
  }
  for (const device of run.bystanders) {
    run.stream(device, draw.between(`${device} pushes`, 0, 3), { fromMs: leavesMs, toMs: atMs });
  }
  // Its ttl, the retention, two sweeps, and a link in between.
  const returnsMs = atMs + 1000 * (ttlS + 3) + 3000 + run.settledMs + draw.between("away", 0, 3000);
  run.order("b", "connect", returnsMs);
  run.see({ see: "missed", device: "b", blobs: 1 });
  run.see({ see: "told-lost", device: "b" });
  return run.finish(returnsMs + 3000);
}
