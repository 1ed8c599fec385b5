/** For each line of `differences.ts`: finds out what a server does, in the words of the list. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { ANSWER_MS, ConformanceDesk, fields, NOWHERE } from "./conformance-desk.ts";
import type { ApiAnswer, ConformanceServer, DeskProxy } from "./conformance-desk.ts";
import type { DifferenceId } from "./differences.ts";
import type { Peer } from "./peer.ts";

type Probe = (desk: ConformanceDesk, start: () => Promise<ConformanceServer>) => Promise<string>;

/** An answer at once takes less, an answer that waits more. */
const WAIT_MS = 3_000;
/** How long a proxy may hold what it has read before its toxic has it. */
const READ_MS = 500;
const LONG_MS = 60_000;
const DEATH_MS = 40_000;

export const DIFFERENCE_PROBES: { readonly [Id in DifferenceId]: Probe } = {
  "negative-latency": (desk) => statusOfToxic(desk, { type: "latency", attributes: { latency: -1 } }),
  "toxicity-above-one": (desk) => statusOfToxic(desk, { type: "latency", toxicity: 2 }),
  "negative-bandwidth": (desk) => survives(desk, { type: "bandwidth", attributes: { rate: -1 } }),
  "slicer-of-nothing": (desk) => survives(desk, { type: "slicer" }),
  "slicer-varies-more-than-it-is": (desk) =>
    survives(desk, { type: "slicer", attributes: { average_size: 1, size_variation: 500 } }),
  "whole-number-with-a-point": async (desk) => {
    const { name } = await desk.proxy();
    const body = '{"type": "latency", "attributes": {"latency": 1.0, "jitter": 1e1}}';
    return String((await desk.ask("POST", `/proxies/${name}/toxics`, body)).status);
  },
  "text-behind-the-body": async (desk) => {
    const body = JSON.stringify({ name: desk.name(), listen: "127.0.0.1:0", upstream: NOWHERE });
    return String((await desk.ask("POST", "/proxies", `${body} and more`)).status);
  },
  "unknown-route": async (desk) => describe(await desk.ask("GET", "/nowhere")),
  "wrong-method": async (desk) => describe(await desk.ask("PUT", "/proxies")),
  browser: async (desk) => describe(await desk.ask("GET", "/version", undefined, { "User-Agent": "Mozilla/5.0" })),
  "fields-of-a-proxy": async (desk) => {
    const { name } = await desk.proxy();
    return Object.keys(fields(await desk.expect(200, "GET", `/proxies/${name}`))).join(" ");
  },
  "name-with-slash": async (desk) => {
    const name = `${desk.name()}/b`;
    desk.forget(name);
    await desk.expect(201, "POST", "/proxies", { name, listen: "127.0.0.1:0", upstream: NOWHERE });
    return String((await desk.ask("GET", `/proxies/${encodeURIComponent(name)}`)).status);
  },
  "any-port": async (desk) => {
    const { listen } = await desk.proxy();
    const first = Number.parseInt(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8"), 10);
    return Number(listen.split(":")[1]) < first ? "below the system's range" : "in the system's range";
  },
  "half-close": async (desk) => {
    const { client, server } = await desk.connect(await desk.proxy());
    client.send("question");
    client.halfClose();
    await server.receive(8);
    await server.ended();
    server.send("answer");
    server.halfClose();
    return client.receive(6).then(
      () => "the answer arrives",
      () => "the connection is closed",
    );
  },
  "reset-of-one-side": async (desk) => {
    const { client, server } = await desk.connect(await desk.proxy());
    client.send("x");
    await server.receive(1);
    client.reset();
    return server.ended();
  },
  "reset-peer-on-an-open-connection": async (desk) => {
    const proxy = await desk.proxy();
    const { client, server } = await desk.connect(proxy);
    client.send("x");
    await server.receive(1);
    await desk.toxic(proxy, { type: "reset_peer", stream: "upstream" });
    client.send("y");
    return server.ended();
  },
  "reset-peer-without-toxicity": async (desk) => {
    const proxy = await desk.proxy();
    await desk.toxic(proxy, { type: "reset_peer", stream: "upstream", toxicity: 0 });
    const { client, server } = await desk.connect(proxy);
    client.send("x");
    await server.receive(1);
    client.halfClose();
    return server.ended();
  },
  "removing-a-reset-peer-that-waits": async (desk) => {
    const proxy = await desk.proxy();
    const toxic = { type: "reset_peer", stream: "upstream", attributes: { timeout: 2 * WAIT_MS } };
    const path = await desk.toxic(proxy, toxic);
    const { client, server } = await desk.connect(proxy);
    client.send("x");
    await taken(client);
    const sinceMs = performance.now();
    await desk.ask("DELETE", path);
    const tookMs = performance.now() - sinceMs;
    const isUndone = await server.receive(1).then(
      () => true,
      () => false,
    );
    if (isUndone || (await client.ended()) !== "reset") return "it is undone";
    return tookMs < WAIT_MS ? "answers at once" : "answers when it is over";
  },
  "removing-a-timeout-without-toxicity": async (desk) => {
    const proxy = await desk.proxy();
    const path = await desk.toxic(proxy, { type: "timeout", stream: "upstream", toxicity: 0 });
    const { client, server } = await desk.connect(proxy);
    client.send("x");
    await server.receive(1);
    await desk.expect(204, "DELETE", path);
    client.send("y");
    return server.receive(1).then(
      () => "the connection lives",
      () => "the connection is closed",
    );
  },
  "removing-before-a-reader-that-does-not-read": async (desk) => {
    const proxy = await desk.proxy();
    const path = await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: 1 } });
    const { client, server } = await desk.connect(proxy);
    server.socket.pause();
    // More than the buffers of two connections hold.
    client.send(Buffer.alloc(64 * 1024 * 1024));
    await filled(server);
    const answered = await within(desk.ask("DELETE", path));
    server.socket.resume();
    return answered ? "answers" : "hangs";
  },
  "disabling-before-an-upstream-that-is-silent": async (desk) => {
    const upstream = await silentListener(desk);
    const name = desk.name();
    const body = { name, listen: "127.0.0.1:0", upstream };
    const { listen } = fields(await desk.expect(201, "POST", "/proxies", body));
    await desk.dial(String(listen));
    return (await within(desk.ask("PATCH", `/proxies/${name}`, { enabled: false }))) ? "answers" : "hangs";
  },
  "adding-behind-a-toxic-that-waits": async (desk) => {
    const proxy = await desk.proxy();
    await desk.toxic(proxy, { type: "latency", stream: "upstream", attributes: { latency: LONG_MS } });
    const { client, server } = await desk.connect(proxy);
    client.send("held");
    await taken(client);
    await desk.toxic(proxy, { type: "noop", stream: "upstream" });
    return (await within(server.receive(4))) ? "it goes at once" : "it waits on";
  },
  "toxicity-of-a-connection": async (desk) => {
    // With the seed of the suite the embedded proxy spares the first connection of this one: that is quicker.
    const proxy = await desk.proxy("spared");
    // Long enough to tell a chunk that was delayed from one on a busy machine.
    const attributes = { latency: 2000 };
    const path = await desk.toxic(proxy, { type: "latency", stream: "upstream", toxicity: 0.5, attributes });
    const { client, server } = await desk.connect(proxy);
    const seen = new Set<boolean>();
    for (let i = 0; i < 20 && seen.size < 2; i++) {
      const sinceMs = performance.now();
      client.send("x");
      await server.receive(1);
      seen.add(performance.now() - sinceMs >= 1999);
      await desk.expect(200, "PATCH", path, { toxicity: 0.5 });
    }
    return seen.size === 1 ? "decided once" : "decided anew";
  },
  seed: async (desk, start) => {
    const other = await start();
    try {
      const first = await survivors(desk.server);
      return first === (await survivors(other)) ? "the same connections" : "other connections";
    } finally {
      await other.stop();
    }
  },
  "toxics-of-ours": async (desk) => {
    const ours = [
      { type: "blocked" },
      { type: "loss", attributes: { permille: 10 } },
      { type: "tamper", attributes: { how: "flip" } },
      { type: "cut" },
    ];
    const statuses: string[] = [];
    for (const toxic of ours) statuses.push(await statusOfToxic(desk, toxic));
    return statuses.join(" ");
  },
  "routes-of-ours": async (desk) => {
    const { name } = await desk.proxy();
    const effects = await desk.ask("GET", `/proxies/${name}/effects`);
    return `${effects.status} ${(await desk.ask("GET", "/events")).status}`;
  },
};

