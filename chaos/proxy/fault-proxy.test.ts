import { readdirSync } from "node:fs";
import { Toxiproxy } from "toxiproxy-node-client";
import type { ToxicType } from "toxiproxy-node-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConformanceDesk, fields } from "./conformance-desk.ts";
import type { DeskProxy } from "./conformance-desk.ts";
import type { FaultProxyEvent } from "./event-log.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { Peer } from "./peer.ts";

let desk: ConformanceDesk;
let events: FaultProxyEvent[];
let onEvent: () => void;

async function open(seed: string): Promise<ConformanceDesk> {
  events = [];
  onEvent = () => {};
  const { url, close } = await startFaultProxy({
    host: "127.0.0.1",
    port: 0,
    seed,
    onEvent: (event) => {
      events.push(event);
      onEvent();
    },
  });
  return new ConformanceDesk({ url, isAlive: true, stop: close });
}

async function shut(which: ConformanceDesk): Promise<void> {
  await which.close();
  await which.server.stop();
}

beforeEach(async () => {
  desk = await open("0x2a");
});
afterEach(() => shut(desk));

/** Resolves with the first event of this kind, come or to come. */
function event(type: FaultProxyEvent["type"]): Promise<FaultProxyEvent> {
  return new Promise((resolve) => {
    onEvent = () => {
      const found = events.find((each) => each.type === type);
      if (found !== undefined) resolve(found);
    };
    onEvent();
  });
}

async function effectOf(proxy: DeskProxy, toxic: string): Promise<Record<string, unknown>> {
  const { toxics } = fields(await desk.expect(200, "GET", `/proxies/${proxy.name}/effects`));
  return (toxics as Record<string, unknown>[]).find(({ name }) => name === toxic)!;
}

/** A message of our transport: 16 bytes or more, all the same. */
function message(body: number, sizeBytes = 20): Buffer {
  return Buffer.from([sizeBytes >>> 8, sizeBytes & 0xff, ...Buffer.alloc(sizeBytes, body)]);
}

describe("toxiproxy-node-client drives it", () => {
  it("through all that it can do", async () => {
    const client = new Toxiproxy(desk.server.url);
    const behind = await desk.listener();
    expect(JSON.parse(await client.getVersion())).toEqual({ version: "2.12.0+zerok.1" });
    const proxy = await client.createProxy({ name: "a", listen: "127.0.0.1:0", upstream: behind.address });
    const body = { name: "", stream: "downstream", toxicity: 1 } as const;
    const toxic = await proxy.addToxic({ ...body, type: "latency", attributes: { latency: 5, jitter: 1 } });
    expect(toxic.name).toBe("latency_downstream");
    const updated = await toxic.update({ ...body, type: "latency", attributes: { latency: 7, jitter: 1 } });
    expect(updated.attributes).toEqual({ latency: 7, jitter: 1 });
    expect((await proxy.getToxic("latency_downstream")).attributes).toEqual({ latency: 7, jitter: 1 });
    await proxy.addToxic({ ...body, type: "blocked" as ToxicType, attributes: {} });
    await toxic.remove();
    const off = await proxy.update({ enabled: false, listen: proxy.listen, upstream: proxy.upstream });
    expect(off.enabled).toBe(false);
    await client.reset();
    expect((await client.get("a")).enabled).toBe(true);
    await client.populate([{ name: "b", listen: "127.0.0.1:0", upstream: behind.address, enabled: true }]);
    expect(Object.keys(await client.getAll())).toEqual(["a", "b"]);
    await proxy.remove();
    await expect(client.get("a")).rejects.toThrow("404");
  });
});

