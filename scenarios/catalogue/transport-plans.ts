/**
 * Plans of family T: the links are slow, dead or flapping, hosts die while something is under way. Each says in
 * `trouble` how it is known that it happened; where that is a push in flight, one push is placed so shortly before the
 * fault that no answer can be back. Called by `transport.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS, quickestMs, slowestMs, STEADY_LINKS } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload, type Workload } from "../workload.ts";

/** 200 ms each way, on one link or on all, under load. */
export function planLatency(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 4);
  const run = createWorkload(draw, { scenario: "T-LAT-01", devices, link, starring: ["a"] });
  const slow = draw.chance("all slow", 1, 3) ? run.devices : (["a"] as const);
  const span = loadSpan(run);
  // From the start the handshake is slow too; later, only the load.
  const fromMs = draw.pick("from", [0, span.fromMs] as const);
  for (const device of slow) {
    const toxic = { type: "latency", latencyMs: 200, jitterMs: 0 } as const;
    const step = run.toxic(device, { fromMs, toMs: span.toMs }, "both", toxic);
    if (device === "a") run.see({ see: "observed", step });
  }
  addLoad(run, span);
  return run.finish();
}

/** 10 ms up, 500 ms down: two toxics on one link, both of which must act. */
export function planAsymmetricLatency(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "T-LAT-03", devices, link, starring: ["a"] });
  const span = loadSpan(run);
  const toxicSpan = { fromMs: draw.pick("from", [0, span.fromMs] as const), toMs: span.toMs };
  const up = run.toxic(run.devices[0], toxicSpan, "up", { type: "latency", latencyMs: 10, jitterMs: 0 });
  const down = run.toxic(run.devices[0], toxicSpan, "down", { type: "latency", latencyMs: 500, jitterMs: 0 });
  run.see({ see: "observed", step: up });
  run.see({ see: "observed", step: down });
  addLoad(run, span);
  return run.finish();
}

/** One device hears and says nothing for 30 s, while both sides go on writing. */
export function planBlackout(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "T-LOSS-04", devices, link, starring: ["a", "b"] });
  const fromMs = run.settledMs + draw.between("blocked at", 500, 2000);
  const span = { fromMs, toMs: fromMs + 30_000 };
  const step = run.toxic("a", span, "both", { type: "blocked" });
  run.see({ see: "observed", step });
  run.see({ see: "missed", device: "a", blobs: 1 });
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} before`, 1, 4), { fromMs: run.settledMs, toMs: fromMs });
    run.stream(device, draw.between(`${device} during`, 2, 6), { fromMs: fromMs + 1000, toMs: span.toMs - 4000 });
    run.stream(device, draw.between(`${device} after`, 1, 4), { fromMs: span.toMs, toMs: span.toMs + 5000 });
  }
  return run.finish();
}

/** The relay is killed under pushes and comes back. */
export function planRelayKill(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const run = createWorkload(draw, { scenario: "T-CONN-01", devices: draw.between("devices", 2, 3), link });
  let killMs = run.settledMs + draw.between("kill at", 300, 3000);
  for (let kill = draw.between("kills", 1, 2); kill > 0; kill--) {
    const downMs = draw.between("down", 1000, 10_000);
    for (const device of run.devices) {
      run.rush(device, draw.between(`${device} rush`, 3, 8), everyMs(run), killMs, leadMs(run));
      run.stream(device, draw.between(`${device} down`, 0, 3), { fromMs: killMs, toMs: killMs + downMs });
    }
    const step = run.fault(killMs, { do: "crash", host: RELAY, how: "kill", downMs });
    run.see({ see: "open", step, f: "push" });
    // Long enough for the devices to be back before it dies again.
    killMs += downMs + draw.between("kill again", 7000, 9000);
  }
  return run.finish();
}

/** A device is killed under its own pushes; the others go on. */
export function planDeviceKill(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const devices = draw.between("devices", 2, 4);
  const run = createWorkload(draw, { scenario: "T-CONN-02", devices, link, starring: ["a"] });
  let killMs = run.settledMs + draw.between("kill at", 300, 3000);
  for (let kill = draw.between("kills", 1, 3); kill > 0; kill--) {
    const downMs = draw.between("down", 500, 5000);
    run.rush("a", draw.between("rush", 4, 10), everyMs(run), killMs, leadMs(run));
    const step = run.fault(killMs, { do: "crash", host: "a", how: "kill", downMs });
    run.see({ see: "open", step, f: "push", device: "a" });
    const others = { fromMs: killMs - 300, toMs: killMs + downMs };
    for (const device of run.devices.slice(1)) run.stream(device, draw.between(`${device} pushes`, 1, 4), others);
    killMs += downMs + draw.between("kill again", 1500, 4000);
  }
  return run.finish();
}

/** Nobody reaches the relay for so long that both sides give their sessions up; everybody goes on writing. */
export function planAllCutOff(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, {
    scenario: "T-CONN-03",
    devices: draw.between("devices", 2, 4),
    link,
    client: { keepAliveMs: 5000, answerTimeoutMs: 5000 },
    relay: { idleTimeoutMs: draw.between("relay idle", 12_000, 15_000) },
    // All means all: nobody comes later, nobody else is there.
    extras: extrasWithout("beside", "late"),
  });
  const fromMs = run.settledMs + draw.between("partition at", 500, 2000);
  const toMs = fromMs + draw.between("partition for", 17_000, 27_000);
  const right = [RELAY];
  const step = run.fault(fromMs, { do: "partition", left: run.devices, right, oneWay: false, forMs: toMs - fromMs });
  run.see({ see: "observed", step });
  run.see({ see: "overlap", devices: 2 });
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} before`, 1, 3), { fromMs: run.settledMs, toMs: fromMs });
    run.stream(device, draw.between(`${device} during`, 2, 6), { fromMs: fromMs + 100, toMs });
    run.stream(device, draw.between(`${device} after`, 0, 2), { fromMs: toMs, toMs: toMs + 3000 });
  }
  return run.finish();
}

