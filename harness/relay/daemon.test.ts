import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRelayAddress, START } from "../../core/ids.ts";
import { InvariantViolation } from "../../core/invariant.ts";
import { deriveGroupKeys } from "../../core/keys.ts";
import { Redacted } from "../../core/redacted.ts";
import type { RelayAnswer, RelayOperation } from "../../core/relay/store.ts";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import { ErrorCode } from "../../core/wire/error-code.ts";
import { HexNames } from "../../sim/hex-names.ts";
import { RelayStore } from "../../sim/relay-store.ts";
import { createRealClock } from "../driver/clock.ts";
import { WRITER, CONTEXT, createDisk, GROUP_SECRET, inMemory, startDevice } from "../driver/memory-device.ts";
import type { TransactionStore } from "../driver/transaction-store.ts";
import { openSqlite } from "../sqlite/database.ts";
import { RELAY_SCHEMA } from "../sqlite/relay-schema.ts";
import { UserError } from "../user-error.ts";
import type { RelayOptions, RunningRelay } from "./daemon.ts";
import { startRelay } from "./daemon.ts";
import { createLog } from "./log.ts";
import { RelayLife } from "./relay-life.ts";
import type { RelaySettings } from "./settings.ts";
import { defaultSettings } from "./settings.ts";
import { openStorage } from "./storage.ts";

