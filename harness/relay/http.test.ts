import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { HttpLimits, HttpServer, HttpSources } from "./http.ts";
import { serveHttp } from "./http.ts";
import { createLog } from "./log.ts";

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of clean.splice(0).toReversed()) await undo();
});

async function serve(sources: Partial<HttpSources> = {}, limits: Partial<HttpLimits> = {}): Promise<HttpServer> {
  const server = await serveHttp(
    { host: "127.0.0.1", port: 0 },
    {
      version: "1.2.3",
      uptimeS: () => 60,
      sessions: () => 4,
      groups: () => 2,
      storage: () => ({ blobs: 10, bytes: 2000, groups: 3 }),
      isReady: () => true,
      metrics: { contentType: "text/plain; version=0.0.4", metrics: async () => "up 1\n" },
      log: createLog("silent"),
      ...sources,
    },
    { connectionsMax: 64, headersTimeoutMs: 5000, ...limits },
  );
  clean.push(() => server.close());
  return server;
}
const ask = (server: HttpServer, path: string, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${server.endpoint.port}${path}`, init);

async function dial(server: HttpServer, words = ""): Promise<Socket> {
  const socket = connect(server.endpoint.port, "127.0.0.1");
  socket.on("error", () => {});
  clean.push(() => socket.destroy());
  await once(socket, "connect");
  if (words !== "") socket.write(words);
  return socket;
}
async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe("pages", () => {
  it("/health asks the store", async () => {
    let storage: { blobs: number; bytes: number; groups: number } | undefined = { blobs: 10, bytes: 2000, groups: 3 };
    const server = await serve({ storage: () => storage });
    const well = await ask(server, "/health?from=probe");
    expect(well.status).toBe(200);
    expect(await well.json()).toEqual({
      status: "ok",
      version: "1.2.3",
      connections: 4,
      groups: 2,
      uptime_seconds: 60,
      total_blobs: 10,
      storage_bytes: 2000,
      groups_with_data: 3,
    });
    storage = undefined;
    const ill = await ask(server, "/health");
    expect(ill.status).toBe(503);
    expect(await ill.json()).toMatchObject({ status: "failing", total_blobs: null });
  });

  it("/ready says whether devices can connect", async () => {
    let isReady = true;
    const server = await serve({ isReady: () => isReady });
    expect((await ask(server, "/ready")).status).toBe(200);
    isReady = false;
    expect((await ask(server, "/ready")).status).toBe(503);
  });

  it("/metrics can be switched off", async () => {
    const on = await ask(await serve(), "/metrics");
    expect(on.headers.get("content-type")).toContain("version=0.0.4");
    expect(await on.text()).toBe("up 1\n");
    expect((await ask(await serve({ metrics: undefined }), "/metrics")).status).toBe(404);
  });

  it("HEAD tells the same without a body; other methods and paths are told what there is", async () => {
    const server = await serve();
    const head = await ask(server, "/health", { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(100);
    expect(await head.text()).toBe("");
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const answer = await ask(server, "/health", { method, ...(method !== "OPTIONS" && { body: "x" }) });
      expect(answer.status, method).toBe(405);
      expect(answer.headers.get("allow")).toBe("GET, HEAD");
    }
    for (const path of ["/", "/healthz", "/health/", "/HEALTH", "/metrics/x", "/../etc/passwd", "/%2e%2e/"]) {
      const answer = await ask(server, path);
      expect(answer.status, path).toBe(404);
      expect(answer.headers.get("content-type")).toContain("json");
    }
  });

  it("that break say so, and nothing of why", async () => {
    const server = await serve({
      sessions: () => {
        throw new Error("secret");
      },
    });
    const answer = await ask(server, "/health");
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe('{"status":"error"}\n');
  });
});

describe("what is no request", () => {
  it.each([
    ["nonsense", "\u0000\u0001\u0002\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["no host", "GET /health HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["headers without end", `GET /health HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    ["a tunnel", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", /^HTTP\/1\.1 405 /],
    [
      "two lengths",
      "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
  ])("%s gets a status at most", async (_name, words, expected) => {
    const server = await serve();
    const answer = await readAll(await dial(server, words));
    expect(answer).toMatch(expected);
    expect(answer).not.toMatch(/\bat .*:\d+:\d+/);
    expect((await ask(server, "/ready")).status).toBe(200);
  });

  it("a body that never ends is not read", async () => {
    const server = await serve();
    const socket = await dial(server, "POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nxxxx");
    const answer = await readAll(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
    expect(answer).toMatch(/Connection: close/);
  });

  it("one that is not complete in time is ended", async () => {
    const server = await serve({}, { headersTimeoutMs: 100 });
    const sent = Date.now();
    const socket = await dial(server, "GET /health HTTP/1.1\r\nHost:");
    await readAll(socket);
    expect(Date.now() - sent).toBeLessThan(3000);
  });
});

it("a thousand slow connections disturb nobody, and cost no more than there is room for", async () => {
  const server = await serve();
  const slow = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => dial(server, i % 2 === 0 ? "GET /health HTTP/1.1\r\nHost" : "")),
  );
  expect(server.connections()).toBeLessThanOrEqual(64);
  for (let i = 0; i < 20; i++) {
    const startMs = Date.now();
    expect((await ask(server, "/health", { headers: { Connection: "close" } })).status).toBe(200);
    // The silent ones would be heard out for five seconds.
    expect(Date.now() - startMs).toBeLessThan(3000);
    expect((await ask(server, "/metrics", { headers: { Connection: "close" } })).status).toBe(200);
  }
  for (const socket of slow) socket.destroy();
});

describe("who asks without end", () => {
  const question = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

  it("and before the answer, gets one, and the connection ends", async () => {
    const server = await serve();
    const answers = await readAll(await dial(server, question.repeat(500)));
    expect(answers.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 200"]);
    expect(answers).toContain("up 1");
  });

  it("gets figures that were collected once", async () => {
    let collected = 0;
    const metrics = async () => `up ${++collected}\n`;
    const server = await serve({ metrics: { contentType: "text/plain", metrics } });
    const startMs = Date.now();
    for (let i = 0; i < 200; i++) await (await ask(server, "/metrics")).text();
    expect(collected).toBeLessThanOrEqual(1 + (Date.now() - startMs) / 100);
    await new Promise((resolve) => setTimeout(resolve, 110));
    const before = collected;
    expect(await (await ask(server, "/metrics")).text()).toBe(`up ${before + 1}\n`);
  });

  it("and takes no answer, makes room, and is not waited for", async () => {
    // More than the system takes off our hands for a peer that does not read.
    const body = "x".repeat(32 * 1024 * 1024);
    const server = await serve(
      { metrics: { contentType: "text/plain", metrics: async () => body } },
      { connectionsMax: 4 },
    );
    const deaf = await Promise.all(Array.from({ length: 4 }, () => dial(server, question)));
    for (const socket of deaf) socket.pause();
    const endMs = Date.now() + 5000;
    let status: number | undefined;
    while (status === undefined && Date.now() < endMs) {
      status = await ask(server, "/ready", { headers: { Connection: "close" } }).then(
        (answer) => answer.status,
        () => undefined,
      );
    }
    expect(status).toBe(200);
    await server.close();
    expect(server.connections()).toBe(0);
  });
});

it("closes while callers wait", async () => {
  const server = await serve();
  await dial(server, "GET /health HTTP/1.1\r\n");
  await dial(server);
  await server.close();
  expect(server.connections()).toBe(0);
});
