/**
 * Plans of family E, handshake: connections are cut after its first, second or third message, or its messages take too
 * long. Noise messages have fixed sizes, so a limit of bytes cuts exactly behind one. Called by `handshake.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS, quickestMs, slowestMs } from "../link-profile.ts";
import type { Plan } from "../plan.ts";
import { RELAY } from "../names.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/** Bytes of one stream up to the end of each handshake message, its u16 length included (`core/noise/channel.ts`). */
const UP_TO_MESSAGE = {
  1: { stream: "up", bytes: 2 + 32 },
  2: { stream: "down", bytes: 2 + 96 },
  3: { stream: "up", bytes: 2 + 32 + (2 + 64) },
} as const;

/**
 * Every attempt of one device is cut as soon as the n-th message has arrived, for a while; it was there before or comes
 * for the first time. After the third, it believes that the handshake is done, and must find out.
 */
function planCutHandshake(draw: Draw, scenario: string, message: 1 | 2 | 3): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const isNew = draw.chance("new", 1, 2);
  const devices = draw.between("devices", 2, 3);
  const offline = isNew ? ["a"] : [];
  const run = createWorkload(draw, { scenario, devices, link, starring: ["a"], offline });
  let fromMs = run.settledMs + draw.between("cut at", 1000, 2000);
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} before`, 1, 3), { fromMs: run.settledMs, toMs: fromMs - 500 });
  }
  for (let cut = draw.between("cuts", 1, 2); cut > 0; cut--) {
    // The application leaves before, so that what is cut is a handshake and no session.
    run.order("a", "disconnect", fromMs - 100 - slowestMs(link));
    const toMs = fromMs + draw.between("cut for", 2000, 12_000);
    const { stream, bytes } = UP_TO_MESSAGE[message];
    const step = run.toxic("a", { fromMs, toMs }, stream, { type: "limit_data", bytes });
    const dialMs = fromMs + draw.between("dial", 1, 500);
    run.order("a", "connect", dialMs);
    run.see({ see: "observed", step });
    run.see({ see: "disconnected", step, device: "a", whys: ["closed"] });
    run.demand({
      demand: "noticed",
      step,
      device: "a",
      whys: ["closed", "connect-timeout", "handshake-failed"],
      withinMs: dialMs - fromMs + run.client.connectTimeoutMs,
    });
    for (const device of run.devices) {
      run.stream(device, draw.between(`${device} during`, 1, 4), { fromMs, toMs });
    }
    fromMs = toMs + draw.between("cut again", 6000, 9000);
  }
  return run.finish();
}

export const planCutAfterFirst = (draw: Draw): Plan => planCutHandshake(draw, "E-HS-01", 1);
export const planCutAfterSecond = (draw: Draw): Plan => planCutHandshake(draw, "E-HS-02", 2);
export const planCutAfterThird = (draw: Draw): Plan => planCutHandshake(draw, "E-HS-03", 3);

const SLOW_MS = 5000;

/**
 * Each handshake message takes five seconds. With the usual limits that is a clear time-out, at either end, again and
 * again; a device and a relay that allow a minute get through.
 */
export function planSlowHandshake(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber] as const);
  const isPatient = draw.chance("patient", 1, 2);
  const minute = { connectTimeoutMs: 60_000, answerTimeoutMs: 20_000, keepAliveMs: 20_000 };
  const run = createWorkload(draw, {
    scenario: "E-HS-04",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a"],
    offline: ["a"],
    relay: isPatient ? { handshakeTimeoutMs: 60_000, idleTimeoutMs: 60_000 } : {},
    ...(isPatient ? { clientOf: { a: minute } } : {}),
    extras: extrasWithout("kill-relay"),
  });
  const dialMs = run.settledMs + draw.between("dial", 500, 3000);
  const toMs = dialMs + (isPatient ? 50_000 : draw.between("slow for", 25_000, 40_000));
  const toxic = { type: "latency", latencyMs: SLOW_MS, jitterMs: 0 } as const;
  const step = run.toxic("a", { fromMs: dialMs - 100, toMs }, "both", toxic);
  run.order("a", "connect", dialMs);
  run.see({ see: "observed", step });
  if (isPatient) {
    run.demand({ demand: "back", devices: ["a"], fromMs: dialMs, withinMs: 60_000 });
    run.demand({ demand: "kept", devices: ["a"], fromMs: dialMs, toMs: toMs - 1000 });
  } else {
    const whys = ["connect-timeout", "closed"];
    run.see({ see: "disconnected", step, device: "a", whys });
    run.demand({ demand: "noticed", step, device: "a", whys, withinMs: run.client.connectTimeoutMs + SLOW_MS });
  }
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} pushes`, 2, 5), { fromMs: dialMs, toMs: dialMs + 20_000 });
  }
  return run.finish();
}

/**
 * The application changes its mind in mid-handshake, several times, while closing takes seconds to arrive: the relay has
 * several handshakes of one device at once, and sessions of it that are over already. One is left.
 */
export function planTwoHandshakes(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.dsl, LINKS.lte, LINKS.intercontinental] as const);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, {
    scenario: "E-HS-06",
    devices,
    link,
    starring: ["a"],
    offline: ["a"],
    extras: extrasWithout("kill-relay", "kill-device", "pause", "late", "ttl"),
  });
  const fromMs = run.settledMs + draw.between("from", 0, 1000);
  const rounds = draw.between("rounds", 3, 6);
  let atMs = fromMs + 100;
  for (let round = 0; round < rounds; round++) {
    run.order("a", "connect", atMs);
    if (draw.chance("push in it", 1, 2)) run.push("a", atMs + 1);
    // Through with the dial, and not yet long through with the Welcome.
    const leaveMs = atMs + draw.between("leaves", 2 * quickestMs(link) + 1, 10 * slowestMs(link));
    run.order("a", "disconnect", leaveMs);
    atMs = leaveMs + draw.between("again", 1, 20);
  }
  run.order("a", "connect", atMs);
  const toMs = atMs + draw.between("slow for", 2000, 5000);
  const delayMs = draw.between("closing", 500, 3000);
  const step = run.toxic("a", { fromMs, toMs }, "up", { type: "slow_close", delayMs });
  run.see({ see: "observed", step });
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} pushes`, 1, 4), { fromMs, toMs });
  }
  // All that closed late has closed by then.
  const sessions = run.extras.has("beside") ? 2 + devices : devices;
  run.demand({ demand: "held", host: RELAY, what: "sessions", most: sessions });
  // The one that is left is told of what others write, like any.
  const quiet = { fromMs: toMs + 4000, toMs: toMs + 5500 };
  run.stream("b", 3, quiet);
  run.demand({ demand: "heard", device: "a", ...quiet, withinMs: 500 + 8 * slowestMs(link) });
  return run.finish(quiet.toMs + 500 + 8 * slowestMs(link));
}
