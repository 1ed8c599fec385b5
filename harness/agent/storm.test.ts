import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runStorm, type StormKind } from "./storm.ts";

const KILLS = 5;
const SOON_MS = 500;
/** Far above what it takes on a machine of its own: about ten seconds each. */
const TIMEOUT_MS = 240_000;

describe.skipIf(!existsSync(new URL("../../dist/harness/main.js", import.meta.url)))(
  "a kill storm on real processes (skipped without a build, whose code they run: `npm test` makes it)",
  () => {
    it.each([["relay"], ["device"]] as const)(
      "killing a %s under load loses nothing that was acknowledged and delivers nothing twice",
      async (kind: StormKind) => {
        const run = await runStorm({ kind, kills: KILLS, seed: "0x2a" });
        if (!run.ok) throw new Error(JSON.stringify(run.error));
        const { figures, verdict, history } = run.value;
        expect(verdict).toEqual({ verdict: "valid", idle: false, findings: [], unknowns: [] });
        expect(figures).toMatchObject({ kills: KILLS, failed: expect.any(Number) });
        // Every push that did not fail was acknowledged, and every device has them all.
        expect(figures.acknowledged).toBeGreaterThanOrEqual(100);
        expect(figures.acknowledged).toBeGreaterThanOrEqual(figures.pushes - figures.failed - 10 * KILLS);
        expect(figures.delivered).toBe(
          8 * new Set(history.flatMap((r) => (r.type === "deliver" ? [r.blob] : []))).size,
        );
        const atMoments = history.filter((r) => r.type === "fault" && (r.note?.startsWith("at ") ?? false));
        if (kind === "device") expect(atMoments.length).toBeGreaterThan(0);
        // They were at work between the kills, not only before and after.
        const issued = history.flatMap((r) => (r.type === "fault" && r.stage === "issued" ? [r.at] : []));
        const acks = history.flatMap((r) => (r.type === "ack" ? [r.at] : []));
        for (const [i, at] of issued.slice(1).entries()) {
          // One that waited for its moment may come right before the next.
          if (at - issued[i]! < SOON_MS) continue;
          expect(acks.filter((ack) => ack > issued[i]! && ack < at).length).toBeGreaterThan(0);
        }
      },
      TIMEOUT_MS,
    );
  },
);