describe("blocked", () => {
  it("holds bytes and ends of its stream, and gives them back in order; the other stream lives", async () => {
    const proxy = await desk.proxy();
    const { client, server } = await desk.connect(proxy);
    client.send("before");
    await server.receive(6);
    const path = await desk.toxic(proxy, { type: "blocked", stream: "upstream" });
    client.send("while");
    client.halfClose();
    await event("acted");
    server.send("passes");
    await client.receive(6);
    expect(server.isQuiet).toBe(true);
    expect(await effectOf(proxy, "blocked_upstream")).toMatchObject({ bytes: 5 });
    await desk.expect(204, "DELETE", path);
    expect((await server.receive(5)).toString()).toBe("while");
    expect(await server.ended()).toBe("eof");
  });

  it("also holds what another toxic already had", async () => {
    const proxy = await desk.proxy();
    const { client, server } = await desk.connect(proxy);
    await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 1000 } });
    client.send("x");
    await event("acted");
    events.length = 0;
    const path = await desk.toxic(proxy, { type: "blocked", stream: "upstream" });
    // A toxic of the partition's time stands before it all the same.
    await desk.toxic(proxy, { name: "later", type: "latency", stream: "upstream", attributes: { latency: 1 } });
    await event("acted");
    expect(events.find(({ type }) => type === "acted")).toMatchObject({ toxic: "later" });
    events.length = 0;
    for (;;) {
      const { chunks } = await effectOf(proxy, "blocked_upstream");
      if (chunks === 1) break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(server.isQuiet).toBe(true);
    await desk.expect(204, "DELETE", path);
    await server.receive(1);
  });

  it("on either stream leaves a new connection hanging, and then lets it through with what it said", async () => {
    for (const stream of ["upstream", "downstream"]) {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "blocked", stream });
      const client = await desk.dial(proxy.listen);
      client.send("early");
      await event("acted");
      expect(client.isQuiet).toBe(true);
      expect(proxy.behind.count).toBe(0);
      await desk.expect(204, "DELETE", path);
      const server = await proxy.behind.accept();
      expect((await server.receive(5)).toString()).toBe("early");
      server.send("late");
      await client.receive(4);
    }
  });

  it("forgets a dialler that gave up meanwhile", async () => {
    const proxy = await desk.proxy();
    const path = await desk.toxic(proxy, { type: "blocked", stream: "upstream" });
    const client = await desk.dial(proxy.listen);
    client.send("early");
    client.halfClose();
    await event("closed");
    await desk.expect(204, "DELETE", path);
    const { client: second } = await desk.connect(proxy);
    expect(second.isQuiet).toBe(true);
    expect(proxy.behind.count).toBe(1);
  });

  it("makes the sender wait, and not the proxy remember", async () => {
    const proxy = await desk.proxy();
    const { client } = await desk.connect(proxy);
    await desk.toxic(proxy, { type: "blocked", stream: "upstream" });
    client.send(Buffer.alloc(64 * 1024 * 1024));
    await event("acted");
    const { bytes } = await effectOf(proxy, "blocked_upstream");
    expect(bytes).toBeLessThanOrEqual(2 * 64 * 1024);
  });
});

describe("what a sender can put into the proxy is bounded", () => {
  it.each([
    ["no toxic", undefined],
    ["latency", { latency: 60_000 }],
    ["bandwidth", { rate: 1 }],
    ["slicer", { average_size: 1000, delay: 10_000_000 }],
  ])("with %s", async (type, attributes) => {
    const proxy = await desk.proxy();
    if (attributes !== undefined) await desk.toxic(proxy, { type, stream: "upstream", attributes });
    const { client, server } = await desk.connect(proxy);
    server.socket.pause();
    const before = process.memoryUsage().arrayBuffers;
    client.send(Buffer.alloc(64 * 1024 * 1024));
    let left: number;
    do {
      left = client.socket.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 300));
    } while (client.socket.writableLength !== left);
    // Beside the test's own 64 MiB: what a stage holds, a read, and the write buffer of a socket.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan((64 + 8) * 1024 * 1024);
    expect(left).toBeGreaterThan(0);
  });
});