async function statusOfToxic(desk: ConformanceDesk, toxic: object): Promise<string> {
  const { name } = await desk.proxy();
  return String((await desk.ask("POST", `/proxies/${name}/toxics`, toxic)).status);
}

/** What becomes of a server that has such a toxic and is sent something. */
async function survives(desk: ConformanceDesk, toxic: object): Promise<string> {
  const proxy = await desk.proxy();
  const { status } = await desk.ask("POST", `/proxies/${proxy.name}/toxics`, { ...toxic, stream: "upstream" });
  if (status !== 200) return String(status);
  const { client } = await desk.connect(proxy);
  client.send(Buffer.alloc(30_000));
  // It takes Go a while to fill a stack of a gigabyte.
  for (const untilMs = performance.now() + DEATH_MS; desk.server.isAlive && performance.now() < untilMs;) {
    await sleep(50);
  }
  return desk.server.isAlive ? "the server lives" : "the server dies";
}

function describe({ status, json }: ApiAnswer): string {
  return `${status} as ${json === undefined ? "text" : fields(json)["status"] === status ? "JSON" : "something else"}`;
}

/** Whether it came at once. */
function within(work: Promise<unknown>): Promise<boolean> {
  return Promise.race([
    work.then(
      () => true,
      () => false,
    ),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), WAIT_MS)),
  ]);
}

