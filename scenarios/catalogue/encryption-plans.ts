/** Plans of family E, encryption, with an honest network: many messages, and keys that change in mid-transfer. */
import type { Draw } from "../draw.ts";
import { LINKS, STEADY_LINKS } from "../link-profile.ts";
import { OP_BYTES } from "../payload.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/** A thousand messages a second over a slow link: none under the nonce of another, and no queue that stays. */
export function planThousandPerSecond(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber] as const);
  const run = createWorkload(draw, {
    scenario: "E-ENC-04",
    devices: 2,
    link,
    starring: ["a", "b"],
    // What is in flight is counted at healing: a relay or device that fell just before it would have a right to some.
    extras: extrasWithout("pages", "window", "slicer", "kill-relay", "kill-device"),
  });
  const fromMs = run.settledMs + draw.between("from", 0, 500);
  const toMs = fromMs + draw.between("for", 700, 1300);
  const latencyMs = draw.between("latency", 50, 250);
  const slow = { fromMs: fromMs - 1, toMs: toMs + 10_000 };
  const step = run.toxic("a", slow, "both", { type: "latency", latencyMs, jitterMs: draw.between("jitter", 0, 50) });
  run.see({ see: "observed", step });
  let pushes = 0;
  for (let atMs = fromMs; atMs < toMs; atMs++, pushes++) {
    run.push("a", atMs, { sizeBytes: draw.between("size", OP_BYTES, 120) });
  }
  run.stream("b", draw.between("b pushes", 3, 10), { fromMs, toMs });
  run.see({ see: "acked", blobs: pushes });
  run.demand({ demand: "held", host: "a", what: "inFlight", most: 0 });
  return run.finish(toMs + 10_000);
}

/** Both ends take new keys every few messages, also in the middle of one large blob. */
export function planRekeyInTransfer(draw: Draw): Plan {
  const link = draw.pick("link", STEADY_LINKS);
  const rekeyAfterMessages = draw.between("rekey every", 1, 6);
  const run = createWorkload(draw, {
    scenario: "E-ENC-05",
    devices: draw.between("devices", 2, 3),
    link,
    relay: { rekeyAfterMessages },
    client: { rekeyAfterMessages },
  });
  const span = { fromMs: run.settledMs, toMs: run.settledMs + draw.between("load for", 3000, 8000) };
  for (const device of run.devices) {
    // A Noise message holds 64 KiB: these take two to eight.
    for (let i = draw.between(`${device} large`, 1, 2); i > 0; i--) {
      const sizeBytes = draw.between(`${device} large bytes`, 70_000, 450_000);
      run.push(device, draw.between(`${device} large at`, span.fromMs, span.toMs), { sizeBytes });
    }
    run.stream(device, draw.between(`${device} pushes`, 4, 10), span);
  }
  run.seeAllAcked();
  return run.finish();
}
