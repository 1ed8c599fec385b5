/**
 * Plans of family S: a session is cut at each stage of the sync protocol, several devices write at once, one comes
 * back to much or after a partition. As everywhere, `trouble` names what must be seen, and the timing makes it surely
 * so. Called by `sync.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS, LONG_LINKS, quickestMs, slowestMs, STEADY_LINKS } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import { OP_BYTES } from "../payload.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload, drawSize } from "../workload.ts";
import { addCut } from "./cut.ts";

/** The connection is cut while a push is between sending and its answer. */
export function planCutPush(draw: Draw): Plan {
  const link = draw.pick("link", [...STEADY_LINKS, ...LONG_LINKS] as const);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "S-SM-01", devices, link, starring: ["a"] });
  let cutMs = run.settledMs + draw.between("cut at", 300, 3000);
  for (let cut = draw.between("cuts", 1, 3), first = true; cut > 0; cut--, first = false) {
    const everyMs = draw.between("every", 1, quickestMs(link));
    run.rush("a", draw.between("rush", 3, 8), everyMs, cutMs, draw.between("lead", 1, quickestMs(link)));
    // A sealed push is longer than 280 bytes, an answer than 40.
    const step = addCut(run, "a", cutMs, { upBytes: 280, downBytes: 40 });
    run.see({ see: "open", step, f: "push", device: "a" });
    // Later cuts may come while the device still waits to try again.
    if (first) run.see({ see: "observed", step });
    const endMs = run.endMs();
    run.stream("a", 2, { fromMs: cutMs + 1, toMs: cutMs + 1 + slowestMs(link) });
    for (const device of run.devices.slice(1)) {
      run.stream(device, draw.between(`${device} pushes`, 1, 3), { fromMs: cutMs - 200, toMs: endMs });
    }
    // The device waits for 1 to 6 s, then 2 to 7 s, before it tries again.
    cutMs = endMs + draw.between("cut again", 8000, 9000);
  }
  return run.finish();
}

/** A device comes back to many small pages and is cut off in the middle of them. */
export function planCutPull(draw: Draw): Plan {
  const link = draw.pick("link", LONG_LINKS);
  const pullLimit = draw.between("pull limit", 1, 2);
  const blobs = draw.between("blobs", 44, 60);
  const run = createWorkload(draw, {
    scenario: "S-SM-02",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b"],
    clientOf: { b: { pullLimit } },
    extras: extrasWithout("pages", "window"),
  });
  const awayMs = run.settledMs;
  run.order("b", "disconnect", awayMs);
  const lastMs = awayMs + 1000 + draw.between("pushes for", 1000, 4000);
  run.stream("a", blobs, { fromMs: awayMs + 200, toMs: lastMs });
  const backMs = lastMs + 4 * slowestMs(link) + 500;
  run.order("b", "connect", backMs);
  // From the dial to the Welcome: four ways at the least, eight and the work at the most. Then a round trip a page.
  const earliestMs = backMs + 10 * slowestMs(link) + 200;
  const pages = Math.ceil(blobs / pullLimit);
  const latestMs = backMs + (4 + 2 * pages) * quickestMs(link) - 200;
  // A Pull is longer than 20 bytes, a page than 280.
  const step = addCut(run, "b", draw.between("cut at", earliestMs, latestMs), { upBytes: 20, downBytes: 280 });
  run.see({ see: "open", step, f: "pull", device: "b" });
  run.see({ see: "observed", step });
  for (const device of run.devices.slice(1)) {
    run.stream(device, draw.between(`${device} pushes`, 0, 3), { fromMs: run.endMs(), toMs: run.endMs() + 3000 });
  }
  return run.finish();
}

