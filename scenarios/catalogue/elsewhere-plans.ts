/**
 * Plans of family W: what users of like systems reported. Called by `elsewhere.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS, quickestMs, slowestMs } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Plan } from "../plan.ts";
import { createWorkload } from "../workload.ts";

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
