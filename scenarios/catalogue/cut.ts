/**
 * The ways in which one device's connection is cut in the middle of something: reset, refused for a moment, starved,
 * ended after so many bytes, or lost in a partition, short or long enough to be given up. Which one is drawn from the
 * seed. Each lasts for at least two round trips, so that something does run into it. Called by the S-SM plans.
 */
import { slowestMs } from "../link-profile.ts";
import { RELAY } from "../names.ts";
import type { Workload } from "../workload.ts";

export interface CutLimits {
  /** Fewer bytes than the next thing to be sent up, or down. */
  readonly upBytes: number;
  readonly downBytes: number;
}

/** The id of the step that cuts. */
export function addCut(run: Workload, device: string, atMs: number, limits: CutLimits): number {
  const { draw } = run;
  const leastMs = 100 + 4 * slowestMs(run.link);
  const span = { fromMs: atMs, toMs: atMs + draw.between("cut for", leastMs, leastMs + 2500) };
  switch (draw.pick("cut", ["reset", "down", "timeout", "limit", "partition"] as const)) {
    case "reset":
      return run.toxic(device, span, "both", { type: "reset_peer", timeoutMs: 0 });
    case "down":
      return run.toxic(device, span, "both", { type: "down" });
    case "timeout": {
      const stream = draw.pick("cut stream", ["up", "down", "both"] as const);
      return run.toxic(device, span, stream, { type: "timeout", timeoutMs: draw.between("cut timeout", 20, 500) });
    }
    case "limit": {
      const stream = draw.pick("cut stream", ["up", "down"] as const);
      const most = stream === "up" ? limits.upBytes : limits.downBytes;
      return run.toxic(device, span, stream, { type: "limit_data", bytes: draw.between("cut after", 0, most) });
    }
    case "partition": {
      const isLong = draw.chance("cut long", 1, 3);
      const givenUpMs = run.client.keepAliveMs + run.client.answerTimeoutMs;
      const forMs = isLong ? leastMs + givenUpMs : span.toMs - atMs;
      const oneWay = draw.chance("cut one way", 1, 3);
      return run.fault(atMs, { do: "partition", left: [device], right: [RELAY], oneWay, forMs });
    }
  }
}
