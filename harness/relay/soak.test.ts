/**
 * A relay on real sockets with its clock, and that of its devices, running thirty times as fast: sessions, sweeps, ttls,
 * quotas, rates and time-outs of an hour in two minutes. `npm test` runs it for some seconds; all of it takes
 * `ZEROK_SOAK_SECONDS=120 npx vitest run harness/relay/soak.test.ts`.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import { parseRelayAddress } from "../../core/ids.ts";
import { createFastClock } from "../driver/clock.ts";
import { startDevice } from "../driver/memory-device.ts";
import { startRelay } from "./daemon.ts";
import { createLog } from "./log.ts";
import { defaultSettings } from "./settings.ts";

const RATE = 30;
const SECONDS = Number(process.env["ZEROK_SOAK_SECONDS"] ?? 6);
/** Code that is run for the first time costs memory, too: a long run has time to see the last of it. */
const WARM_UP_ROUNDS = SECONDS >= 60 ? 20 : 2;
const DEVICES = 4;
const folder = mkdtempSync(join(tmpdir(), "zerok-soak-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

describe.skipIf(process.platform !== "linux")(
  `a relay for ${SECONDS} s at ${RATE} times the speed (elsewhere: no /proc to count descriptors in)`,
  () => {
    it(
      "ends with the sessions, timers, descriptors and memory that it began with",
      async () => {
        const clock = createFastClock(RATE);
        const settings = {
          ...defaultSettings(),
          "server.bind_address": "127.0.0.1:0",
          "http.bind_address": "off",
          "storage.data_dir": folder,
          "storage.max_group_storage": 16 * 1024,
          "storage.default_ttl": 60,
          "limits.messages_per_minute": 20,
          "limits.messages_burst": 12,
          "limits.connections_per_ip_per_minute": 100_000,
          "limits.idle_timeout_secs": 30,
          "cleanup.interval_secs": 20,
        };
        const relay = await startRelay({ settings, version: "0", log: createLog("silent"), clock });
        const address = parseRelayAddress(relay.address)!;
        const refusals = new Map<number, number>();
        let acked = 0;

        /** Some devices come, push more than they may, and go: some with a word, some without. */
        async function round(): Promise<void> {
          const devices = Array.from({ length: DEVICES }, () => startDevice(address, clock));
          for (const device of devices) for (let i = 0; i < 20; i++) device.push(`${i} ${"x".repeat(500)}`);
          await sleep(800);
          for (const [i, device] of devices.entries()) {
            if (i % 2 === 0) device.tell({ type: "disconnect" });
            acked += device.count("acked");
            for (const event of device.events) {
              if (event.type === "refused") refusals.set(event.code, (refusals.get(event.code) ?? 0) + 1);
            }
          }
          await Promise.all(devices.map((device) => device.close()));
        }
        /** Until the relay has found out that all have gone, and has swept. */
        async function settle(): Promise<void> {
          const untilMs = clock.now().monoMs + 120_000;
          while (clock.now().monoMs < untilMs) await sleep(100);
        }

        for (let i = 0; i < WARM_UP_ROUNDS; i++) await round();
        await settle();
        const before = { descriptors: descriptors(), heap: heapBytes(), resources: relay.resources() };
        const startedMs = clock.now().monoMs;
        let rounds = 0;
        for (; clock.now().monoMs < startedMs + SECONDS * 1000 * RATE; rounds++) await round();
        await settle();
        const after = { descriptors: descriptors(), heap: heapBytes(), resources: relay.resources() };
        await relay.close();

        expect(acked, "blobs acknowledged").toBeGreaterThan(5 * rounds);
        expect(refusals.get(2000) ?? 0, "refused for the rate").toBeGreaterThan(rounds);
        expect(refusals.get(2002) ?? 0, "refused for the quota").toBeGreaterThan(0);
        expect(after.resources).toEqual(before.resources);
        expect(after.resources).toMatchObject({ sessions: 0, liveGroups: 0, addresses: 0 });
        expect(after.descriptors).toBe(before.descriptors);
        // The devices' own code, and what the engine made of it, are still settling in a short run.
        expect(after.heap / before.heap).toBeLessThan(SECONDS >= 60 ? 1.1 : 1.25);
        console.log(
          `${rounds} rounds of ${DEVICES} devices, ${acked} acknowledged, refused: ${JSON.stringify([...refusals])}, ` +
            `heap ${(before.heap / 2 ** 20).toFixed(1)} → ${(after.heap / 2 ** 20).toFixed(1)} MiB, ` +
            `${after.descriptors} descriptors, ${JSON.stringify(after.resources)}`,
        );
      },
      (SECONDS + 90) * 1000,
    );
  },
);