/** The connection is cut between the dial and the Welcome, again and again at different points. */
export function planCutHello(draw: Draw): Plan {
  const link = draw.pick("link", LONG_LINKS);
  const run = createWorkload(draw, {
    scenario: "S-SM-03",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a"],
    offline: ["a"],
  });
  run.stream("a", draw.between("a pushes", 1, 6), { fromMs: 100, toMs: run.settledMs });
  for (const device of run.devices.slice(1)) {
    run.stream(device, draw.between(`${device} pushes`, 2, 6), { fromMs: run.settledMs, toMs: run.settledMs + 8000 });
  }
  let dialMs = run.settledMs + draw.between("dial", 0, 2000);
  for (let cut = draw.between("cuts", 1, 3), first = true; cut > 0; cut--, first = false) {
    run.order("a", "connect", dialMs);
    // Three Noise messages and the Welcome are four ways; later cuts try what comes after as well.
    const openMs = first ? 4 * quickestMs(link) - 1 : 8 * slowestMs(link);
    const atMs = dialMs + draw.between("cut at", 1, openMs);
    // A device without power tells nobody: the relay is left with a handshake that nobody will finish.
    const isPower = draw.chance("power", 1, 3);
    const downMs = draw.between("down", 500, 3000);
    const step = isPower
      ? run.fault(atMs, { do: "crash", host: "a", how: "power", downMs })
      : addCut(run, "a", atMs, { upBytes: 20, downBytes: 20 });
    if (first) {
      run.see({ see: "open", step, f: "connect", device: "a" });
      if (!isPower) run.see({ see: "observed", step });
    }
    const endMs = run.endMs();
    if (cut > 1) run.order("a", "disconnect", endMs + draw.between("give up", 0, 3000));
    dialMs = endMs + 3000 + draw.between("dial", 100, 2000);
  }
  return run.finish();
}

/** Two devices push at the same moment, several times. */
export function planTwoAtOnce(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "S-CONC-01", devices, link, starring: ["a", "b"] });
  addRounds(run.devices.slice(0, 2), run.settledMs, draw, (device, atMs) => void run.push(device, atMs));
  for (const device of run.bystanders) run.stream(device, 2, { fromMs: run.settledMs, toMs: run.endMs() + 500 });
  run.see({ see: "overlap", devices: 2 });
  return run.finish();
}

/** Five devices push at the same moment, several times. */
export function planFiveAtOnce(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const run = createWorkload(draw, { scenario: "S-CONC-03", devices: 5, link });
  addRounds(run.devices, run.settledMs, draw, (device, atMs) => void run.push(device, atMs));
  run.see({ see: "overlap", devices: 3 });
  return run.finish();
}

/** One device pushes a thousand times while another is away. */
export function planThousandWhileAway(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber, LINKS.dsl] as const);
  const run = createWorkload(draw, {
    scenario: "S-CONC-04",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b"],
    clientOf: { b: { pullLimit: draw.between("pull limit", 20, 200) } },
    // A small window or page would only make a long run longer.
    extras: extrasWithout("pages", "window", "slicer"),
  });
  const awayMs = run.settledMs + draw.between("away at", 0, 1000);
  const fromMs = awayMs + 500;
  const toMs = fromMs + draw.between("pushes for", 4000, 10_000);
  // By the last second all answers are there, and none of the blobs is.
  const backMs = toMs + draw.between("back after", 4000, 8000);
  if (draw.chance("cut off", 1, 3)) {
    const forMs = backMs - awayMs;
    run.fault(awayMs, { do: "partition", left: ["b"], right: [RELAY], oneWay: false, forMs });
  } else {
    run.order("b", "disconnect", awayMs);
    run.order("b", "connect", backMs);
  }
  for (let i = 0; i < 1000; i++) {
    const atMs = fromMs + Math.floor((i * (toMs - fromMs)) / 1000);
    run.push("a", atMs, { sizeBytes: draw.between("size", OP_BYTES, 80) });
  }
  for (const device of run.devices.slice(1)) {
    run.stream(device, draw.between(`${device} pushes`, 0, 2), { fromMs: backMs, toMs: backMs + 2000 });
  }
  run.see({ see: "missed", device: "b", blobs: 900 });
  // All that is pushed in this run, and a page or two again after an extra; a second round would be two thousand.
  run.demand({ demand: "lean", device: "b", blobsMax: 1500 });
  return run.finish();
}

