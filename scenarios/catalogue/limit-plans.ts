/**
 * Plans about what a relay does not take: too large, too much, too fast. One byte decides, the rest of the queue goes on,
 * other groups do not notice. Called by `elsewhere.ts` and `attackers.ts`.
 */
import { BODY_BYTES_MAX } from "../../core/blob/seal.ts";
import { ErrorCode } from "../../core/wire/error-code.ts";
import type { Draw } from "../draw.ts";
import { EVERYDAY_LINKS, LINKS, slowestMs } from "../link-profile.ts";
import { BESIDE_GROUP } from "../names.ts";
import type { Plan } from "../plan.ts";
import { sealedBytesMin } from "../sealed-size.ts";
import { extrasWithout } from "../swarm.ts";
import { createWorkload } from "../workload.ts";

/**
 * One byte below, at and above what a device can seal, or what its relay takes (which is known in sealed, padded bytes: a
 * body of one byte more is the next size). Pages and budgets stay small, and what was accepted comes through all the same.
 */
export function planOversize(draw: Draw): Plan {
  const link = draw.pick("link", [LINKS.lan, LINKS.wifi, LINKS.fiber] as const);
  const isRelays = draw.chance("relay's limit", 2, 3);
  const most = isRelays ? drawBodyLimit(draw) : BODY_BYTES_MAX;
  const run = createWorkload(draw, {
    scenario: "W-11",
    devices: draw.between("devices", 2, 3),
    link,
    ...(isRelays ? { relay: { payloadBytesMax: sealedBytesMin(most) } } : {}),
    client: { pullBytesMax: draw.pick("budget", [300, 5000, 512 * 1024] as const) },
    // A blob that tells of given up numbers is some bytes larger: what dies in mid-push would move the border. A rough
    // link gets pushes of any size to carry.
    extras: extrasWithout("pages", "slicer", "jitter", "ttl", "kill-device", "kill-relay", "pause"),
  });
  let atMs = run.settledMs;
  for (const sizeBytes of [most - 1, most]) run.push("a", (atMs += draw.between("next", 10, 500)), { sizeBytes });
  // Behind what is refused, in one turn and later.
  run.push("a", (atMs += draw.between("next", 500, 1500)), { sizeBytes: most + 1 });
  run.push("a", atMs, { sizeBytes: 20 });
  run.push("b", draw.between("b above", run.settledMs, atMs), { sizeBytes: most + 1 });
  for (const device of run.devices) {
    const toMs = atMs + draw.between(`${device} for`, 500, 3000);
    const small = { sizeBytes: draw.between(`${device} bytes`, 16, 300) };
    run.stream(device, draw.between(`${device} pushes`, 1, 5), { fromMs: run.settledMs, toMs }, small);
  }
  run.push("a", atMs + 4000, { sizeBytes: 30 });
  run.push("b", atMs + 4000, { sizeBytes: 30 });
  for (const device of ["a", "b"]) run.see({ see: "failed", device });
  // All that fits, to the byte: below, at, and the small ones.
  run.demand({ demand: "failed", devices: run.devices, most: 2 });
  return run.finish();
}

/** The longest body of some sealed size. */
function drawBodyLimit(draw: Draw): number {
  let most = draw.between("body limit", 1500, 40_000);
  while (sealedBytesMin(most + 1) === sealedBytesMin(most)) most += 1;
  return most;
}

/**
 * What the relay refuses for good stands at the head of a queue that was filled offline, and further back. It goes, its
 * application hears of it, and the others pass.
 */
export function planStuckOutbox(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const run = createWorkload(draw, {
    scenario: "W-16",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a"],
    offline: ["a"],
    relay: { payloadBytesMax: draw.between("payload limit", 1500, 4000) },
    clientOf: { a: { pushWindow: draw.pick("queue window", [1, 2, 64] as const) } },
    extras: extrasWithout("kill-relay", "slicer", "beside"),
  });
  const dialMs = run.settledMs + draw.between("dial", 1500, 3000);
  run.push("a", run.settledMs, { sizeBytes: draw.between("poison", 5000, 20_000) });
  for (let i = draw.between("queued", 4, 10); i > 0; i--) {
    const isPoison = draw.chance("poison too", 1, 5);
    const sizeBytes = isPoison ? 6000 : draw.between("good", 16, 300);
    run.push("a", draw.between("queued at", run.settledMs + 1, dialMs - 1), { sizeBytes });
  }
  run.order("a", "connect", dialMs);
  for (const device of run.bystanders) {
    const small = { sizeBytes: draw.between(`${device} bytes`, 16, 300) };
    run.stream(device, draw.between(`${device} pushes`, 1, 5), { fromMs: run.settledMs, toMs: dialMs + 3000 }, small);
  }
  run.see({ see: "failed", device: "a" });
  const withinMs = dialMs - run.settledMs + 60 * slowestMs(link) + 2000;
  run.demand({ demand: "acked", devices: ["a"], fromMs: 0, toMs: dialMs, withinMs });
  return run.finish(dialMs + 4000);
}

/**
 * One device pushes without end: into a quota that only what everybody has taken in makes room in, or over its rate. It is
 * told so, and told when to come again; a group beside it is served as ever.
 */
export function planEndlessPushes(draw: Draw): Plan {
  const link = draw.pick("link", EVERYDAY_LINKS);
  const isQuota = draw.chance("quota", 1, 2);
  const run = createWorkload(draw, {
    scenario: "A-RES-04",
    devices: draw.between("devices", 2, 3),
    link,
    starring: ["a", "b", "c"],
    relay: isQuota
      ? { groupBytesMax: draw.between("quota bytes", 1200, 2500), sweepMs: draw.between("quota sweep", 200, 600) }
      : { messagesPerMinute: draw.between("rate", 300, 900), messagesBurst: draw.between("burst", 20, 40) },
    // Others push what they like: a blob larger than the whole quota would wait for ever.
    extras: ["window", "rekey"],
  });
  const fromMs = run.settledMs + draw.between("from", 0, 1000);
  const toMs = fromMs + draw.between("for", 1500, 3000);
  run.addDevice("x", BESIDE_GROUP, true);
  run.addDevice("y", BESIDE_GROUP, true);
  const one = { sizeBytes: draw.between("bytes", 100, 300) };
  run.stream("a", draw.between("a pushes", 50, 70), { fromMs, toMs }, one);
  for (const device of ["x", "y"]) {
    run.stream(device, draw.between(`${device} pushes`, 3, 6), { fromMs, toMs: toMs + 3000 }, { sizeBytes: 40 });
  }
  const code = isQuota ? ErrorCode.GroupQuotaExceeded : ErrorCode.RateLimited;
  run.see({ see: "refused", device: "a", code });
  const withinMs = 500 + 6 * slowestMs(link);
  run.demand({ demand: "acked", devices: ["x", "y"], fromMs, toMs: toMs + 3000, withinMs });
  run.demand({ demand: "heard", device: "y", fromMs, toMs: toMs + 3000, withinMs: 2 * withinMs });
  return run.finish(toMs + 15_000);
}
