/** A step of a plan in plain words, for whoever reads a capsule as a story. */
import { unreachable } from "../core/invariant.ts";
import type { DiskFault, FaultStep, Moment, Step, ToxicSpec } from "./plan.ts";
import { isFault } from "./plan.ts";

export function renderStep(step: Step): string {
  if (isFault(step)) return renderFault(step);
  switch (step.do) {
    case "push": {
      const what = step.sizeBytes === 0 ? "an empty blob" : `${step.sizeBytes} bytes`;
      const ttl = step.ttlS === 0 ? "" : `, to be kept for ${renderMs(1000 * step.ttlS)}`;
      return `${step.device} pushes ${what} (${step.op.slice(0, 8)})${ttl}`;
    }
    case "pull":
      return `${step.device} asks for what is new`;
    case "connect":
      return `${step.device} is told to be online`;
    case "disconnect":
      return `${step.device} is told to be offline`;
    default:
      return unreachable(step);
  }
}

function renderFault(step: FaultStep): string {
  const text = renderEffect(step);
  return step.when === undefined ? text : `when ${renderMoment(step.when)}: ${text}`;
}

function renderMoment(moment: Moment): string {
  if (moment.on === "sent") {
    return `the ${renderNth(moment.nth)} ${moment.message} of ${moment.host} to ${moment.to} is on its way`;
  }
  return `the store of ${moment.host} has ${moment.stage} its ${renderNth(moment.nth)} transaction`;
}

function renderNth(nth: number): string {
  const last = nth % 100 >= 11 && nth % 100 <= 13 ? 0 : nth % 10;
  return `${nth}${["th", "st", "nd", "rd"][last] ?? "th"}`;
}

function renderEffect(step: FaultStep): string {
  switch (step.do) {
    case "toxic":
      return `the link ${step.dialler}–${step.listener} ${renderToxic(step.toxic)} ${renderWay(step)}for ${renderMs(step.forMs)}`;
    case "partition": {
      const [left, right] = [step.left.join(", "), step.right.join(", ")];
      const cut = step.oneWay
        ? `nothing passes from ${left} to ${right}`
        : `nothing passes between ${left} and ${right}`;
      return `${cut} for ${renderMs(step.forMs)}`;
    }
    case "crash": {
      const how = step.how === "kill" ? "is killed" : "loses power";
      return `${step.host} ${how}, and starts again after ${renderMs(step.downMs)}`;
    }
    case "restart": {
      const quota = step.groupBytesMax === undefined ? "" : ` with a quota of ${step.groupBytesMax} bytes a group`;
      return `${step.host} is asked to stop, and starts again after ${renderMs(step.downMs)}${quota}`;
    }
    case "pause":
      return `${step.host} is frozen for ${renderMs(step.forMs)}`;
    case "wipe":
      return `${step.host} loses its disk, and starts again after ${renderMs(step.downMs)}`;
    case "rollback":
      return `${step.host} gets back its disk of ${renderMs(step.agoMs)} ago, and starts again after ${renderMs(step.downMs)}`;
    case "clock": {
      const by = `${step.byMs < 0 ? "−" : "+"}${renderMs(Math.abs(step.byMs))}`;
      return step.how === "step"
        ? `the wall clock of ${step.host} jumps by ${by}`
        : `the wall clock of ${step.host} is off by ${by} for ${renderMs(step.forMs)}`;
    }
    case "disk":
      return `the disk of ${step.host} ${renderDisk(step.disk)} for ${renderMs(step.forMs)}`;
    case "withhold":
      return `the ${renderNth(step.nth)} ${step.message} for ${step.host} is withheld`;
    default:
      return unreachable(step);
  }
}

function renderWay({ stream, dialler }: Extract<FaultStep, { do: "toxic" }>): string {
  if (stream === "both") return "";
  return stream === "up" ? `(from ${dialler}) ` : `(to ${dialler}) `;
}

function renderToxic(toxic: ToxicSpec): string {
  switch (toxic.type) {
    case "latency":
      return `takes ${toxic.latencyMs}${toxic.jitterMs === 0 ? "" : ` ± ${toxic.jitterMs}`} ms more`;
    case "bandwidth":
      return `carries ${toxic.bytesPerS} bytes a second`;
    case "slow_close":
      return `closes ${renderMs(toxic.delayMs)} late`;
    case "timeout":
      return `carries nothing and closes after ${renderMs(toxic.timeoutMs)}`;
    case "reset_peer":
      return `resets every connection after ${renderMs(toxic.timeoutMs)}`;
    case "slicer":
      return `hands over slices of about ${toxic.averageBytes} bytes`;
    case "limit_data":
      return `closes each connection after ${toxic.bytes} bytes`;
    case "down":
      return "is down";
    case "loss":
      return `loses ${toxic.permille} ‰ of its segments${toxic.burst === 1 ? "" : `, ${toxic.burst} in a row`},`;
    case "blocked":
      return "carries nothing";
    case "tamper":
      return `is tampered with (${toxic.how})`;
    default:
      return unreachable(toxic);
  }
}

function renderDisk(disk: DiskFault): string {
  switch (disk.type) {
    case "full":
      return "is full";
    case "slow":
      return `takes ${disk.syncMs} ms more for each sync`;
    case "write-error":
      return `fails ${disk.permille} ‰ of its writes`;
    case "bit-rot":
      return `has ${disk.bits} bits flipped`;
    case "lost-fsync":
      return "says that it synced, and did not,";
    default:
      return unreachable(disk);
  }
}

/** `800 ms`, `2 s`, `2.5 s`. */
export function renderMs(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