/** Some devices are cut off from the relay while both sides write. */
export function planPartition(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 4);
  const cutOff = devices === 4 && draw.chance("two cut off", 1, 2) ? ["a", "b"] : ["a"];
  const heard = String.fromCharCode(96 + devices);
  const run = createWorkload(draw, { scenario: "S-CONV-01", devices, link, starring: [...cutOff, heard] });
  const fromMs = run.settledMs + draw.between("partition at", 500, 3000);
  const forMs = draw.between("partition for", 5000, 25_000);
  const step = run.fault(fromMs, { do: "partition", left: cutOff, right: [RELAY], oneWay: false, forMs });
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} before`, 0, 3), { fromMs: run.settledMs, toMs: fromMs });
    run.stream(device, draw.between(`${device} during`, 2, 5), { fromMs: fromMs + 100, toMs: fromMs + forMs - 3000 });
    run.stream(device, draw.between(`${device} after`, 0, 3), { fromMs: fromMs + forMs, toMs: fromMs + forMs + 3000 });
  }
  run.see({ see: "observed", step });
  run.see({ see: "missed", device: "a", blobs: 1 });
  return run.finish();
}

/** The relay is restarted in the middle of traffic, politely or not. */
export function planRelayRestart(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const run = createWorkload(draw, { scenario: "S-CONV-02", devices: draw.between("devices", 2, 3), link });
  let atMs = run.settledMs + draw.between("restart at", 500, 3000);
  for (let restart = draw.between("restarts", 1, 2); restart > 0; restart--) {
    const downMs = draw.between("down", 300, 4000);
    for (const device of run.devices) {
      const everyMs = draw.between("every", 1, quickestMs(link));
      run.rush(device, draw.between(`${device} rush`, 3, 6), everyMs, atMs, draw.between("lead", 1, quickestMs(link)));
      run.stream(device, draw.between(`${device} after`, 1, 3), { fromMs: atMs, toMs: atMs + downMs + 2000 });
    }
    const how = draw.pick("how", ["kill", "power"] as const);
    const step = draw.chance("polite", 1, 2)
      ? run.fault(atMs, { do: "restart", host: RELAY, downMs })
      : run.fault(atMs, { do: "crash", host: RELAY, how, downMs });
    run.see({ see: "open", step, f: "push" });
    atMs += downMs + draw.between("restart again", 8000, 9000);
  }
  return run.finish();
}

/** No trouble at all: two devices, a hundred pushes. Also what the benchmark runs. */
export function planCalm(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber] as const);
  const run = createWorkload(draw, { scenario: "S-CONV-04", devices: 2, link, extras: [] });
  const span = { fromMs: run.settledMs, toMs: run.settledMs + 10_000 };
  for (const device of run.devices) run.stream(device, 50, span);
  run.seeAllAcked();
  return run.finish();
}

/** Empty blobs among others, some of them side by side. */
export function planEmptyBlobs(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, { scenario: "S-BLOB-04", devices: draw.between("devices", 2, 3), link });
  const span = { fromMs: run.settledMs, toMs: run.settledMs + draw.between("pushes for", 1000, 10_000) };
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} empty`, 3, 8), span, { sizeBytes: 0 });
    for (let i = draw.between(`${device} others`, 1, 6); i > 0; i--) {
      run.push(device, draw.between(`${device} other`, span.fromMs, span.toMs), {
        sizeBytes: Math.max(OP_BYTES, drawSize(draw, `${device} other size`)),
      });
    }
  }
  // All of them: the empty ones too.
  run.seeAllAcked();
  return run.finish();
}

function addRounds(
  devices: readonly string[],
  fromMs: number,
  draw: Draw,
  push: (device: string, atMs: number) => void,
): void {
  let atMs = fromMs;
  for (let round = draw.between("rounds", 3, 8); round > 0; round--) {
    for (const device of devices) {
      for (let i = draw.between(`${device} at once`, 1, 3); i > 0; i--) push(device, atMs);
    }
    atMs += draw.between("round", 1, 1500);
  }
}
