/**
 * Plans of family E, handshake: connections are cut after its first, second or third message, or its messages take too
 * long. Noise messages have fixed sizes, so a limit of bytes cuts exactly behind one. Called by `handshake.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, slowestMs } from "../link-profile.ts";
import type { Plan } from "../plan.ts";
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
