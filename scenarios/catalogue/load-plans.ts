/**
 * Plans of family S without any fault: much at once, in alternation, across each other, or twice the same. Called by
 * `sync.ts`.
 */
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS, LONG_LINKS, slowestMs } from "../link-profile.ts";
import { OP_BYTES } from "../payload.ts";
import type { Plan } from "../plan.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/** Every application pushes and pulls in quick alternation, faster than a round trip. */
export function planAlternation(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const devices = draw.between("devices", 2, 3);
  const run = createWorkload(draw, { scenario: "S-SM-04", devices, link });
  for (const device of run.devices) {
    let atMs = run.settledMs + draw.between(`${device} from`, 0, 500);
    for (let turn = draw.between(`${device} turns`, 10, 25); turn > 0; turn--) {
      run.push(device, atMs);
      run.order(device, "pull", atMs + draw.between(`${device} pull`, 0, 15));
      atMs += draw.between(`${device} turn`, 1, 40);
    }
  }
  run.see({ see: "crossed", pusher: "a", puller: "a" });
  run.seeAllAcked();
  return run.finish();
}

/** One device comes back to many small pages; another goes on pushing while it takes them in. */
export function planPushWhilePulling(draw: Draw): Plan {
  const link = draw.pick("link", LONG_LINKS);
  const pullLimit = draw.between("pull limit", 1, 3);
  const run = createWorkload(draw, {
    scenario: "S-CONC-02",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b"],
    clientOf: { b: { pullLimit } },
    extras: extrasWithout("pages", "window", "kill-relay", "pause", "jitter"),
  });
  const blobs = draw.between("blobs", 12, 24);
  run.order("b", "disconnect", run.settledMs);
  const lastMs = run.settledMs + 1000 + draw.between("pushes for", 1000, 3000);
  run.stream("a", blobs, { fromMs: run.settledMs + 200, toMs: lastMs });
  const backMs = lastMs + 4 * slowestMs(link) + 500;
  run.order("b", "connect", backMs);
  const during = draw.between("during", 6, 12);
  const pages = Math.ceil((blobs + during) / pullLimit) + 2;
  const tripMs = 2 * slowestMs(link) + 100;
  const toMs = backMs + pages * tripMs;
  run.stream("a", during, { fromMs: backMs + 4 * slowestMs(link), toMs });
  run.see({ see: "crossed", pusher: "a", puller: "b" });
  // It has to take in all that came before, page by page, and is told of what comes meanwhile.
  const withinMs = (pages + 6) * tripMs;
  run.demand({ demand: "heard", device: "b", fromMs: backMs, toMs, withinMs });
  return run.finish(toMs + withinMs);
}

/**
 * A thousand blobs of a kilobyte and more, in one seed of sixteen ten thousand, as fast as the application can hand them
 * over: all of them, once, in order.
 */
export function planTenThousand(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber] as const);
  const run = createWorkload(draw, {
    scenario: "S-BLOB-02",
    devices: 2,
    link,
    starring: ["a", "b"],
    extras: extrasWithout("pages", "window", "slicer", "late", "jitter"),
  });
  const blobs = draw.chance("all", 1, 16) ? 10_000 : draw.between("blobs", 500, 1500);
  const fromMs = run.settledMs;
  // Eight a millisecond: nobody waits for an answer.
  for (let i = 0; i < blobs; i++) run.push("a", fromMs + (i >> 3), { sizeBytes: 1024 });
  run.push("b", fromMs + draw.between("b push", 0, 1000));
  run.see({ see: "acked", blobs });
  return run.finish(fromMs + (blobs >> 3) + 5000);
}

/** Two devices push the same bytes, at one moment or one after the other: two blobs, and everybody has both. */
export function planSameContent(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, {
    scenario: "S-BLOB-03",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b"],
    extras: extrasWithout("kill-device"),
  });
  let atMs = run.settledMs;
  for (let pair = draw.between("pairs", 2, 8); pair > 0; pair--) {
    const op = draw.hex("content", OP_BYTES);
    const same = { op, sizeBytes: draw.between("bytes", OP_BYTES, 3000) };
    run.push("a", atMs, same);
    run.push("b", atMs + draw.pick("apart", [0, 0, 1, draw.between("later", 2, 2000)] as const), same);
    atMs += draw.between("next", 1, 1500);
  }
  for (const device of run.bystanders) run.stream(device, 2, { fromMs: run.settledMs, toMs: atMs });
  run.seeAllAcked();
  return run.finish();
}