describe("tamper", () => {
  /** What arrives of three messages, with this done to all but the first. */
  async function tampered(how: string, count: number): Promise<Buffer> {
    const proxy = await desk.proxy();
    await desk.toxic(proxy, { type: "tamper", stream: "upstream", attributes: { how, skip: 1 } });
    const { client, server } = await desk.connect(proxy);
    // However they are cut: here in the middle of the second.
    const stream = Buffer.concat([message(1), message(2), message(3)]);
    client.send(stream.subarray(0, 30));
    await server.receive(22).then((first) => expect(first).toEqual(message(1)));
    client.send(stream.subarray(30));
    return server.receive(count);
  }

  it("flip: one bit of the body", async () => {
    const got = await tampered("flip", 44);
    for (const [i, sent] of [message(2), message(3)].entries()) {
      const part = got.subarray(22 * i, 22 * (i + 1));
      expect(part.subarray(0, 2)).toEqual(sent.subarray(0, 2));
      const bits = [...part].reduce(
        (sum, byte, at) => sum + (byte ^ sent[at]!).toString(2).replaceAll("0", "").length,
        0,
      );
      expect(bits).toBe(1);
    }
  });

  it("truncate: shorter, and the header says so", async () => {
    const [high, low] = await tampered("truncate", 2);
    expect(high).toBe(0);
    expect(low).toBeLessThan(20);
    expect(low).toBeGreaterThan(0);
  });

  it("duplicate, reorder, replay", async () => {
    expect(await tampered("duplicate", 88)).toEqual(Buffer.concat([message(2), message(2), message(3), message(3)]));
    expect(await tampered("reorder", 44)).toEqual(Buffer.concat([message(3), message(2)]));
    const replayed = Buffer.concat([message(2), message(1), message(3), message(1)]);
    expect(await tampered("replay", 88)).toEqual(replayed);
  });

  it("inject: one of the same length comes before each", async () => {
    const got = await tampered("inject", 88);
    expect(got.subarray(22, 44)).toEqual(message(2));
    expect(got.subarray(66, 88)).toEqual(message(3));
    expect(got.subarray(0, 2)).toEqual(message(0).subarray(0, 2));
    expect(got.subarray(0, 22)).not.toEqual(message(2));
  });

  it("reorder: a message goes alone when no other comes", async () => {
    const proxy = await desk.proxy();
    const path = await desk.toxic(proxy, { type: "tamper", stream: "upstream", attributes: { how: "reorder" } });
    const { client, server } = await desk.connect(proxy);
    client.send(message(1));
    expect(await server.receive(22)).toEqual(message(1));
    expect(await effectOf(proxy, "tamper_upstream")).toMatchObject({ chunks: 0 });
    client.send(message(2));
    await desk.expect(204, "DELETE", path);
    expect(await server.receive(22)).toEqual(message(2));
  });

  it("begins with the next message on a connection that is open, and leaves other people's streams alone", async () => {
    const proxy = await desk.proxy();
    const { client, server } = await desk.connect(proxy);
    client.send(message(1).subarray(0, 1));
    await server.receive(1);
    await desk.toxic(proxy, { type: "tamper", stream: "upstream", attributes: { how: "duplicate" } });
    client.send(Buffer.concat([message(1).subarray(1), message(2)]));
    const rest = Buffer.concat([message(1).subarray(1), message(2), message(2)]);
    expect(await server.receive(65)).toEqual(rest);
    const other = await desk.connect(proxy);
    other.client.send("\0\x03not ours at all");
    expect((await other.server.receive(17)).toString()).toBe("\0\x03not ours at all");
    expect(await effectOf(proxy, "tamper_upstream")).toMatchObject({ chunks: 1, bytes: 22 });
  });

  it("is the same for the same seed, proxy and connection, and another for another", async () => {
    const flips = async (seed: string): Promise<Buffer[]> => {
      const seeded = await open(seed);
      try {
        const proxy = await seeded.proxy("same");
        await seeded.toxic(proxy, { type: "tamper", stream: "upstream", attributes: { how: "flip" } });
        const got: Buffer[] = [];
        for (let i = 0; i < 3; i++) {
          const { client, server } = await seeded.connect(proxy);
          client.send(message(0, 1000));
          got.push(await server.receive(1002));
        }
        return got;
      } finally {
        await shut(seeded);
      }
    };
    const [first, again, other] = [await flips("0x7"), await flips("0x7"), await flips("0x8")];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first[0]).not.toEqual(first[1]);
  });
});

describe("cut", () => {
  it("closes after so many messages, wherever the bytes are cut", async () => {
    const proxy = await desk.proxy();
    await desk.toxic(proxy, { type: "cut", stream: "downstream", attributes: { after: 2 } });
    const { client, server } = await desk.connect(proxy);
    server.send(Buffer.concat([message(1), message(2), message(3).subarray(0, 7)]));
    expect(await client.receive(44)).toEqual(Buffer.concat([message(1), message(2)]));
    await client.ended();
    expect(client.receivedBytes).toBe(0);
    await server.ended();
  });
});

describe("a connection that a toxic closes", () => {
  it("is closed on both sides, also when one had closed its half", async () => {
    const proxy = await desk.proxy();
    await desk.toxic(proxy, { type: "limit_data", stream: "downstream", attributes: { bytes: 2 } });
    const { client, server } = await desk.connect(proxy);
    client.halfClose();
    expect(await server.ended()).toBe("eof");
    server.send("1234");
    expect((await client.receive(2)).toString()).toBe("12");
    await event("closed");
  });
});

describe("an end and a reset", () => {
  it("that come to a side in one moment leave no socket open", async () => {
    const proxy = await desk.proxy();
    const { client, server } = await desk.connect(proxy);
    client.send("x");
    await server.receive(1);
    const path = await desk.toxic(proxy, { type: "blocked", stream: "upstream" });
    client.halfClose();
    await event("acted");
    client.reset();
    // After an end nobody reads: the reset is met by whoever writes.
    server.send("y");
    while ((await effectOf(proxy, "blocked_upstream"))["chunks"] !== 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await desk.expect(204, "DELETE", path);
    await event("closed");
    await server.ended();
  });
});

describe("latency", () => {
  it("is as long as it says, never shorter", async () => {
    const proxy = await desk.proxy();
    await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 100 } });
    const { client, server } = await desk.connect(proxy);
    const tookMs: number[] = [];
    for (let i = 0; i < 20; i++) {
      const sinceMs = performance.now();
      client.send("x");
      await server.receive(1);
      tookMs.push(performance.now() - sinceMs);
    }
    tookMs.sort((a, b) => a - b);
    expect(tookMs[0]).toBeGreaterThanOrEqual(100);
    // The best of twenty is little late, also on a busy machine.
    expect(tookMs[0]).toBeLessThan(200);
  });
});

