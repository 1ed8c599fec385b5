/** A progress bar on a terminal, nothing anywhere else. */
import cliProgress from "cli-progress";
import type { SweepRequest, SweepWatch } from "../sweep/sweep.ts";
import { renderCount } from "./figures.ts";

export interface Progress {
  readonly update: SweepWatch;
  stop(): void;
}

export function createProgress(stream: NodeJS.WritableStream | undefined, request: SweepRequest): Progress {
  if (stream === undefined) return { update: () => {}, stop: () => {} };
  const { seedsPerId, timeMs, scenarios, shard } = request;
  const total = timeMs ?? Math.ceil(((seedsPerId ?? 1) * scenarios.length) / shard.of);
  const bar = new cliProgress.SingleBar({
    stream,
    format: "{bar} {percentage} %  {runs} runs{failed}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 50,
  });
  bar.start(total, 0, { runs: "0", failed: "" });
  return {
    update({ seeds, elapsedMs, failed }) {
      const done = timeMs === undefined ? seeds : elapsedMs;
      bar.update(Math.min(done, total), { runs: renderCount(seeds), failed: failed === 0 ? "" : `, ${failed} failed` });
    },
    stop: () => bar.stop(),
  };
}
