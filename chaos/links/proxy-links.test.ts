/** The links on the embedded proxy, with real sockets and no hosts. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LINKS } from "../../scenarios/link-profile.ts";
import { startFaultProxy, type FaultProxy } from "../proxy/fault-proxy.ts";
import type { BackendHost } from "../world/backend.ts";
import { ProxyLinks } from "./proxy-links.ts";

const LINK = { dialler: "a", listener: "relay" };
let echo: Server;
let proxy: FaultProxy;
let links: ProxyLinks;
let endpoint = "";
let sockets: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
  const upstream = `127.0.0.1:${(echo.address() as AddressInfo).port}`;
  proxy = await startFaultProxy({
    host: "127.0.0.1",
    port: 0,
    seed: "0x1",
    onEvent: (event) => links?.heard(event),
  });
  links = new ProxyLinks({
    url: proxy.url,
    seed: "0x1",
    isEmbedded: true,
    place: () => ({ listen: "127.0.0.1:0", upstream }),
    endpoint: (listen) => listen,
  });
  endpoint = await links.open("a", { name: "relay" } as BackendHost, LINKS.fiber);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

async function dial(): Promise<Socket> {
  const [host, port] = endpoint.split(":");
  const socket = connect({ host: host!, port: Number(port), noDelay: true });
  socket.on("error", () => {});
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return socket;
}

/** How long until it comes back. */
async function ask(socket: Socket): Promise<number> {
  const startMs = performance.now();
  const heard = new Promise((resolve) => socket.once("data", resolve));
  socket.write("ping");
  await heard;
  return performance.now() - startMs;
}

function acting(): {
  readonly onActed: (atUs: number) => void;
  readonly times: number[];
  readonly first: Promise<void>;
} {
  const times: number[] = [];
  let tell: () => void = () => {};
  const first = new Promise<void>((resolve) => (tell = resolve));
  return {
    times,
    first,
    onActed(atUs) {
      times.push(atUs);
      tell();
    },
  };
}

describe("the links of a run", () => {
  it("have their standing latency both ways", async () => {
    const socket = await dial();
    expect(await ask(socket)).toBeGreaterThanOrEqual(2 * LINKS.fiber.latencyMs - 2);
    expect(await links.verify()).toEqual([]);
  });

  it("take a toxic, tell when it first acts, and are free of it afterwards", async () => {
    const socket = await dial();
    const { onActed, times, first } = acting();
    const toxic = { type: "latency", latencyMs: 80, jitterMs: 0 } as const;
    const applied = await links.apply(LINK, "down", toxic, onActed);
    expect(times).toEqual([]);
    expect(await links.verify()).toEqual([]);
    const beforeUs = Number(process.hrtime.bigint() / 1000n);
    expect(await ask(socket)).toBeGreaterThanOrEqual(80);
    await first;
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThanOrEqual(beforeUs);
    await applied.end();
    expect(await links.verify()).toEqual([]);
    expect(JSON.parse(await links.dump()).proxies["0-a-relay"].toxics).toHaveLength(2);
  });

  it("tell that nothing came by", async () => {
    const { onActed, times } = acting();
    const applied = await links.apply(LINK, "both", { type: "blocked" }, onActed);
    await applied.end();
    expect(times).toEqual([]);
    expect(applied.metTraffic).toBe(false);
  });

  it("hold back what a partition holds back, one way", async () => {
    const socket = await dial();
    const { onActed, first } = acting();
    const applied = await links.apply(LINK, "down", { type: "blocked" }, onActed);
    let heard = 0;
    socket.on("data", (bytes) => (heard += bytes.length));
    socket.write("ping");
    await first;
    expect(heard).toBe(0);
    const released = new Promise((resolve) => socket.once("data", resolve));
    await applied.end();
    await released;
    expect(heard).toBe(4);
  });

  it("are down for as long as anybody wants it", async () => {
    const socket = await dial();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const first = await links.apply(LINK, "both", { type: "down" }, () => {});
    const second = await links.apply(LINK, "both", { type: "down" }, () => {});
    await closed;
    await first.end();
    await expect(dial()).rejects.toThrow("ECONNREFUSED");
    await second.end();
    expect(await ask(await dial())).toBeGreaterThan(0);
    expect(await links.verify()).toEqual([]);
  });

  it("say what they cannot do, and that the server is gone", async () => {
    const { onActed } = acting();
    const nowhere = { dialler: "b", listener: "relay" };
    await expect(links.apply(nowhere, "up", { type: "blocked" }, onActed)).rejects.toThrow("no link from b to relay");
    const applied = await links.apply(LINK, "up", { type: "blocked" }, onActed);
    await proxy.close();
    await expect(applied.end()).rejects.toThrow(/did not show/);
    expect((await links.verify()).join()).toMatch(/did not show all proxies/);
    expect(await links.dump()).toMatch(/did not show all proxies/);
  });
});