/**
 * Until the first toxic has what was sent, though nothing comes out behind it. That the system has nothing left of it
 * is seen in its table of connections; what the proxy has read is at the toxic a little later, in nobody's sight.
 */
async function taken({ socket }: Peer): Promise<void> {
  const unread = (): number => unreadAt(socket.remotePort!, socket.localPort!) ?? 1;
  for (const untilMs = performance.now() + ANSWER_MS; unread() > 0;) {
    if (performance.now() > untilMs) throw new Error("the proxy does not read what was sent");
    await sleep(20);
  }
  await sleep(READ_MS);
}

/** Until the system holds something for it, and takes no more. */
async function filled({ socket }: Peer): Promise<void> {
  const unread = (): number => unreadAt(socket.localPort!, socket.remotePort!) ?? 0;
  const untilMs = performance.now() + ANSWER_MS;
  for (let before = 0; before === 0 || before !== unread();) {
    if (performance.now() > untilMs) throw new Error("what was sent does not come to a stand");
    before = unread();
    await sleep(READ_MS);
  }
}

/** Bytes that wait to be read at this end of a connection over the loopback. */
function unreadAt(port: number, peerPort: number): number | undefined {
  const hex = (one: number): string => one.toString(16).toUpperCase().padStart(4, "0");
  // Its address, that of the other end, "established", bytes that wait to be sent and to be read.
  const end = new RegExp(`:${hex(port)} \\S+:${hex(peerPort)} 01 \\S+:([0-9A-F]+) `);
  const found = end.exec(readFileSync("/proc/net/tcp", "utf8"))?.[1];
  return found === undefined ? undefined : Number.parseInt(found, 16);
}

/** The address of a process that is stopped and whose queue is full: who dials it hears nothing. */
async function silentListener(desk: ConformanceDesk): Promise<string> {
  const script = `require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 },
    function () { console.log(this.address().port); })`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  desk.later(() => void child.kill("SIGKILL"));
  const port = await new Promise<string>((resolve) =>
    child.stdout.once("data", (text) => resolve(String(text).trim())),
  );
  child.kill("SIGSTOP");
  // One more than fit hangs itself, and so does everybody after it.
  const queue = Array.from({ length: 4 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
  desk.later(() => queue.forEach((socket) => void socket.destroy()));
  await stalledQueue(queue);
  return `127.0.0.1:${port}`;
}

/** Until no more of them get through. */
async function stalledQueue(queue: readonly Socket[]): Promise<void> {
  for (let before = -1; before !== queue.filter(({ pending }) => pending).length;) {
    before = queue.filter(({ pending }) => pending).length;
    await sleep(200);
  }
}

/** Which of 24 connections a toxic of half a toxicity spares, as bits. */
async function survivors(server: ConformanceServer): Promise<string> {
  const desk = new ConformanceDesk(server);
  try {
    const behind = await desk.listener();
    const body = { name: "seeded", listen: "127.0.0.1:0", upstream: behind.address };
    const { listen } = fields(await desk.expect(201, "POST", "/proxies", body));
    const proxy: DeskProxy = { name: "seeded", listen: String(listen), behind };
    await desk.toxic(proxy, { type: "limit_data", stream: "upstream", toxicity: 0.5 });
    let bits = "";
    for (let i = 0; i < 24; i++) {
      const connection = await desk.connect(proxy);
      connection.client.send("x");
      bits += await connection.server.receive(1).then(
        () => "1",
        () => "0",
      );
    }
    return bits;
  } finally {
    await desk.close();
  }
}
