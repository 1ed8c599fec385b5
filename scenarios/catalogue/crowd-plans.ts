/**
 * Plans about many devices, many links, or a long time: a storm of reconnects, links clogged one by one, one device that
 * is heard by nobody, writes while everything is away, a year. Called by `elsewhere.ts`.
 */
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS, slowestMs } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/** A device writes while it is offline, and its relay restarts meanwhile, once or more. */
export function planOfflineWrites(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, { scenario: "W-08", devices: draw.between("devices", 2, 4), link, starring: ["a"] });
  const awayMs = run.settledMs + draw.between("away", 500, 2000);
  run.stream("a", draw.between("a before", 0, 3), { fromMs: run.settledMs, toMs: awayMs });
  run.order("a", "disconnect", awayMs);
  let atMs = awayMs;
  for (let restart = draw.between("restarts", 1, 3); restart > 0; restart--) {
    atMs += draw.between("restart at", 500, 2000);
    const downMs = draw.between("down", 200, 3000);
    const how = draw.pick("how", ["polite", "kill", "power"] as const);
    const step =
      how === "polite"
        ? run.fault(atMs, { do: "restart", host: RELAY, downMs })
        : run.fault(atMs, { do: "crash", host: RELAY, how, downMs });
    run.see({ see: "observed", step });
    atMs += downMs;
  }
  const backMs = atMs + draw.between("back", 0, 3000);
  run.stream("a", draw.between("a writes", 3, 12), { fromMs: awayMs + 10, toMs: backMs });
  // In some seeds the process dies with all of it, and has only its disk.
  if (draw.chance("dies", 1, 3)) run.fault(backMs + 10, { do: "crash", host: "a", how: "power", downMs: 300 });
  run.order("a", "connect", backMs + 600);
  for (const device of run.devices.slice(1)) {
    run.stream(device, draw.between(`${device} pushes`, 1, 5), { fromMs: awayMs, toMs: backMs + 2000 });
  }
  run.see({ see: "waited", device: "a", ms: 500 });
  return run.finish();
}

/** Fifty to two hundred devices lose their relay at one moment. They come back spread over time, and all of them do. */
export function planReconnectStorm(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.wifi, LINKS.fiber, LINKS.dsl] as const);
  const devices = draw.chance("all", 1, 8) ? 200 : draw.between("devices", 50, 100);
  const run = createWorkload(draw, {
    scenario: "W-14",
    devices,
    link,
    relay: { sessionsMax: devices + 10 },
    extras: extrasWithout("kill-relay", "kill-device", "pause", "ttl", "slicer", "jitter", "late", "beside"),
  });
  const downMs = draw.between("down", 200, 2500);
  const atMs = run.settledMs + draw.between("restart at", 500, 2000);
  const how = draw.pick("how", ["polite", "kill"] as const);
  const step =
    how === "polite"
      ? run.fault(atMs, { do: "restart", host: RELAY, downMs })
      : run.fault(atMs, { do: "crash", host: RELAY, how, downMs });
  run.see({ see: "observed", step });
  for (let i = draw.between("pushes", 3, 8); i > 0; i--) {
    run.push(draw.pick("pusher", run.devices), draw.between("push at", run.settledMs, atMs + downMs + 3000));
  }
  const upMs = atMs + downMs;
  // The first wait is 1 to 6 s, the second 2 to 7 s, the third 4 to 9 s: by then it has been up for long.
  run.demand({ demand: "back", devices: run.devices, fromMs: upMs, withinMs: 16_000 });
  // Evenly, half a second of the five would see a tenth of them.
  run.demand({ demand: "spread", fromMs: atMs + 500, windowMs: 500, dialsMax: Math.ceil(devices / 3) });
  return run.finish(upMs + 16_000);
}

/** A hears and is not heard, for as long as the run's trouble lasts. The others make progress; A finds out and says so. */
export function planUnheard(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, {
    scenario: "W-21",
    devices: draw.between("devices", 3, 4),
    link,
    starring: ["a", "b", "c", "d"],
    extras: extrasWithout("kill-relay", "slicer"),
  });
  const { answerTimeoutMs, connectTimeoutMs } = run.client;
  const fromMs = run.settledMs + draw.between("unheard at", 500, 2000);
  const patienceMs = 3 * answerTimeoutMs;
  const toMs = fromMs + patienceMs + connectTimeoutMs + 12_000;
  const forMs = toMs - fromMs;
  const step = run.fault(fromMs, { do: "partition", left: ["a"], right: [RELAY], oneWay: true, forMs });
  run.see({ see: "observed", step });
  run.see({ see: "relays-failed", device: "a" });
  run.push("a", fromMs + 100);
  run.stream("a", draw.between("a pushes", 1, 4), { fromMs, toMs });
  const others = run.devices.slice(1);
  for (const device of others) {
    // So often that A is never without news: only that nobody answers it can tell.
    run.stream(device, Math.floor(forMs / draw.between(`${device} every`, 3000, 5000)), { fromMs, toMs: toMs - 3000 });
  }
  const withinMs = 500 + 6 * slowestMs(link);
  run.demand({ demand: "acked", devices: others, fromMs, toMs: toMs - 3000, withinMs });
  for (const device of others) {
    run.demand({ demand: "heard", device, fromMs, toMs: toMs - 3000, withinMs: 2 * withinMs });
  }
  const whys = ["silent", "closed", "connect-timeout"];
  run.demand({ demand: "noticed", step, device: "a", whys, withinMs: patienceMs + 2000 });
  return run.finish();
}

