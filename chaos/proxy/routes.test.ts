import { connect } from "node:net";
import { request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConformanceDesk } from "./conformance-desk.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";

let server: FaultProxy;
beforeAll(async () => {
  server = await startFaultProxy({ host: "127.0.0.1", port: 0, seed: "0x1" });
  const body = JSON.stringify({ name: "p", listen: "127.0.0.1:0", upstream: "127.0.0.1:1" });
  await fetch(`${server.url}/proxies`, { method: "POST", body });
  await fetch(`${server.url}/proxies/p/toxics`, { method: "POST", body: '{"type": "latency", "name": "t"}' });
});
afterAll(() => server.close());

/** Not by `fetch`, which sends no body with GET and tidies paths. */
function send(method: string, path: string, body: string | Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    // Node leaves the length out where a method has no body.
    const headers = { "Content-Length": Buffer.byteLength(body) };
    const asked = request(`${server.url}/`, { method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode!, text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** What the client relies on: success, or an error that is told. */
function expectWellFormed({ status, text }: { status: number; text: string }, method: string): void {
  if (status === 204 || method === "HEAD") return;
  const json = JSON.parse(text) as { error?: unknown; status?: unknown };
  if (status < 300) return;
  expect(typeof json.error).toBe("string");
  // Where it cannot listen is the one thing that is nobody's mistake for certain.
  if (status >= 500) expect(json.error).toMatch(/^(listen tcp|address|lookup) /);
  expect(json.status).toBe(status);
}

const name = fc.constantFrom("p", "t", "", "x", "%2e%2e", "a%2Fb", "__proto__", "%zz", "toxics", "constructor");
const path = fc.array(
  fc.oneof(fc.constantFrom("proxies", "toxics", "populate", "version", "events", "effects"), name),
  {
    maxLength: 5,
  },
);
const method = fc.constantFrom("GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS");
const known = fc.constantFrom(
  "name",
  "listen",
  "upstream",
  "enabled",
  "type",
  "stream",
  "toxicity",
  "attributes",
  "latency",
);
const value = fc.oneof(
  fc.constantFrom("latency", "slicer", "tamper", "down", "upstream", "127.0.0.1:x", "[::", "1:2:3", "flip"),
  fc.jsonValue({ maxDepth: 3 }),
  fc.double(),
);
const object = fc.dictionary(
  fc.oneof(known, fc.constantFrom("how", "rate", "average_size", "permille", "__proto__")),
  value,
);
const body = fc.oneof(
  object.map((each) => JSON.stringify(each)),
  fc
    .tuple(object, object)
    .map(([outer, attributes]) => JSON.stringify({ ...outer, type: outer["type"] ?? "loss", attributes })),
  fc.array(object, { maxLength: 3 }).map((each) => JSON.stringify(each)),
  fc.string(),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(3000).map((depth) => "[".repeat(depth)),
);

describe("the API, whatever it is asked", () => {
  it("answers, and says what was wrong", async () => {
    await fc.assert(
      fc.asyncProperty(method, path, body, async (how, segments, what) => {
        // Deleting what the others need, or listening on ports of this machine, is for other tests.
        const at = `/${segments.join("/")}`;
        fc.pre(!(how === "DELETE" && /^\/proxies\/p$/.test(at)));
        expectWellFormed(await send(how, at, what), how);
      }),
      { numRuns: 600 },
    );
    const after = await fetch(`${server.url}/proxies/p`);
    expect(after.status).toBe(200);
  });

  it("says so when a body is too long", async () => {
    const { status, text } = await send("POST", "/proxies", Buffer.alloc(3 * 1024 * 1024, "x"));
    expect([status, JSON.parse(text)]).toEqual([413, { error: expect.stringContaining("bytes"), status: 413 }]);
  });

  it("says so when it is no HTTP", async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.end("hello\r\n\r\n");
    let text = "";
    for await (const piece of socket.setEncoding("utf8") as AsyncIterable<string>) text += piece;
    expect(text).toContain('{"error":"bad request","status":400}');
  });

  it("carries changes out one after the other", async () => {
    const desk = new ConformanceDesk({ url: server.url, isAlive: true, stop: async () => {} });
    const body = { name: "race", listen: "127.0.0.1:0", upstream: "127.0.0.1:1" };
    const asked = Array.from({ length: 8 }, () => desk.ask("POST", "/proxies", body));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    const toggles = Array.from({ length: 20 }, (_, i) => desk.ask("PATCH", "/proxies/race", { enabled: i % 2 === 1 }));
    const toggled = (await Promise.all(toggles)).map(({ status, json }) => [
      status,
      (json as { enabled: boolean }).enabled,
    ]);
    expect(toggled).toEqual(toggles.map((_, i) => [200, i % 2 === 1]));
    await desk.expect(204, "DELETE", "/proxies/race");
  });
});
