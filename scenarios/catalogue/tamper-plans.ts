/**
 * Plans with a malicious middle: it sees Noise messages by their length and flips, cuts, repeats, delays, replays or makes
 * up one of each connection. Whoever gets it refuses it and ends the connection; nothing moves, and a later connection
 * goes on. Called by `handshake.ts` and `attackers.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, slowestMs } from "../link-profile.ts";
import type { Plan, ToxicSpec } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload, type Workload } from "../workload.ts";

type How = Extract<ToxicSpec, { type: "tamper" }>["how"];

/** How an end sees that somebody tampered: it refuses a message, or the other end did and closed. */
const REFUSED = ["closed", "invalid-message", "handshake-failed", "page-refused"] as const;

export const planFlip = (draw: Draw): Plan => planTransport(draw, "E-ENC-01", ["flip"]);
export const planTruncate = (draw: Draw): Plan => planTransport(draw, "E-ENC-02", ["truncate"]);
export const planReplay = (draw: Draw): Plan => planTransport(draw, "E-ENC-03", ["replay", "duplicate"]);

/** Old messages, of this connection and of earlier ones, and made up ones, again and again, both ways. */
export const planInjection = (draw: Draw): Plan =>
  planTransport(draw, "A-PROTO-02", ["replay", "inject", "reorder", "duplicate"]);

/** A live session is struck in mid-traffic, several times: in either direction, at a message of the seed's choice. */
function planTransport(draw: Draw, scenario: string, hows: readonly [How, ...How[]]): Plan {
  const run = createTampered(draw, scenario, []);
  let fromMs = run.settledMs + draw.between("tamper at", 500, 2000);
  for (let strike = draw.between("strikes", 1, 3), first = true; strike > 0; strike--, first = false) {
    const toMs = fromMs + draw.between("tamper for", 2000, 6000);
    const stream = draw.pick("stream", ["up", "down", "both"] as const);
    const skip = draw.between("skip", 0, 3);
    const step = run.toxic("a", { fromMs, toMs }, stream, { type: "tamper", how: draw.pick("how", hows), skip });
    run.see({ see: "observed", step });
    // A later one may meet the device while it waits to try again.
    if (first) run.see({ see: "disconnected", step, device: "a", whys: REFUSED });
    // Enough to come by the message that is to be struck, whichever way.
    for (let i = 0; i < 6; i++) run.push("a", fromMs + 20 + i * draw.between("every", 50, 150));
    for (const device of run.devices) {
      run.stream(device, draw.between(`${device} during`, 1, 3), { fromMs: fromMs + 50, toMs });
    }
    fromMs = toMs + draw.between("again", 6000, 9000);
  }
  return run.finish();
}

/**
 * Messages of the handshake are split to the byte, or come twice, swapped, replayed, changed, cut or made up. Split ones
 * are put together; the others end the attempt, and no session comes of it.
 */
export function planHandshakeTampering(draw: Draw): Plan {
  const run = createTampered(draw, "E-HS-05", ["a"]);
  const fromMs = run.settledMs + draw.between("from", 200, 1500);
  const toMs = fromMs + draw.between("for", 3000, 9000);
  const dialMs = fromMs + draw.between("dial", 1, 300);
  run.order("a", "connect", dialMs);
  if (draw.chance("split", 1, 4)) {
    const averageBytes = draw.between("piece", 1, 12);
    const step = run.toxic("a", { fromMs, toMs }, "both", {
      type: "slicer",
      averageBytes,
      delayMs: draw.between("gap", 0, 3),
    });
    run.see({ see: "observed", step });
    const withinMs = run.client.connectTimeoutMs;
    run.demand({ demand: "back", devices: ["a"], fromMs: dialMs, withinMs });
    run.demand({ demand: "kept", devices: ["a"], fromMs: dialMs, toMs });
  } else {
    const how = draw.pick("how", ["duplicate", "reorder", "replay", "flip", "truncate", "inject"] as const);
    // Up go messages 1 and 3, down goes message 2; a replay is of one that came before.
    const stream = how === "replay" ? "up" : draw.pick("stream", ["up", "down"] as const);
    const skip = stream === "up" && how !== "replay" ? draw.between("skip", 0, 1) : 0;
    const step = run.toxic("a", { fromMs, toMs }, stream, { type: "tamper", how, skip });
    run.see({ see: "observed", step });
    // What is held back until the middle goes may still come in time.
    if (how !== "reorder") {
      const whys = [...REFUSED, "wrong-relay", "connect-timeout"];
      run.demand({ demand: "noticed", step, device: "a", whys, withinMs: run.client.connectTimeoutMs + 1000 });
    }
  }
  for (const device of run.devices) {
    run.stream(device, draw.between(`${device} pushes`, 2, 5), { fromMs, toMs });
  }
  return run.finish(toMs + run.client.connectTimeoutMs);
}

function createTampered(draw: Draw, scenario: string, offline: readonly string[]): Workload {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const extras = extrasWithout("slicer", "kill-relay");
  const run = createWorkload(draw, { scenario, devices, link, starring: ["a"], offline, extras });
  for (const device of run.devices) {
    const toMs = run.settledMs + 400 + slowestMs(link);
    run.stream(device, draw.between(`${device} before`, 1, 3), { fromMs: run.settledMs, toMs });
  }
  return run;
}
