/**
 * Trouble is not made worse: by their backoff devices try seldom, and load falls back when the trouble is over. In any
 * ten seconds a device dials one relay five times at most, and again as often for each time that it was woken (its
 * application connected, its host came back, everything was healed); one blob is refused for now six times at most,
 * and again as often for each of those dials. From convergence to quiet each device sends no more than its keep-alive,
 * its poll and some late acknowledgements.
 */
import type { Checker } from "../checker.ts";
import type { PhaseRecord } from "../history.ts";
import { isFault, type FaultStep } from "../plan.ts";
import { shortId } from "./render-place.ts";

const WINDOW_MS = 10_000;
/** 0, 1, 3 and 7 s, when there is no jitter; and one. */
const DIALS_MAX = 5;
const REFUSALS_MAX = 6;
/** For each device and relay in two seconds: a Ping, a poll with its Ack, and as much again from before. */
const QUIET_FRAMES_MAX = 16;
const QUIET_MS = 2000;

/** Times of what happened lately, oldest first. */
class Window {
  readonly #times: number[] = [];

  add(at: number): void {
    this.#times.push(at);
  }

  countAt(at: number): number {
    while (this.#times.length > 0 && this.#times[0]! <= at - WINDOW_MS) this.#times.shift();
    return this.#times.length;
  }
}

class Windows {
  readonly #windows = new Map<string, Window>();

  at(key: string): Window {
    let window = this.#windows.get(key);
    if (window === undefined) this.#windows.set(key, (window = new Window()));
    return window;
  }
}

export const noStorm: Checker = {
  name: "no-storm",
  holdsWhen: "reconnects and retries stay under their bound, and load falls back after the trouble",
  enforces: [9, 12],
  start(plan, report) {
    const dials = new Windows();
    const dialsOfDevice = new Windows();
    const refusals = new Windows();
    const wakes = new Windows();
    const names = plan.topology.devices.map((device) => device.name);
    const steps = new Map<number, FaultStep>();
    /** What the applications order, ascending. */
    const orders: { readonly at: number; readonly device: string }[] = [];
    for (const step of plan.steps) {
      if (isFault(step)) steps.set(step.id, step);
      else if (step.do === "connect") orders.push({ at: step.atMs, device: step.device });
    }
    let nextOrder = 0;
    let converged: PhaseRecord | undefined;

    function wakeUntil(at: number): void {
      for (; nextOrder < orders.length && orders[nextOrder]!.at <= at; nextOrder++) {
        wakes.at(orders[nextOrder]!.device).add(orders[nextOrder]!.at);
      }
    }

    function judgeQuiet(quiet: PhaseRecord, since: PhaseRecord): void {
      let most = 0;
      for (const { relays } of plan.topology.devices) most += relays.length * QUIET_FRAMES_MAX;
      most *= Math.max(1, Math.ceil((quiet.at - since.at) / QUIET_MS));
      const frames = quiet.frames - since.frames;
      if (frames <= most) return;
      const message = `the devices sent ${frames} frames from ${since.at} to ${quiet.at} ms with nothing left to do, ${most} is the most`;
      report({ kind: "load-stays", message, witness: [since, quiet] });
    }

    return {
      on: {
        op(record) {
          if (record.f !== "connect" || record.outcome !== "invoke") return;
          const { at, device, relay = "" } = record;
          wakeUntil(at);
          const recent = dials.at(`${device} ${relay}`);
          recent.add(at);
          dialsOfDevice.at(device).add(at);
          const most = DIALS_MAX * (1 + wakes.at(device).countAt(at));
          const count = recent.countAt(at);
          if (count <= most) return;
          const message = `${device} dialled ${relay} ${count} times in the ${WINDOW_MS} ms before ${at} ms, ${most} is the most`;
          report({ kind: "reconnect-storm", message, witness: [record] });
        },
        refused(record) {
          const { at, device, blob } = record;
          if (!record.retryable) return;
          const recent = refusals.at(`${device} ${blob}`);
          recent.add(at);
          const most = REFUSALS_MAX * (1 + dialsOfDevice.at(device).countAt(at));
          const count = recent.countAt(at);
          if (count <= most) return;
          const message = `blob ${shortId(blob)} of ${device} was refused ${count} times in the ${WINDOW_MS} ms before ${at} ms, ${most} is the most`;
          report({ kind: "retry-storm", message, witness: [record] });
        },
        fault(record) {
          if (record.stage !== "healed") return;
          const step = steps.get(record.step);
          if (step !== undefined && "host" in step) wakes.at(step.host).add(record.at);
        },
        phase(record) {
          if (record.phase === "healed") for (const name of names) wakes.at(name).add(record.at);
          else if (record.phase === "converged") converged = record;
          else if (record.phase === "quiet" && converged !== undefined) judgeQuiet(record, converged);
        },
      },
    };
  },
};