let folder: string;
const open: { close(): Promise<unknown> }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zerok-relay-"));
});
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  settings: Partial<RelaySettings> = {},
  options: Partial<RelayOptions> = {},
): Promise<RunningRelay> {
  const relay = await startRelay({
    settings: {
      ...defaultSettings(),
      "server.bind_address": "127.0.0.1:0",
      "http.bind_address": "127.0.0.1:0",
      "storage.data_dir": join(folder, "data"),
      ...settings,
    },
    version: "1.2.3",
    log: createLog("silent"),
    ...options,
  });
  open.push(relay);
  return relay;
}
function device(relay: { readonly address: string }) {
  const started = startDevice(parseRelayAddress(relay.address)!);
  open.push(started);
  return started;
}
async function until(condition: () => boolean): Promise<void> {
  const endMs = Date.now() + 15_000;
  while (!condition()) {
    if (Date.now() > endMs) throw new Error("did not come about within fifteen seconds");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
async function mistake(starting: Promise<RunningRelay>): Promise<UserError> {
  const error = await starting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}
const page = async (relay: RunningRelay, path: string) => (await fetch(`${relay.httpAddress}${path}`)).text();
function figure(metrics: string, name: string): number {
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (.*)$`, "m").exec(metrics)?.[1] ?? Number.NaN);
}

describe("a relay", () => {
  it("serves devices, and tells what it did under upstream's fourteen names", async () => {
    const relay = await start();
    expect(relay.address).toMatch(/^0k:\/\/[0-9a-f]{64}@127\.0\.0\.1:\d+$/);
    const [one, other] = [device(relay), device(relay)];
    await until(() => one.count("connected") + other.count("connected") === 2);
    for (let i = 0; i < 20; i++) one.push(`blob ${i}`);
    await until(() => one.count("acked") === 20 && other.delivered().length === 20 && one.delivered().length === 20);

    const metrics = await page(relay, "/metrics");
    expect(figure(metrics, "sync_relay_connections_active")).toBe(2);
    expect(figure(metrics, "sync_relay_groups_active")).toBe(1);
    expect(metrics).toContain('sync_relay_info{version="1.2.3"} 1');
    expect(figure(metrics, "sync_relay_storage_blobs")).toBe(20);
    expect(figure(metrics, "sync_relay_storage_groups")).toBe(1);
    const bytes = figure(metrics, "sync_relay_storage_bytes");
    expect(bytes).toBeGreaterThan(20 * 256);
    expect(figure(metrics, "sync_relay_pushes_total")).toBe(20);
    expect(figure(metrics, "sync_relay_pulls_total")).toBeGreaterThanOrEqual(2);
    expect(figure(metrics, "sync_relay_connections_total")).toBe(2);
    expect(figure(metrics, "sync_relay_bytes_received_total")).toBe(bytes);
    expect(figure(metrics, "sync_relay_bytes_sent_total")).toBe(2 * bytes);
    expect(figure(metrics, "sync_relay_blobs_stored_total")).toBe(20);
    expect(figure(metrics, "sync_relay_rate_limit_hits_total")).toBe(0);
    expect(figure(metrics, "sync_relay_errors_total")).toBe(0);
    expect(figure(metrics, "sync_relay_push_seconds_count")).toBe(20);
    expect(figure(metrics, "sync_relay_pull_seconds_count")).toBeGreaterThanOrEqual(2);
    expect(figure(metrics, "sync_relay_commit_seconds_count")).toBeGreaterThan(2);
    expect(JSON.parse(await page(relay, "/health"))).toMatchObject({ status: "ok", connections: 2, total_blobs: 20 });
  });

  it("counts what it refuses because of a rate", async () => {
    const relay = await start({ "limits.messages_per_minute": 1, "limits.messages_burst": 3 });
    const one = device(relay);
    await until(() => one.count("connected") === 1);
    for (let i = 0; i < 10; i++) one.push(`blob ${i}`);
    await until(() => one.count("refused") > 0);
    expect(figure(await page(relay, "/metrics"), "sync_relay_rate_limit_hits_total")).toBeGreaterThan(0);
  });

  it("refuses a blob that is too large for it, for good, and takes the others", async () => {
    const relay = await start({ "storage.max_blob_size": 2000 });
    const one = device(relay);
    one.push("x".repeat(3000));
    one.push("small");
    await until(() => one.count("refused") === 1 && one.count("acked") === 1);
    const refused = one.events.find((event) => event.type === "refused");
    expect(refused).toMatchObject({ code: ErrorCode.BlobTooLarge, retryable: false });
  });

  it("keeps its key and its data, for itself alone", async () => {
    const first = await start();
    const one = device(first);
    one.push("kept");
    await until(() => one.count("acked") === 1);
    expect(await first.close()).toBe(true);
    await until(() => one.count("disconnected") === 1);
    expect(one.events.find((event) => event.type === "disconnected")).toMatchObject({ why: "relay-shutdown" });
    for (const [name, mode] of [
      ["", 0o700],
      ["relay.db", 0o600],
      ["identity.key", 0o600],
    ] as const) {
      expect(statSync(join(folder, "data", name)).mode & 0o777, name).toBe(mode);
    }
    const second = await start();
    expect(parseRelayAddress(second.address)!.id).toEqual(parseRelayAddress(first.address)!.id);
    const other = device(second);
    await until(() => other.delivered().includes("kept"));
  });

  it("closes a folder that others could enter", async () => {
    const data = join(folder, "data");
    await (await start()).close();
    chmodSync(data, 0o755);
    await start();
    expect(statSync(data).mode & 0o777).toBe(0o700);
  });

  it("leaves the mode of a folder that holds something else as it is", async () => {
    const data = join(folder, "data");
    mkdirSync(data);
    writeFileSync(join(data, "notes.txt"), "not a relay's");
    chmodSync(data, 0o755);
    await start();
    expect(statSync(data).mode & 0o777).toBe(0o755);
    expect(statSync(join(data, "relay.db")).mode & 0o777).toBe(0o600);
  });

  it("names SQLite's code once when /health finds the data damaged", async () => {
    const relay = await start();
    const one = device(relay);
    for (let i = 0; i < 100; i++) one.push(`blob ${i}`.repeat(100));
    await until(() => one.count("acked") === 100);
    await relay.close();
    const path = join(folder, "data", "relay.db");
    const bytes = readFileSync(path);
    // Behind the first page, which holds the schema.
    writeFileSync(path, bytes.fill(0xff, 4096));
    const lines: string[] = [];
    const again = await start({}, { log: createLog("info", { write: (line: string) => void lines.push(line) }) });
    for (let i = 0; i < 3; i++) expect((await fetch(`${again.httpAddress}/health`)).status).toBe(503);
    expect(lines.filter((line) => line.includes("store trouble"))).toEqual([expect.stringMatching(/SQLITE_CORRUPT/)]);
  });

  it("closes a key that others could read, and says so", async () => {
    await (await start()).close();
    const key = join(folder, "data", "identity.key");
    expect(statSync(key).mode & 0o777).toBe(0o600);
    chmodSync(key, 0o644);
    const lines: string[] = [];
    await start({}, { log: createLog("info", { write: (line: string) => void lines.push(line) }) });
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(lines.filter((line) => line.includes("key file was open to others"))).toHaveLength(1);
  });

  it.runIf(existsSync("/proc/self"))("says at once that the system makes no folder there", async () => {
    const error = await mistake(start({ "storage.data_dir": "/proc/zerok/data" }));
    expect([error.exitCode, error.message]).toEqual([3, expect.stringMatching(/cannot be used: the system makes no/)]);
  });

  it("leaves nothing behind when it is closed", async () => {
    const relay = await start();
    const one = device(relay);
    await until(() => one.count("connected") === 1);
    await page(relay, "/health");
    const closing = relay.close();
    expect((await Promise.all([closing, relay.close()])).every(Boolean)).toBe(true);
    const { sessions, timers, jobs, connections, sockets, httpConnections } = relay.resources();
    expect([sessions, timers, jobs, connections, sockets, httpConnections]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe("a machine that cannot run it is told why, and nothing stays behind", () => {
  it("another relay has the folder", async () => {
    await start();
    const error = await mistake(start());
    expect(error.exitCode).toBe(3);
    expect(error.message).toMatch(
      /relay\.db is in use by another process: stop that one first, or use another folder\.$/,
    );
  });

  it("something listens there already", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    open.push({ close: async () => void server.close() });
    const taken = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const name of ["server.bind_address", "http.bind_address"] as const) {
      const error = await mistake(start({ [name]: taken }));
      expect(error.exitCode).toBe(3);
      expect(error.message).toMatch(
        /^The relay cannot listen at .*: another program listens there\. Name another place with --/,
      );
    }
    await start();
  });

  it("no such address here", async () => {
    const error = await mistake(start({ "server.bind_address": "192.0.2.1:4433" }));
    expect(error.message).toMatch(/this machine has no such address/);
  });

  it("a key that cannot be kept", async () => {
    const error = await mistake(start({ "server.secret_key_path": join(folder, "no-such-folder", "key") }));
    expect(error.exitCode).toBe(3);
    expect(error.message).toMatch(/^The relay's key could not be kept in .*no-such-folder\/key: check/);
  });

  it("a database that is ours by its head, and has none of our tables", async () => {
    const file = openSqlite(join(folder, "relay.db"), { ...RELAY_SCHEMA, versions: ["CREATE TABLE other (a)"] });
    if (file.ok) file.value.close();
    for (let i = 0; i < 2; i++) {
      const error = await mistake(start({ "storage.data_dir": folder }));
      expect(error.message).toContain("relay.db is damaged: tables of a relay are missing");
    }
  });

  it("a file where the folder should be, or a key that is none", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "x");
    expect((await mistake(start({ "storage.data_dir": file }))).message).toMatch(
      /there is a file where a folder should be/,
    );
    await (await start()).close();
    writeFileSync(join(folder, "data", "identity.key"), "nonsense");
    expect((await mistake(start())).message).toMatch(/identity\.key does not hold a key/);
  });
});

describe("who is slow or silent", () => {
  it("a thousand connections that say nothing disturb no device, and are dropped in time", async () => {
    const relay = await start({
      "limits.connections_per_ip": 2000,
      "limits.connections_per_ip_per_minute": 100_000,
      "limits.global_connections_per_second": 100_000,
      "limits.hello_timeout_secs": 2,
    });
    const silent = Array.from({ length: 1000 }, (_, i) => {
      const socket = connect(relay.endpoint.port, "127.0.0.1");
      socket.on("error", () => {});
      if (i % 3 === 0) socket.write(Uint8Array.of(0, 32, 1));
      return socket;
    });
    open.push({ close: async () => silent.forEach((socket) => socket.destroy()) });
    await Promise.all(silent.map((socket) => once(socket, "connect")));
    const one = device(relay);
    await until(() => one.count("connected") === 1);
    const startMs = Date.now();
    for (let i = 0; i < 50; i++) one.push(`blob ${i}`);
    await until(() => one.count("acked") === 50);
    expect(Date.now() - startMs).toBeLessThan(3000);
    expect((await fetch(`${relay.httpAddress}/health`)).status).toBe(200);
    await until(() => relay.resources()["sessions"] === 1 && relay.resources()["sockets"] === 1);
  });

  it("one address gets its share of connections, and no more", async () => {
    const relay = await start({ "limits.connections_per_ip": 5 });
    const sockets = Array.from({ length: 20 }, () => connect(relay.endpoint.port, "127.0.0.1"));
    open.push({ close: async () => sockets.forEach((socket) => socket.destroy()) });
    const ended = { count: 0 };
    for (const socket of sockets) socket.on("error", () => {}).on("close", () => ended.count++);
    await until(() => ended.count === 15);
    expect(relay.resources()["sessions"]).toBe(5);
    const metrics = await page(relay, "/metrics");
    expect(figure(metrics, "sync_relay_connections_total")).toBe(5);
    expect(metrics).toContain('sync_relay_dropped_total{why="too-many-from-address"} 15');
  });
});

it("shows no secret, id or address in anything that it writes, at trace level", async () => {
  const lines: string[] = [];
  const log = createLog("trace", { write: (line) => void lines.push(line) });
  const canary = "canary-5f1e7a9c-passphrase";
  const relay = await start({}, { log });
  const [one, other] = [device(relay), device(relay)];
  for (let i = 0; i < 10; i++) one.push(`${canary} ${i}`);
  await until(() => one.count("acked") === 10 && other.delivered().length === 10);
  const stranger = connect(relay.endpoint.port, "127.0.0.1", () => stranger.write(canary));
  await once(stranger, "close");
  const pages = await Promise.all(["/health", "/ready", "/metrics", `/${canary}`].map((path) => page(relay, path)));
  await relay.close();

  const logged = lines.join("");
  for (const expected of ["starting", "ready", "transaction", "dropped", "http request", "stopping", "stopped"]) {
    expect(logged).toContain(`"msg":"${expected}"`);
  }
  const keys = deriveGroupKeys(CONTEXT.suite, new Redacted(GROUP_SECRET));
  const ready = [one, other].map((each) => each.events.find((event) => event.type === "ready"));
  const secrets: Record<string, Uint8Array | string> = {
    canary,
    "relay's key": readFileSync(join(folder, "data", "identity.key"), "utf8").trim(),
    "relay's id": parseRelayAddress(relay.address)!.id,
    "group's secret": GROUP_SECRET,
    group: keys.groupId,
    "device 1": ready[0]!.deviceId,
    "device 2": ready[1]!.deviceId,
    address: "127.0.0.1",
  };
  const written = logged + pages.join("");
  for (const [what, secret] of Object.entries(secrets)) {
    const bytes = Buffer.from(secret as string);
    const shapes = [
      bytes.toString("hex"),
      bytes.toString("base64").slice(0, -3),
      bytes.toString("base64url").slice(0, -3),
      [...bytes].join(","),
    ];
    if (typeof secret === "string") shapes.push(secret);
    for (const shape of shapes) expect(written.includes(shape), `${what} as ${shape.slice(0, 12)}…`).toBe(false);
  }
});

describe("a machine that breaks", () => {
  function live(store: TransactionStore<RelayOperation, RelayAnswer>) {
    const counts = { failed: 0 };
    const life = new RelayLife({
      config: DEFAULT_RELAY_CONFIG,
      context: CONTEXT,
      store,
      clock: createRealClock(),
      limits: { lingerMs: 50 },
      log: createLog("silent"),
      metrics: {
        accepted() {},
        dropped() {},
        slowReader() {},
        failed: () => counts.failed++,
        transaction() {},
      },
    });
    open.push({ close: () => life.close(1000) });
    return { life, counts };
  }

  it("is replaced: its sessions are dropped, the data and the port stay, devices come back", async () => {
    const store = inMemory(new RelayStore(createDisk(), CONTEXT.suite, WRITER, new HexNames()));
    let isBroken = false;
    const { life, counts } = live({
      ...store,
      run(operations, wallMs) {
        if (isBroken && operations.some(({ type }) => type === "append")) {
          isBroken = false;
          throw new InvariantViolation("planted");
        }
        return store.run(operations, wallMs);
      },
    });
    const id = await life.ready;
    const { port } = await life.listen({ host: "127.0.0.1", port: 0 });
    const one = startDevice({ id, endpoint: `127.0.0.1:${port}` });
    open.push(one);
    one.push("before");
    await until(() => one.count("acked") === 1);
    isBroken = true;
    one.push("after");
    await until(() => one.count("disconnected") === 1);
    await until(() => life.isRunning);
    one.tell({ type: "connect" });
    await until(() => one.count("acked") === 2);
    expect(one.delivered()).toContain("before");
    expect(counts.failed).toBe(1);
  });

  it("again and again is given up", async () => {
    const store = inMemory(new RelayStore(createDisk(), CONTEXT.suite, WRITER, new HexNames()));
    let isLoaded = false;
    const { life, counts } = live({
      ...store,
      run(operations, wallMs) {
        if (isLoaded) throw new InvariantViolation("planted");
        isLoaded = true;
        return store.run(operations, wallMs);
      },
    });
    const id = await life.ready;
    const { port } = await life.listen({ host: "127.0.0.1", port: 0 });
    open.push(startDevice({ id, endpoint: `127.0.0.1:${port}` }));
    await life.givenUp;
    expect(counts.failed).toBe(11);
    expect(life.isRunning).toBe(false);
    expect(life.resources()["sockets"]).toBe(0);
  });
});

describe("storage", () => {
  const group = new Uint8Array(32).fill(1);
  const device = new Uint8Array(32).fill(2);
  const claim = { epoch: null, contiguous: START, highest: START };
  const payload = new Uint8Array(300).fill(3);
  const operations: readonly RelayOperation[] = [
    { id: 1, type: "load", fresh: new Uint8Array(32).fill(9) },
    { id: 2, type: "admit", group, device, claim, freshEpoch: new Uint8Array(16), groupsMax: 9, devicesMax: 9 },
    {
      id: 3,
      type: "append",
      group,
      device,
      items: [{ blobId: new Uint8Array(16), payload, payloadHash: CONTEXT.suite.hash(payload), ttlS: 1 }],
      defaultTtlS: 1,
      heldBytesMax: 1e6,
      totalBytesMax: 1e6,
    },
  ];
  const load: RelayOperation = { id: 5, type: "load", fresh: new Uint8Array(32) };
  const sweep = (id: number): RelayOperation => ({
    id,
    type: "sweep",
    dedupeRetentionS: 1,
    acknowledgedRetentionS: 1,
  });

  it.each([
    [true, 1],
    [false, 0],
  ])("with clean-up %s drops %i blob whose time is over; answers come in order", (isSwept, gone) => {
    const paths = { database: join(folder, "a.db"), identity: join(folder, "a.key") };
    let nowMs = 0;
    const storage = openStorage(paths, CONTEXT.suite, { isSwept, nowMs: () => nowMs });
    expect(storage.run(operations, 1000).map(({ type }) => type)).toEqual(["loaded", "admitted", "appended"]);
    expect(storage.figures()).toEqual({ blobs: 1, bytes: 300, groups: 1 });
    const answers = storage.run([sweep(4), load, sweep(6)], 60_000);
    expect(answers.map(({ id, type }) => [id, type])).toEqual([
      [4, "swept"],
      [5, "loaded"],
      [6, "swept"],
    ]);
    expect(answers[0]).toMatchObject({ gone });
    nowMs = 10_000;
    expect(storage.figures()?.blobs).toBe(1 - gone);
    storage.close();
    expect(storage.figures()).toBeUndefined();
  });

  it("is not well while its transactions fail", () => {
    const paths = { database: join(folder, "b.db"), identity: join(folder, "no-such-folder", "b.key") };
    const storage = openStorage(paths, CONTEXT.suite, { isSwept: true, nowMs: () => 0 });
    expect(storage.figures()).toBeDefined();
    expect(storage.run(operations.slice(0, 1), 1000)[0]).toMatchObject({ type: "failed" });
    expect(storage.figures()).toBeUndefined();
    storage.run(operations.slice(1, 2), 1000);
    expect(storage.figures()).toBeDefined();
    storage.close();
  });
});