/**
 * Half-open: the link of one device goes dead without a word, often while the other side dies behind it, so that no end of
 * the connection is ever announced. Keep-alive finds it within its bound.
 */
export function planHalfOpen(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "T-CONN-05", devices, link, starring: ["a"] });
  const { keepAliveMs, answerTimeoutMs } = run.client;
  // What arrived last, a Ping after it and the wait for its answer.
  const boundMs = keepAliveMs + answerTimeoutMs + 2 * slowestMs(link) + 500;
  const fromMs = run.settledMs + draw.between("dead at", 500, 3000);
  const toMs = fromMs + boundMs + draw.between("dead for", 500, 10_000);
  const step = run.toxic("a", { fromMs, toMs }, "both", { type: "blocked" });
  run.see({ see: "observed", step });
  run.see({ see: "disconnected", step, device: "a", whys: ["silent"] });
  run.demand({ demand: "noticed", step, device: "a", whys: ["silent"], withinMs: boundMs });
  if (draw.chance("relay dies", 1, 2)) {
    const downMs = draw.between("down", 200, 3000);
    run.fault(fromMs + draw.between("dies after", 100, 3000), { do: "crash", host: RELAY, how: "kill", downMs });
  }
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} before`, 1, 3), { fromMs: run.settledMs, toMs: fromMs });
    run.stream(device, draw.between(`${device} during`, 1, 4), { fromMs: fromMs + 100, toMs });
    run.stream(device, draw.between(`${device} after`, 0, 2), { fromMs: toMs, toMs: toMs + 3000 });
  }
  return run.finish();
}

/** The application connects and disconnects ten times within five seconds, with a push in each. */
export function planFlapping(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber, LINKS.dsl] as const);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "T-CONN-04", devices, link, starring: ["a"], offline: ["a"] });
  const fromMs = run.settledMs;
  for (let round = 0; round < 10; round++) {
    const startMs = fromMs + round * 490;
    run.order("a", "connect", startMs);
    run.push("a", startMs + draw.between("push in round", 0, 180));
    // Sometimes in mid-handshake, sometimes well after.
    run.order("a", "disconnect", startMs + draw.between("leave in round", 190, 470));
  }
  run.order("a", "connect", fromMs + 5000 + draw.between("stay", 0, 1000));
  for (const device of run.devices.slice(1)) {
    run.stream(device, draw.between(`${device} pushes`, 1, 5), { fromMs, toMs: fromMs + 5000 });
  }
  run.seeAllAcked();
  return run.finish();
}

function loadSpan(run: Workload): { readonly fromMs: number; readonly toMs: number } {
  return { fromMs: run.settledMs, toMs: run.settledMs + run.draw.between("load for", 5000, 15_000) };
}

/** Pushes of everybody through the trouble, and a few after it. */
function addLoad(run: Workload, span: { readonly fromMs: number; readonly toMs: number }): void {
  for (const device of run.devices) {
    run.stream(device, run.draw.between(`${device} pushes`, 3, 9), span);
    const after = { fromMs: span.toMs, toMs: span.toMs + 2000 };
    run.stream(device, run.draw.between(`${device} after`, 0, 2), after);
  }
}

/** Before the fault by less than one way takes: what is pushed then has no answer yet. */
function leadMs(run: Workload): number {
  return run.draw.between("lead", 1, quickestMs(run.link));
}

function everyMs(run: Workload): number {
  return run.draw.between("every", 1, quickestMs(run.link));
}
