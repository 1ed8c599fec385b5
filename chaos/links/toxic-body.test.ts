import { describe, expect, it } from "vitest";
import { LINKS } from "../../scenarios/link-profile.ts";
import type { ToxicSpec } from "../../scenarios/plan.ts";
import { profileBody, toxicBody } from "./toxic-body.ts";

const OURS = { drawsJitter: true, seed: "0x1" };
const REAL = { drawsJitter: false, seed: "0x1" };

describe("a toxic of a plan as a server is told it", () => {
  it.each<[ToxicSpec, string, object]>([
    [{ type: "slow_close", delayMs: 5 }, "slow_close", { delay: 5 }],
    [{ type: "timeout", timeoutMs: 0 }, "timeout", { timeout: 0 }],
    [{ type: "reset_peer", timeoutMs: 7 }, "reset_peer", { timeout: 7 }],
    [
      { type: "slicer", averageBytes: 101, delayMs: 2 },
      "slicer",
      { average_size: 101, size_variation: 50, delay: 2000 },
    ],
    [{ type: "slicer", averageBytes: 1, delayMs: 0 }, "slicer", { average_size: 1, size_variation: 0, delay: 0 }],
    [{ type: "limit_data", bytes: 0 }, "limit_data", { bytes: 0 }],
    [{ type: "bandwidth", bytesPerS: 7000 }, "bandwidth", { rate: 7 }],
    // Less than a kilobyte a second: in slices, one in a tenth of a second or later.
    [{ type: "bandwidth", bytesPerS: 100 }, "slicer", { average_size: 10, size_variation: 0, delay: 100_000 }],
    [{ type: "bandwidth", bytesPerS: 1 }, "slicer", { average_size: 1, size_variation: 0, delay: 1_000_000 }],
    [{ type: "loss", permille: 200, burst: 3 }, "loss", { permille: 200, burst: 3 }],
    [{ type: "blocked" }, "blocked", {}],
    [{ type: "tamper", how: "flip", skip: 0 }, "tamper", { how: "flip", skip: 0 }],
  ])("is %o", (toxic, type, attributes) => {
    expect(toxicBody(toxic, OURS)).toEqual({ type, attributes });
  });

  it("is no toxic when the link is down", () => {
    expect(toxicBody({ type: "down" }, OURS)).toBeUndefined();
  });

  it.each<[ToxicSpec, RegExp]>([
    [{ type: "bandwidth", bytesPerS: 0 }, /bytesPerS is 0: it takes a whole number from 1/],
    [{ type: "bandwidth", bytesPerS: -1 }, /from 1/],
    [{ type: "slicer", averageBytes: 0, delayMs: 0 }, /averageBytes is 0/],
    [{ type: "latency", latencyMs: 1.5, jitterMs: 0 }, /latencyMs is 1.5/],
    [{ type: "latency", latencyMs: 1, jitterMs: -1 }, /jitterMs is -1/],
    [{ type: "timeout", timeoutMs: 2 ** 31 }, /no run lasts longer/],
    [{ type: "loss", permille: 1000, burst: 1 }, /no loss: that is "blocked"/],
  ])("is refused before a server hears of it: %o", (toxic, message) => {
    expect(() => toxicBody(toxic, OURS)).toThrow(message);
  });

  it("keeps a latency between what the plan says and that plus its jitter, for every link", () => {
    for (const profile of Object.values(LINKS)) {
      const { attributes } = profileBody(profile, OURS);
      const [latency, jitter] = [attributes["latency"] as number, attributes["jitter"] as number];
      // Toxiproxy's own range.
      expect(latency - jitter).toBe(profile.latencyMs);
      expect(latency + jitter - 1).toBeLessThanOrEqual(profile.latencyMs + profile.jitterMs);
      const resolved = profileBody(profile, REAL).attributes;
      expect(resolved["jitter"]).toBe(0);
      expect(resolved["latency"]).toBeGreaterThanOrEqual(profile.latencyMs);
      expect(resolved["latency"]).toBeLessThanOrEqual(profile.latencyMs + profile.jitterMs);
      expect(profileBody(profile, REAL)).toEqual(profileBody(profile, REAL));
    }
  });
});
