/**
 * Trouble is not made worse: by their backoff devices try seldom, and load falls back when the trouble is over. In any
 * ten seconds a device dials one relay five times at most, and again as often for each time that it was woken (its
 * application connected, its host came back, everything was healed); one blob is refused for now six times at most,
 * and again as often for each of those dials. Whoever failed several times in a row, and was not woken, waits longer
 * each time (seen only with one relay: with several, each has a wait of its own and one round begins after the
 * shortest). From convergence to quiet each device sends no more than its keep-alive, its poll and some late
 * acknowledgements.
 */
import { BACKOFF } from "../../core/client/config.ts";
import type { Checker } from "../checker.ts";
import type { OperationRecord, PhaseRecord } from "../history.ts";
import { shortId } from "./render-place.ts";

const WINDOW_MS = 10_000;
/** 0, 1, 3 and 7 s, when there is no jitter; and one. */
const DIALS_MAX = 5;
const REFUSALS_MAX = 6;
/** For each device and relay in two seconds: a Ping, a poll with its Ack, and as much again from before. */
const QUIET_FRAMES_MAX = 16;
const QUIET_MS = 2000;
/** A real timer may fire a little early. */
const EARLY_SHARE = 0.05;

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

/** Attempts of one device that failed since it was last connected or woken; one that its application ended is none. */
interface Failures {
  count: number;
  last: OperationRecord | undefined;
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
  start(plan, report, { faults }) {
    const dials = new Windows();
    const dialsOfDevice = new Windows();
    const refusals = new Windows();
    const wakes = new Windows();
    const names = plan.topology.devices.map((device) => device.name);
    /** What the applications order, ascending. */
    const orders: { readonly at: number; readonly device: string }[] = [];
    for (const step of plan.steps) {
      if (step.do === "connect") orders.push({ at: step.atMs, device: step.device });
    }
    const failures = new Map<string, Failures>();
    for (const { name, relays } of plan.topology.devices) {
      if (relays.length === 1) failures.set(name, { count: 0, last: undefined });
    }
    let nextOrder = 0;
    let isHealed = false;
    let converged: PhaseRecord | undefined;

    function wake(device: string, at: number): void {
      wakes.at(device).add(at);
      const failed = failures.get(device);
      if (failed !== undefined) failed.count = 0;
    }

    function wakeUntil(at: number): void {
      for (; nextOrder < orders.length && orders[nextOrder]!.at <= at; nextOrder++) {
        wake(orders[nextOrder]!.device, orders[nextOrder]!.at);
      }
    }

    /** By the doubling alone: the jitter comes on top. */
    function judgeWait(record: OperationRecord): void {
      const { at, device } = record;
      const failed = failures.get(device);
      if (failed?.last === undefined) return;
      const { count, last } = failed;
      const waitedMs = at - last.at;
      const isWoken = wakes.at(device).countAt(at) > 0;
      // A process that was frozen hears only then that it was woken, and begins anew.
      if (isWoken && waitedMs < BACKOFF.firstMs * (1 - EARLY_SHARE)) failed.count = 0;
      // Healing wakes everybody, and may be written down after the dials that it brings.
      const isHealing = !isHealed && at >= plan.healAtMs;
      if (count < 2 || isHealing || isWoken) return;
      const leastMs = Math.min(BACKOFF.capMs, BACKOFF.firstMs * 2 ** Math.min(count - 1, 20));
      if (waitedMs >= leastMs * (1 - EARLY_SHARE)) return;
      const message = `${device} dialled again ${waitedMs} ms after it had failed ${count} times in a row, ${leastMs} ms are the least`;
      report({ kind: "short-wait", message, witness: [last, record] });
    }

    function settle(record: OperationRecord): void {
      wakeUntil(record.at);
      const failed = failures.get(record.device);
      if (failed === undefined || record.error === "closed-by-application") return;
      failed.count = record.outcome === "ok" ? 0 : failed.count + 1;
      failed.last = record;
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
        connect(record) {
          const { at, device, relay = "" } = record;
          wakeUntil(at);
          judgeWait(record);
          const recent = dials.at(`${device} ${relay}`);
          recent.add(at);
          dialsOfDevice.at(device).add(at);
          const most = DIALS_MAX * (1 + wakes.at(device).countAt(at));
          const count = recent.countAt(at);
          if (count <= most) return;
          const message = `${device} dialled ${relay} ${count} times in the ${WINDOW_MS} ms before ${at} ms, ${most} is the most`;
          report({ kind: "reconnect-storm", message, witness: [record] });
        },
        "connect-end": settle,
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
          const step = faults.at(record.step);
          if (step !== undefined && "host" in step) wake(step.host, record.at);
        },
        phase(record) {
          if (record.phase === "healed") {
            isHealed = true;
            for (const name of names) wake(name, record.at);
          } else if (record.phase === "converged") converged = record;
          else if (record.phase === "quiet" && converged !== undefined) judgeQuiet(record, converged);
        },
      },
    };
  },
};
