/**
 * A toxic of a plan as what a Toxiproxy-compatible server is told: its type and its attributes in that server's names
 * and units, for each direction. Everything is checked here, because a real server crashes or hangs on some values.
 * What a real server does not know stays in our words: only the embedded proxy takes it.
 */
import { createDraw } from "../../scenarios/draw.ts";
import type { LinkProfile, ToxicSpec } from "../../scenarios/plan.ts";
import { FaultError } from "../world/fault-error.ts";

export interface ToxicBody {
  readonly type: string;
  readonly attributes: { readonly [name: string]: number | string };
}

export interface BodyOptions {
  /** The server draws jitter from a seed of its own; without, it is drawn here, once. */
  readonly drawsJitter: boolean;
  readonly seed: string;
}

/** Below this many bytes a second, Toxiproxy's whole kilobytes are too coarse: the stream goes in slices, one in so long. */
const RATE_BYTES = 1000;
const SLICE_MS = 100;
const MS_MAX = 24 * 3600 * 1000;

/** `undefined` for `down`, which is no toxic but a disabled proxy. */
export function toxicBody(toxic: ToxicSpec, options: BodyOptions): ToxicBody | undefined {
  switch (toxic.type) {
    case "latency":
      return latencyBody(toxic, options);
    case "bandwidth":
      return bandwidthBody(whole("bytesPerS", toxic.bytesPerS, 1));
    case "slow_close":
      return { type: "slow_close", attributes: { delay: milliseconds("delayMs", toxic.delayMs) } };
    case "timeout":
      return { type: "timeout", attributes: { timeout: milliseconds("timeoutMs", toxic.timeoutMs) } };
    case "reset_peer":
      return { type: "reset_peer", attributes: { timeout: milliseconds("timeoutMs", toxic.timeoutMs) } };
    case "slicer": {
      const average = whole("averageBytes", toxic.averageBytes, 1);
      const delay = 1000 * milliseconds("delayMs", toxic.delayMs);
      return { type: "slicer", attributes: { average_size: average, size_variation: average >> 1, delay } };
    }
    case "limit_data":
      return { type: "limit_data", attributes: { bytes: whole("bytes", toxic.bytes, 0) } };
    case "loss": {
      const permille = whole("permille", toxic.permille, 1);
      if (permille > 999) throw new FaultError(`a loss of ${permille} permille is no loss: that is "blocked"`);
      return { type: "loss", attributes: { permille, burst: whole("burst", toxic.burst, 1) } };
    }
    case "blocked":
      return { type: "blocked", attributes: {} };
    case "tamper":
      return { type: "tamper", attributes: { how: toxic.how, skip: toxic.skip } };
    case "down":
      return undefined;
  }
}

/** The standing condition of a link. */
export function profileBody({ latencyMs, jitterMs }: LinkProfile, options: BodyOptions): ToxicBody {
  return latencyBody({ latencyMs, jitterMs }, options);
}

/** A plan adds up to the jitter to the latency; Toxiproxy takes it off as well, so the middle is moved. */
function latencyBody(
  { latencyMs, jitterMs }: { readonly latencyMs: number; readonly jitterMs: number },
  { drawsJitter, seed }: BodyOptions,
): ToxicBody {
  const latency = milliseconds("latencyMs", latencyMs);
  const spread = milliseconds("jitterMs", jitterMs);
  if (!drawsJitter) {
    const drawn = createDraw("0x0", `jitter/${seed}`).between("jitter", 0, spread);
    return { type: "latency", attributes: { latency: latency + drawn, jitter: 0 } };
  }
  const jitter = (spread + 1) >> 1;
  return { type: "latency", attributes: { latency: latency + jitter, jitter } };
}

function bandwidthBody(bytesPerS: number): ToxicBody {
  if (bytesPerS >= RATE_BYTES) {
    return { type: "bandwidth", attributes: { rate: Math.round(bytesPerS / RATE_BYTES) } };
  }
  const size = Math.max(1, Math.round((bytesPerS * SLICE_MS) / 1000));
  const delay = Math.round((1_000_000 * size) / bytesPerS);
  return { type: "slicer", attributes: { average_size: size, size_variation: 0, delay } };
}

function milliseconds(name: string, value: number): number {
  if (value > MS_MAX) throw new FaultError(`${name} is ${value}, and no run lasts longer than ${MS_MAX} ms`);
  return whole(name, value, 0);
}

function whole(name: string, value: number, min: number): number {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new FaultError(`${name} is ${value}: it takes a whole number from ${min}`);
  }
  return value;
}
