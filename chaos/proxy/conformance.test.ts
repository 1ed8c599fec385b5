import { afterAll, beforeAll, describe, it } from "vitest";
import type { ConformanceServer } from "./conformance-desk.ts";
import { toxiproxyConformance, toxiproxyDifferences } from "./conformance.ts";
import { startFaultProxy } from "./fault-proxy.ts";

async function startEmbedded(): Promise<ConformanceServer> {
  const { url, close } = await startFaultProxy({ host: "127.0.0.1", port: 0, seed: "0x5eed" });
  return { url, isAlive: true, stop: close };
}

describe("the embedded proxy speaks Toxiproxy's API", () => {
  let server: ConformanceServer;
  beforeAll(async () => {
    server = await startEmbedded();
  });
  afterAll(() => server.stop());

  for (const { name, run } of toxiproxyConformance(() => server)) it(name, run);
});

describe("the embedded proxy differs from Toxiproxy as listed", () => {
  for (const { name, run } of toxiproxyDifferences("embedded", startEmbedded)) it(name, run);
});
