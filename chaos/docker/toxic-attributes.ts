/** A plan's toxic in Toxiproxy's words: types, attributes, units; validated, because a wrong value ends the server. */
import type { ToxicSpec } from "../../scenarios/plan.ts";
import { FaultError } from "../world/fault-error.ts";
import type { Watch } from "./packet-fault.ts";

const BYTES_PER_RATE = 1000;

export function typeOf(toxic: ToxicSpec): string {
  return toxic.type;
}

export function attributesOf(toxic: ToxicSpec): Readonly<Record<string, number>> {
  const whole = (name: string, value: number, min: number): number => {
    if (Number.isSafeInteger(value) && value >= min) return value;
    throw new FaultError(`a toxic ${toxic.type} takes a whole ${name} of at least ${min}, not ${value}`);
  };
  switch (toxic.type) {
    case "latency":
      // Its own jitter takes no seed: `DelayWalk` moves the latency instead.
      return { latency: whole("latency", toxic.latencyMs, 0), jitter: 0 };
    case "bandwidth":
      // 0 would stall for ever, and a negative one ends the server.
      return { rate: whole("rate", Math.max(1, Math.round(toxic.bytesPerS / BYTES_PER_RATE)), 1) };
    case "slow_close":
      return { delay: whole("delay", toxic.delayMs, 0) };
    case "timeout":
    case "reset_peer":
      return { timeout: whole("timeout", toxic.timeoutMs, 0) };
    case "slicer":
      return {
        average_size: whole("average size", toxic.averageBytes, 1),
        size_variation: 0,
        delay: whole("delay", 1000 * toxic.delayMs, 0),
      };
    case "limit_data":
      return { bytes: whole("number of bytes", toxic.bytes, 0) };
    case "down":
    case "loss":
    case "blocked":
    case "tamper":
      throw new FaultError(`Toxiproxy has no toxic ${toxic.type}`);
  }
}

/** What must be seen on the link for the toxic to have met something. */
export function watchOf(toxic: ToxicSpec): Watch {
  switch (toxic.type) {
    case "latency":
    case "bandwidth":
    case "timeout":
    case "reset_peer":
    case "slicer":
      return "data";
    case "slow_close":
    case "limit_data":
      return "ends";
    default:
      return "all";
  }
}

/** Toxiproxy counts in thousands of bytes a second. */
export function isWholeRate(bytesPerS: number): boolean {
  return bytesPerS >= BYTES_PER_RATE && bytesPerS % BYTES_PER_RATE === 0;
}
