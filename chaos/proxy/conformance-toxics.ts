/**
 * Cases of the conformance suite: what happens to bytes. Times have lower bounds that are exact, and no upper ones
 * but patience: what must happen at once is shown by a toxic that would otherwise hold it for a minute.
 */
import type { Case } from "./conformance-api.ts";
import { check, checkSame, timed } from "./conformance-desk.ts";
import { dial } from "./peer.ts";

const LONG_MS = 60_000;
/** A clock that counts whole milliseconds may be short of one. */
const EARLY_MS = 1;

export const TOXIC_CASES: readonly Case[] = [
  [
    "bytes pass both ways as they are",
    async (desk) => {
      const { client, server } = await desk.connect(await desk.proxy());
      const bytes = new Uint8Array(3_000_000).map((_, i) => (i * 7 + (i >>> 8)) & 0xff);
      client.send(bytes);
      check((await server.receive(bytes.length)).equals(bytes), "upstream");
      server.send(bytes);
      check((await client.receive(bytes.length)).equals(bytes), "downstream");
    },
  ],
  [
    "an end passes to the other side, behind the bytes before it",
    async (desk) => {
      const proxy = await desk.proxy();
      for (const from of ["client", "server"] as const) {
        const ends = await desk.connect(proxy);
        const to = from === "client" ? ends.server : ends.client;
        ends[from].send("last words");
        ends[from].halfClose();
        checkSame((await to.receive(10)).toString(), "last words", from);
        checkSame(await to.ended(), "eof", `${from} ends`);
      }
    },
  ],
  [
    "where nobody listens behind the proxy, a connection is accepted and closed",
    async (desk) => {
      const proxy = await desk.proxy();
      await proxy.behind.close();
      await (await desk.dial(proxy.listen)).ended();
    },
  ],
  [
    "a disabled proxy refuses and closes what was open; enabled again it takes connections on the same port",
    async (desk) => {
      const proxy = await desk.proxy();
      const { client, server } = await desk.connect(proxy);
      await desk.expect(200, "PATCH", `/proxies/${proxy.name}`, { enabled: false });
      await Promise.all([client.ended(), server.ended()]);
      checkSame(await dial(proxy.listen).catch((error: Error) => error.message), "ECONNREFUSED", "dial");
      await desk.expect(200, "PATCH", `/proxies/${proxy.name}`, { enabled: true });
      const again = await desk.connect(proxy);
      again.client.send("again");
      await again.server.receive(5);
    },
  ],
  [
    "another upstream closes what was open, keeps the toxics, and is where new connections go",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "limit_data", stream: "upstream", attributes: { bytes: 3 } });
      const { client } = await desk.connect(proxy);
      const behind = await desk.listener();
      await desk.expect(200, "PATCH", `/proxies/${proxy.name}`, { upstream: behind.address });
      await client.ended();
      const moved = await desk.connect({ ...proxy, behind });
      moved.client.send("four");
      checkSame((await moved.server.receive(3)).toString(), "fou", "limited");
      await desk.expect(200, "GET", path);
    },
  ],
  [
    "latency: every chunk waits so long, in order, and only in its direction",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "latency", attributes: { latency: 150 } });
      const { client, server } = await desk.connect(proxy);
      client.send("up");
      await server.receive(2);
      const first = timed(client.receive(1));
      server.send("1");
      check((await first) >= 150 - EARLY_MS, "too early");
      server.send("2");
      server.send("3");
      checkSame((await client.receive(2)).toString(), "23", "order");
    },
  ],
  [
    "latency: a new connection knows it from its first byte, an open one from then on",
    async (desk) => {
      const proxy = await desk.proxy();
      const open = await desk.connect(proxy);
      await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 120 } });
      const fresh = await desk.connect(proxy);
      for (const { client, server } of [open, fresh]) {
        const took = timed(server.receive(1));
        client.send("x");
        check((await took) >= 120 - EARLY_MS, "too early");
      }
    },
  ],
  [
    "latency: jitter never takes more than it is, and keeps the order",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 60, jitter: 40 } });
      const { client, server } = await desk.connect(proxy);
      for (let i = 0; i < 8; i++) {
        const took = timed(server.receive(2));
        client.send(`${i}a`.slice(0, 2));
        check((await took) >= 20 - EARLY_MS, "too early");
      }
      for (let i = 0; i < 50; i++) client.send(String(i % 10));
      checkSame((await server.receive(50)).toString(), "0123456789".repeat(5), "order");
    },
  ],
  [
    "latency: an end waits for the bytes before it",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 150 } });
      const { client, server } = await desk.connect(proxy);
      client.send("late");
      client.halfClose();
      check((await timed(server.receive(4))) >= 100, "too early");
      checkSame(await server.ended(), "eof", "end");
    },
  ],
  [
    "latency: removed, what waits goes at once",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: LONG_MS } });
      const { client, server } = await desk.connect(proxy);
      client.send("held");
      await desk.toxic(proxy, { type: "latency", stream: "downstream" });
      check(server.isQuiet, "held");
      await desk.expect(204, "DELETE", path);
      await server.receive(4);
      client.send("free");
      await server.receive(4);
    },
  ],
  [
    "latency: updated, what waits goes at once and what comes waits the new time",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "latency", attributes: { latency: LONG_MS } });
      const { client, server } = await desk.connect(proxy);
      client.send("known");
      await server.receive(5);
      server.send("held");
      // A round trip of the API later it is there.
      await desk.expect(200, "GET", path);
      await desk.expect(200, "PATCH", path, { attributes: { latency: 100 } });
      await client.receive(4);
      const took = timed(client.receive(1));
      server.send("x");
      check((await took) >= 100 - EARLY_MS, "too early");
    },
  ],
  [
    "bandwidth: no faster than its rate",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "bandwidth", stream: "upstream", attributes: { rate: 100 } });
      const { client, server } = await desk.connect(proxy);
      const took = timed(server.receive(50_000));
      client.send(Buffer.alloc(50_000));
      // 500 ms; the timers of a sender may each be a little off.
      check((await took) >= 450, "too fast");
    },
  ],
  [
    "bandwidth: no rate lets nothing through, until it has one or is removed",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "bandwidth", stream: "upstream" });
      const marker = await desk.connect(proxy);
      const { client, server } = await desk.connect(proxy);
      client.send("held");
      marker.server.send("by now it is there");
      await marker.client.receive(18);
      check(server.isQuiet, "held");
      await desk.expect(200, "PATCH", path, { attributes: { rate: 1000 } });
      await server.receive(4);
      await desk.expect(200, "PATCH", path, { attributes: { rate: 0 } });
      client.send("more");
      await desk.expect(200, "GET", path);
      await desk.expect(204, "DELETE", path);
      await server.receive(4);
    },
  ],
  [
    "slow_close: an end is late, bytes are not",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "slow_close", stream: "upstream", attributes: { delay: 200 } });
      const { client, server } = await desk.connect(proxy);
      client.send("bytes");
      await server.receive(5);
      const took = timed(server.ended());
      client.halfClose();
      check((await took) >= 200 - EARLY_MS, "too early");
    },
  ],
  [
    "slow_close: removed, an end that waits goes at once",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "slow_close", stream: "upstream", attributes: { delay: LONG_MS } });
      const { client, server } = await desk.connect(proxy);
      client.send("x");
      await server.receive(1);
      client.halfClose();
      await desk.expect(200, "GET", path);
      await desk.expect(204, "DELETE", path);
      checkSame(await server.ended(), "eof", "end");
    },
  ],
  [
    "timeout: bytes are dropped, and the connection closed so long after the last of them",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "timeout", stream: "upstream", attributes: { timeout: 2000 } });
      const { client, server } = await desk.connect(proxy);
      const ended = server.ended();
      let sinceMs = 0;
      for (let i = 0; i < 4; i++) {
        sinceMs = performance.now();
        client.send("x");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      await ended;
      check(performance.now() - sinceMs >= 2000 - EARLY_MS, "too early");
      await client.ended();
      checkSame(server.receivedBytes, 0, "received");
    },
  ],
  [
    "timeout: without a time nothing happens, until it is removed: then the connection is closed",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "timeout", stream: "upstream" });
      const { client, server } = await desk.connect(proxy);
      client.send("dropped");
      server.send("passes");
      await client.receive(6);
      check(server.isQuiet, "dropped");
      await desk.expect(204, "DELETE", path);
      await Promise.all([client.ended(), server.ended()]);
      checkSame(server.receivedBytes, 0, "received");
      const fresh = await desk.connect(proxy);
      fresh.client.send("x");
      await fresh.server.receive(1);
    },
  ],
  [
    "reset_peer: the first byte resets a connection that came after it, so long later, on both sides",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "reset_peer", stream: "upstream", attributes: { timeout: 150 } });
      const { client, server } = await desk.connect(proxy);
      server.send("hello");
      await client.receive(5);
      const took = timed(client.ended());
      client.send("x");
      check((await took) >= 150 - EARLY_MS, "too early");
      checkSame([await client.ended(), await server.ended()], ["reset", "reset"], "ends");
      checkSame(server.receivedBytes, 0, "received");
    },
  ],
  [
    "slicer: bytes come in pieces, one after the other, and are the same",
    async (desk) => {
      const proxy = await desk.proxy();
      const attributes = { average_size: 25, size_variation: 5, delay: 10_000 };
      await desk.toxic(proxy, { type: "slicer", stream: "upstream", attributes });
      const { client, server } = await desk.connect(proxy);
      const text = "0123456789".repeat(20);
      const took = timed(server.receive(200));
      client.send(text);
      // At most 30 bytes a piece: seven, with ten milliseconds between.
      check((await took) >= 60 - EARLY_MS, "too fast");
      check(server.pieces.length >= 3, `pieces ${String(server.pieces)}`);
      client.send(text);
      checkSame((await server.receive(200)).toString(), text, "bytes");
    },
  ],
  [
    "slicer: removed, the rest goes at once",
    async (desk) => {
      const proxy = await desk.proxy();
      const attributes = { average_size: 10, size_variation: 0, delay: LONG_MS * 1000 };
      const path = await desk.toxic(proxy, { type: "slicer", stream: "upstream", attributes });
      const { client, server } = await desk.connect(proxy);
      client.send("0123456789".repeat(5));
      await server.receive(1);
      await desk.expect(204, "DELETE", path);
      await server.receive(49);
    },
  ],
  [
    "limit_data: so many bytes pass, and with the last of them the connection is closed",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "limit_data", stream: "upstream", attributes: { bytes: 7 } });
      for (const text of ["0123456789", "0123456"]) {
        const { client, server } = await desk.connect(proxy);
        client.send(text);
        checkSame((await server.receive(7)).toString(), "0123456", text);
        await Promise.all([server.ended(), client.ended()]);
        checkSame(server.receivedBytes, 0, "received");
      }
    },
  ],
  [
    "limit_data: no bytes closes at the first",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "limit_data", stream: "upstream" });
      const { client, server } = await desk.connect(proxy);
      server.send("open");
      await client.receive(4);
      client.send("x");
      await server.ended();
      checkSame(server.receivedBytes, 0, "received");
    },
  ],
  [
    "limit_data: the count is kept over an update",
    async (desk) => {
      const proxy = await desk.proxy();
      const path = await desk.toxic(proxy, { type: "limit_data", stream: "upstream", attributes: { bytes: 5 } });
      const { client, server } = await desk.connect(proxy);
      client.send("123");
      await server.receive(3);
      await desk.expect(200, "PATCH", path, { attributes: { bytes: 6 } });
      client.send("456789");
      checkSame((await server.receive(3)).toString(), "456", "rest");
      await server.ended();
      checkSame(server.receivedBytes, 0, "received");
    },
  ],
  [
    "a toxic without toxicity leaves bytes alone",
    async (desk) => {
      const proxy = await desk.proxy();
      for (const type of ["timeout", "limit_data", "reset_peer", "bandwidth"]) {
        await desk.toxic(proxy, { type, stream: "upstream", toxicity: 0 });
      }
      const { client, server } = await desk.connect(proxy);
      client.send("whole");
      checkSame((await server.receive(5)).toString(), "whole", "bytes");
    },
  ],
  [
    "several toxics act one after the other",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "limit_data", stream: "upstream", attributes: { bytes: 4 } });
      await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 80 } });
      await desk.toxic(proxy, { type: "slow_close", stream: "upstream", attributes: { delay: 120 } });
      const { client, server } = await desk.connect(proxy);
      const bytes = timed(server.receive(4));
      const end = timed(server.ended());
      client.send("123456");
      check((await bytes) >= 80 - EARLY_MS, "bytes too early");
      check((await end) >= 200 - EARLY_MS, "end too early");
    },
  ],
  [
    "fifty connections at once do not mix",
    async (desk) => {
      const proxy = await desk.proxy();
      await desk.toxic(proxy, { type: "latency", attributes: { latency: 5, jitter: 5 } });
      const clients = await Promise.all(Array.from({ length: 50 }, () => desk.dial(proxy.listen)));
      const echoes = Promise.all(
        clients.map(async () => {
          const server = await proxy.behind.accept();
          server.send(await server.receive(4));
        }),
      );
      clients.forEach((client, i) => client.send(String(1000 + i)));
      const answers = await Promise.all(clients.map((client) => client.receive(4)));
      checkSame(
        answers.map(String),
        clients.map((_, i) => String(1000 + i)),
        "echoes",
      );
      await echoes;
    },
  ],
];
