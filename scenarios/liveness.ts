/**
 * How long a healed run may take to converge, and with how many frames: a formula over what the plan itself says, so
 * that a scenario cannot quietly grant itself more. Generous (each term is the worst case and they are added up, though
 * they hardly ever meet) but finite: whatever retries for ever or storms goes over it. Called once per plan.
 *
 * Time, for the slowest device:
 * - a session that died in the trouble is found out: `keepAliveMs`, then `answerTimeoutMs`, and one more answer;
 * - an attempt begun in the trouble runs into `connectTimeoutMs`;
 * - the wait before the next attempt, the cap plus jitter; twice, as one attempt may meet a session not yet cleared away;
 * - two polls, when hints are lost or not sent at all;
 * - one round trip for each page to pull and each window of pushes to send (twice: again after a reconnect), and the
 *   handshake.
 *
 * Frames, for each device: per blob of its group one hint and so one Pull with its Ack; the pages again from a cold
 * start; a Ping and a Pong per keep-alive; a Pull and an Ack per poll; `RECONNECTS` times all that a connect takes. And
 * each push `PUSH_REPEATS` times over the group.
 *
 * With several relays all of this once for each, one after the other, and the visits: a copy is at the other relay when
 * its pusher has been there, and at the other devices when they have been there after that.
 */
import { BACKOFF, type ClientConfig } from "../core/client/config.ts";
import { NOISE_PLAINTEXT_BYTES_MAX } from "../core/limits.ts";
import { slowestMs } from "./link-profile.ts";
import type { LivenessBound, Step, Topology } from "./plan.ts";
import { sealedBytesMin } from "./sealed-size.ts";

/** What hosts and disks take in one round trip, on the slowest backend. */
const WORK_MS = 50;
const SLACK_MS = 5000;
const HANDSHAKE_ROUND_TRIPS = 4;
const RECONNECTS = 4;
/** Three Noise messages, Hello, Bye, a Pull and its Ack. */
const CONNECT_FRAMES = 7;
const PUSH_REPEATS = 3;

interface GroupLoad {
  blobs: number;
  /** Noise messages that all pushes take once: a long blob takes several. */
  pushFrames: number;
  sealedBytes: number;
}

export function livenessBound(topology: Topology, steps: readonly Step[]): LivenessBound {
  const loads = loadOf(topology, steps);
  const roundTripMs = 2 * slowestMs(topology.link) + WORK_MS;
  let withinMs = 0;
  for (const { group, config, relays } of topology.devices) {
    const load = loads.get(group)!;
    const trips = pagesMax(load, config) + 2 * Math.ceil(load.blobs / config.pushWindow) + HANDSHAKE_ROUND_TRIPS;
    const deadSessionMs = config.keepAliveMs + 2 * config.answerTimeoutMs + config.connectTimeoutMs;
    const waitMs = 2 * (BACKOFF.capMs + BACKOFF.jitterMs) + 2 * config.pollMs;
    const visitsMs = relays.length === 1 ? 0 : 2 * config.visitMs + config.preferAgainMs;
    const perRelayMs = deadSessionMs + trips * roundTripMs;
    withinMs = Math.max(withinMs, relays.length * perRelayMs + waitMs + visitsMs + SLACK_MS);
  }
  let framesMax = 0;
  for (const { pushFrames } of loads.values()) framesMax += PUSH_REPEATS * topology.relays.length * pushFrames;
  for (const { group, config, relays } of topology.devices) {
    const load = loads.get(group)!;
    const pulls = load.blobs + pagesMax(load, config) + Math.ceil(withinMs / config.pollMs);
    const frames = 2 * pulls + 2 * Math.ceil(withinMs / config.keepAliveMs) + RECONNECTS * CONNECT_FRAMES;
    const visits = (relays.length - 1) * Math.ceil(withinMs / config.visitMs);
    framesMax += relays.length * frames + visits * CONNECT_FRAMES;
  }
  return { withinMs, framesMax };
}

/** Everything pushed in the plan, per group: no more than this can be waiting when the run heals. */
function loadOf(topology: Topology, steps: readonly Step[]): ReadonlyMap<string, GroupLoad> {
  const loads = new Map<string, GroupLoad>(
    topology.groups.map(({ name }) => [name, { blobs: 0, pushFrames: 0, sealedBytes: 0 }]),
  );
  const groupOf = new Map(topology.devices.map(({ name, group }) => [name, group]));
  for (const step of steps) {
    if (step.do !== "push") continue;
    const load = loads.get(groupOf.get(step.device)!)!;
    load.blobs++;
    const sealedBytes = sealedBytesMin(step.sizeBytes);
    load.pushFrames += 1 + Math.ceil(sealedBytes / NOISE_PLAINTEXT_BYTES_MAX);
    load.sealedBytes += sealedBytes;
  }
  return loads;
}

/** A page holds at least one blob; two pages in a row together use up one budget; one more for a tail of gone ranges. */
function pagesMax(load: GroupLoad, config: ClientConfig): number {
  const byCount = Math.ceil(load.blobs / config.pullLimit);
  const byBytes = Math.ceil((2 * load.sealedBytes) / config.pullBytesMax);
  return Math.min(load.blobs, byCount + byBytes) + 1;
}