/** Links are clogged one by one and freed in another order, under load. */
export function planSwizzle(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, { scenario: "W-22", devices: draw.between("devices", 4, 6), link });
  const fromMs = run.settledMs + draw.between("from", 500, 2000);
  const clogged = shuffled(draw, "clog", run.devices);
  const freed = shuffled(draw, "free", run.devices);
  const spanMs = draw.between("apart", 500, 4000);
  const everMs = fromMs + clogged.length * spanMs;
  for (const [i, device] of clogged.entries()) {
    const atMs = fromMs + i * spanMs;
    const span = { fromMs: atMs, toMs: everMs + (1 + freed.indexOf(device)) * spanMs };
    const stream = draw.pick(`${device} stream`, ["up", "down", "both"] as const);
    const step = run.toxic(device, span, stream, { type: "blocked" });
    run.see({ see: "observed", step });
    run.stream(device, draw.between(`${device} pushes`, 3, 8), { fromMs: run.settledMs, toMs: span.toMs + 2000 });
    // Something that surely runs into it, whichever way is clogged.
    run.push(device, atMs + 50);
  }
  return run.finish();
}

function shuffled(draw: Draw, label: string, from: readonly string[]): readonly string[] {
  const rest = [...from];
  const order: string[] = [];
  while (rest.length > 0) order.push(...rest.splice(draw.between(label, 0, rest.length - 1), 1));
  return order;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * A year in which little happens at a time: now and then a push, a poll, a sweep; blobs reach the end of their ttl and
 * rows that of their retention; the relay restarts, loses its data or an evening of it; devices restart, and are away for
 * longer than anything lasts.
 */
export function planLongHaul(draw: Draw): Plan {
  const rekeyAfterMessages = draw.between("rekey every", 10, 60);
  const run = createWorkload(draw, {
    scenario: "W-25",
    devices: draw.between("devices", 2, 3),
    link: draw.pick("link", EVERYDAY_LINKS),
    relay: {
      rekeyAfterMessages,
      sweepMs: draw.between("sweep hours", 6, 48) * HOUR_MS,
      idleTimeoutMs: 4 * DAY_MS,
      acknowledgedRetentionS: DEFAULT_RELAY_CONFIG.acknowledgedRetentionS,
    },
    client: {
      rekeyAfterMessages,
      pollMs: draw.between("poll hours", 12, 36) * HOUR_MS,
      keepAliveMs: draw.between("keep-alive hours", 12, 48) * HOUR_MS,
    },
    extras: [],
  });
  const yearMs = 365 * DAY_MS;
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} pushes`, 20, 30), { fromMs: run.settledMs, toMs: yearMs });
  }
  // One trouble in each stretch, and calm around it.
  const stretches = draw.between("stretches", 6, 12);
  const stretchMs = Math.floor(yearMs / stretches);
  for (let i = 0; i < stretches; i++) {
    const atMs = i * stretchMs + draw.between("day", 1, Math.floor(stretchMs / DAY_MS / 3)) * DAY_MS;
    const downMs = draw.between("down minutes", 1, 600) * 60_000;
    const device = draw.pick("who", run.devices);
    switch (draw.pick("what", ["restart", "power", "wipe", "rollback", "device", "away", "away", "clock"] as const)) {
      case "restart":
        run.fault(atMs, { do: "restart", host: RELAY, downMs });
        break;
      case "power":
        run.fault(atMs, { do: "crash", host: RELAY, how: "power", downMs });
        break;
      case "wipe":
        run.fault(atMs, { do: "wipe", host: RELAY, downMs });
        break;
      case "rollback":
        run.fault(atMs, { do: "rollback", host: RELAY, agoMs: draw.between("ago hours", 1, 20) * HOUR_MS, downMs });
        break;
      case "device":
        run.fault(atMs, { do: "crash", host: device, how: "power", downMs });
        break;
      case "away": {
        run.order(device, "disconnect", atMs);
        run.order(device, "connect", atMs + draw.between("away days", 1, Math.floor(stretchMs / DAY_MS / 2)) * DAY_MS);
        break;
      }
      case "clock":
        run.fault(atMs, {
          do: "clock",
          host: device,
          how: "step",
          byMs: draw.between("wrong by", -60_000, 60_000),
          forMs: 0,
        });
        break;
    }
  }
  run.see({ see: "acked", blobs: 10 });
  return run.finish();
}