describe("loss", () => {
  it("delays by the times of a retransmission, in order", async () => {
    const proxy = await desk.proxy();
    // Some of these are lost however they are cut into chunks, and none so often in a row that it takes long.
    await desk.toxic(proxy, { type: "loss", stream: "upstream", attributes: { permille: 150 } });
    const { client, server } = await desk.connect(proxy);
    const segments = Array.from({ length: 40 }, (_, i) => Buffer.alloc(1460, i));
    for (const segment of segments) client.send(segment);
    const got = await server.receive(40 * 1460);
    expect(got.equals(Buffer.concat(segments))).toBe(true);
    const acted = await event("acted");
    expect(acted).toMatchObject({ toxic: "loss_upstream" });
  });
});

describe("what happened is told", () => {
  it("as events, in process and over HTTP", async () => {
    const proxy = await desk.proxy("told");
    const path = await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 1 } });
    const { client, server } = await desk.connect(proxy);
    client.send("abc");
    await server.receive(3);
    client.destroy();
    server.destroy();
    await event("closed");
    await desk.expect(204, "DELETE", path);
    await desk.expect(200, "PATCH", "/proxies/told", { enabled: false });
    const types = ["enabled", "created", "added", "opened", "acted", "closed", "removed", "disabled"];
    expect(events.map(({ type }) => type)).toEqual(types);
    expect(events[6]).toMatchObject({ toxic: "latency_upstream", stream: "upstream", chunks: 1, bytes: 3 });
    const times = events.map(({ atUs }) => atUs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(await desk.expect(200, "GET", "/events")).toEqual({ last: 8, events });
    expect(await desk.expect(200, "GET", "/events?after=6")).toEqual({ last: 8, events: events.slice(6) });
  });

  it("a refused upstream", async () => {
    const proxy = await desk.proxy();
    await proxy.behind.close();
    await (await desk.dial(proxy.listen)).ended();
    expect(await event("refused")).toMatchObject({ connection: 0 });
  });
});

describe("connections", () => {
  const descriptors = (): number => readdirSync("/proc/self/fd").length;

  it("leave nothing behind, however they end", async () => {
    const proxy = await desk.proxy();
    const toxics = [
      { type: "latency", attributes: { latency: 1 } },
      { type: "slow_close", attributes: { delay: 2 } },
    ];
    for (const toxic of toxics) await desk.toxic(proxy, { ...toxic, stream: "upstream" });
    const ways: readonly ((peer: Peer) => void)[] = [
      (peer) => peer.halfClose(),
      (peer) => peer.reset(),
      (peer) => peer.destroy(),
    ];
    const round = async (): Promise<void> => {
      const pairs = await Promise.all(Array.from({ length: 30 }, () => desk.connect(proxy)));
      pairs.forEach(({ client, server }, i) => {
        client.send("x");
        ways[i % 3]!(client);
        ways[((i / 3) % 3) | 0]!(server);
      });
      await Promise.all(pairs.flatMap(({ client, server }) => [client.ended(), server.ended()]));
      while (
        fields(fields(await desk.expect(200, "GET", `/proxies/${proxy.name}/effects`))["connections"])["open"] !== 0
      ) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await round();
    const before = descriptors();
    for (let i = 0; i < 5; i++) await round();
    expect(descriptors()).toBeLessThanOrEqual(before + 2);
  });

  it("are a thousand at once, under toxics", async () => {
    const proxy = await desk.proxy();
    await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 10, jitter: 10 } });
    await desk.toxic(proxy, { type: "slicer", stream: "upstream", attributes: { average_size: 8 } });
    const pairs = await Promise.all(Array.from({ length: 1000 }, () => desk.dial(proxy.listen)));
    const servers = await Promise.all(pairs.map(() => proxy.behind.accept()));
    pairs.forEach((client, i) => client.send(String(100_000 + i)));
    const got = await Promise.all(servers.map((server) => server.receive(6)));
    expect(new Set(got.map(String)).size).toBe(1000);
  });

  it("are over when the proxy is closed, whatever toxics hold", async () => {
    const own = await open("0x1");
    const proxy = await own.proxy();
    const { client, server } = await own.connect(proxy);
    for (const type of ["latency", "blocked", "timeout"]) {
      await own.toxic(proxy, {
        type,
        stream: "upstream",
        ...(type === "latency" ? { attributes: { latency: 60_000 } } : {}),
      });
    }
    client.send("x");
    await own.server.stop();
    await Promise.all([client.ended(), server.ended()]);
    await expect(own.dial(proxy.listen)).rejects.toThrow("ECONNREFUSED");
    await own.close().catch(() => {});
  });
});
