import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BODY_BYTES_MAX } from "../../core/blob/seal.ts";
import { startTestRelay, type TestRelay } from "./relay-for-tests.ts";
import { SyncClient } from "./sync-client.ts";
import { QueueFullError } from "./sync-error.ts";
import type { SyncClientOptions } from "./sync-types.ts";
import type { SyncEventMap } from "./sync-events.ts";

let home: string;
let relay: TestRelay | undefined;
const open: SyncClient[] = [];
const secret = new Uint8Array(32).fill(7);
const NOBODY = `0k://${"ab".repeat(32)}@127.0.0.1:1`;

beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "zerok-client-"))));
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
  await relay?.stop();
  relay = undefined;
  rmSync(home, { recursive: true, force: true });
});

async function startRelay(port = 0): Promise<TestRelay> {
  relay = await startTestRelay(join(home, "relay"), port);
  return relay;
}

async function device(name: string, options: Partial<SyncClientOptions> = {}): Promise<SyncClient> {
  const client = await SyncClient.open({
    dataDir: join(home, name),
    relays: [relay?.address ?? NOBODY],
    groupSecret: secret,
    ...options,
  });
  open.push(client);
  return client;
}

function next<Name extends keyof SyncEventMap>(client: SyncClient, name: Name): Promise<SyncEventMap[Name][0]> {
  return new Promise((resolve) => (client as NodeJS.EventEmitter).once(name, resolve));
}

const text = (data: Uint8Array) => new TextDecoder().decode(data);

describe("two devices", () => {
  it("push, acknowledge, pull: each entry is read once, by both", async () => {
    await startRelay();
    const [one, other] = [await device("one"), await device("other")];
    const connected = await one.connect();
    expect(connected).toEqual({ relay: relay!.address, epoch: expect.stringMatching(/^[0-9a-f]{32}$/), maxCursor: 0 });
    await other.connect();
    const { blobId, acked } = await one.push("hello");
    expect(await acked).toEqual({ blobId, relay: relay!.address, cursor: 1 });
    const [entry, ...rest] = await other.pull();
    expect(rest).toEqual([]);
    expect(entry).toMatchObject({ index: 1, blobId, sender: one.deviceId, relay: relay!.address, cursor: 1 });
    expect(text(entry!.data)).toBe("hello");
    expect(await other.pull()).toEqual([]);
    expect((await one.pull()).map(({ blobId: id }) => id)).toEqual([blobId]);
    expect(other.inbox().length).toBe(1);
    expect(one.currentCursor).toBe(1);
    expect(one.activeRelay).toBe(relay!.address);
    expect(one.status()).toMatchObject({ isConnected: true, queued: 0, inbox: 1, unread: 0, quarantined: 0 });
  });

  it("tells of what arrives while it is connected", async () => {
    await startRelay();
    const [one, other] = [await device("one"), await device("other")];
    await one.connect();
    await other.connect();
    const blob = next(other, "blob");
    await one.push("knock");
    expect(text((await blob).data)).toBe("knock");
  });

  it("pages until everything is there, and keeps the limit of a pull", async () => {
    await startRelay();
    const one = await device("one");
    await one.connect();
    const pushed = await Promise.all(Array.from({ length: 250 }, (_, i) => one.push(`blob ${i}`)));
    await Promise.all(pushed.map(({ acked }) => acked));
    const other = await device("other", { config: { pullLimit: 20 } });
    await other.connect();
    const first = await other.pull({ limit: 3 });
    expect(first.map(({ data }) => text(data))).toEqual(["blob 0", "blob 1", "blob 2"]);
    expect(other.status()).toMatchObject({ inbox: 250, unread: 247 });
    const rest = await other.pull();
    expect(rest.length).toBe(247);
    expect(text(rest.at(-1)!.data)).toBe("blob 249");
    expect(other.inbox({ after: 248 }).map(({ index }) => index)).toEqual([249, 250]);
  });

  it("keeps its queue within its bounds, over a restart, and has room again when a relay has acknowledged", async () => {
    await startRelay();
    const config = { queueRowsMax: 2 };
    const options = { config, relays: [relay!.address] };
    const { port } = relay!;
    await relay!.stop();
    let one = await device("one", options);
    const [first, second, third] = await Promise.allSettled(["a", "b", "c"].map((each) => one.push(each)));
    expect([first!.status, second!.status]).toEqual(["fulfilled", "fulfilled"]);
    expect(third).toMatchObject({
      reason: {
        code: "queue-full",
        queued: 2,
        queuedMax: 2,
        message: expect.stringMatching(/^Nothing was queued: 2 /),
      },
    });
    await one.close();
    one = await device("one", options);
    await expect(one.push("d")).rejects.toBeInstanceOf(QueueFullError);
    await startRelay(port);
    await one.connect();
    await one.flush();
    await (
      await one.push("e")
    ).acked;
    await one.catchUp();
    expect(one.inbox().map(({ data }) => text(data))).toEqual(["a", "b", "e"]);
  });

  it("knows the group's devices, revokes one, and that one is told", async () => {
    await startRelay();
    const [one, other] = [await device("one"), await device("other")];
    await one.connect();
    await other.connect();
    const devices = await one.devices();
    expect(devices.map(({ deviceId }) => deviceId).sort()).toEqual([one.deviceId, other.deviceId].sort());
    expect(devices.find(({ isThisDevice }) => isThisDevice)).toMatchObject({ deviceId: one.deviceId, isOnline: true });
    const told = next(other, "device-revoked");
    await one.revoke(other.deviceId, "lost");
    expect(await told).toMatchObject({ device: other.deviceId, by: one.deviceId, reason: "lost" });
    await expect(other.connect()).rejects.toMatchObject({ code: "revoked" });
    expect((await one.devices()).find(({ deviceId }) => deviceId === other.deviceId)).toMatchObject({
      isRevoked: true,
    });
  });

  it("deletes what it pushed, and nothing else", async () => {
    await startRelay();
    const [one, other, late] = [await device("one"), await device("other"), await device("late")];
    await one.connect();
    const { blobId, acked } = await one.push("oops");
    await acked;
    await other.connect();
    await expect(other.delete(blobId)).rejects.toMatchObject({ code: "refused", message: /only that one may delete/ });
    expect(await one.delete(blobId)).toEqual({ cursor: 1 });
    const lost = next(late, "lost-history");
    await late.connect();
    expect(await late.pull()).toEqual([]);
    expect(await lost).toEqual({ relay: relay!.address, from: 1, to: 1, why: "deleted" });
    expect(late.status().lostRanges).toBe(1);
    await expect(one.delete("00".repeat(16))).rejects.toMatchObject({ code: "refused", message: /no such blob/ });
  });

  it("waits until everything queued is sent", async () => {
    await startRelay();
    const one = await device("one");
    for (let i = 0; i < 100; i++) await one.push(`blob ${i}`);
    await expect(one.flush()).rejects.toMatchObject({ code: "not-connected" });
    await one.connect();
    await one.flush();
    expect(one.status()).toMatchObject({ queued: 0, relays: [{ queued: 0, highestCursor: 100 }] });
    await one.flush({ everywhere: true });
  });
});

describe("without a relay", () => {
  it("keeps what is pushed, over a restart, and sends it when the relay is back", async () => {
    const { port } = await startRelay();
    const { address } = relay!;
    await relay!.stop();
    relay = undefined;
    const before = await device("one", { relays: [address] });
    await expect(before.connect()).rejects.toMatchObject({
      code: "all-relays-failed",
      message: /nothing answers at that address/,
    });
    const { blobId, acked } = await before.push("later");
    expect(before.status()).toMatchObject({ queued: 1, isConnected: false });
    await before.close();
    await expect(acked).rejects.toMatchObject({ code: "closed" });

    await startRelay(port);
    const after = await device("one");
    expect(after.deviceId).toBe(before.deviceId);
    const told = next(after, "acked");
    await after.connect();
    expect(await told).toEqual({ blobId, relay: address, cursor: 1 });
    expect((await after.pull()).map(({ data }) => text(data))).toEqual(["later"]);
  });

  it("answers at once for what needs a relay, and says why each failed", async () => {
    const one = await device("one");
    await expect(one.pull()).rejects.toMatchObject({ code: "not-connected" });
    await expect(one.devices()).rejects.toMatchObject({ code: "not-connected" });
    await expect(one.connect()).rejects.toMatchObject({
      failures: [{ relay: NOBODY, why: "nothing answers at that address" }],
    });
  });

  it("sees through another relay at the address", async () => {
    await startRelay();
    const address = relay!.address.replace(/[0-9a-f]{64}/, "ab".repeat(32));
    const one = await device("one", { relays: [address] });
    await expect(one.connect()).rejects.toMatchObject({ message: /its key is not the one in the address/ });
  });
});

describe("a folder", () => {
  it("is closed to others, and has room for one process", async () => {
    const one = await device("one", { purpose: "the first one" });
    const path = join(home, "one");
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path))
      expect([name, statSync(join(path, name)).mode & 0o777]).toEqual([name, 0o600]);
    await expect(device("one")).rejects.toMatchObject({
      code: "folder-in-use",
      message: /`the first one` \(process \d+\)/,
    });
    const waiting = device("one", { waitForFolderMs: 20_000 });
    await one.close();
    expect((await waiting).deviceId).toBe(one.deviceId);
    expect(readdirSync(path)).not.toContain("x");
  });

  it("leaves nothing but its data behind", async () => {
    await startRelay();
    const one = await device("one");
    await one.connect();
    await one.close();
    await one.close();
    expect(readdirSync(join(home, "one")).filter((name) => !name.startsWith("device.sqlite"))).toEqual([]);
    await expect(one.push("x")).rejects.toMatchObject({ code: "closed" });
    await expect(one.connect()).rejects.toMatchObject({ code: "closed" });
  });

  it("says what is wrong with it", async () => {
    writeFileSync(join(home, "file"), "");
    await expect(device("file")).rejects.toMatchObject({
      code: "storage",
      message: /data folder .*file where a folder/,
    });
    await expect(device("file/below")).rejects.toMatchObject({ code: "storage" });
    mkdirSync(join(home, "bad"));
    writeFileSync(join(home, "bad", "device.sqlite"), "no database at all, but long enough to be looked at".repeat(50));
    await expect(device("bad")).rejects.toMatchObject({ code: "storage", message: /device\.sqlite/ });
  });
});

describe("options", () => {
  it.each<[string, Partial<SyncClientOptions>, RegExp]>([
    ["no relay", { relays: [] }, /at least one relay/],
    ["a bad address", { relays: ["127.0.0.1:7"] }, /"127\.0\.0\.1:7" is not a relay's address: that is 0k:\/\//],
    ["port 0", { relays: [NOBODY.replace(":1", ":0")] }, /not a relay's address/],
    ["one relay twice", { relays: [NOBODY, NOBODY] }, /same id/],
    ["a short secret", { groupSecret: new Uint8Array(31) }, /32 bytes, and this one has 31/],
    ["both kinds of secret", { passphrase: "correct horse" }, /one of the two/],
    ["an impossible ttl", { ttlS: -1 }, /whole number of seconds/],
  ])("%s", async (_name, options, message) => {
    await expect(device("one", options)).rejects.toMatchObject({ code: "invalid-options", message });
    expect(readdirSync(home)).toEqual([]);
  });

  it("takes the group's secret from a passphrase", async () => {
    await startRelay();
    const salt = new Uint8Array(16).fill(1);
    const argon2 = { memoryKiB: 8192, passes: 1, lanes: 1 };
    const typed = { dataDir: "", relays: [relay!.address], salt, argon2 };
    const make = async (name: string, passphrase: string) => {
      const client = await SyncClient.open({ ...typed, dataDir: join(home, name), passphrase });
      open.push(client);
      await client.connect();
      return client;
    };
    const [one, other, stranger] = [
      await make("a", "correct horse"),
      await make("b", " correct horse "),
      await make("c", "battery staple"),
    ];
    await (
      await one.push("hi")
    ).acked;
    expect((await other.pull()).length).toBe(1);
    expect(await stranger.pull()).toEqual([]);
  });

  it("refuses what is too large for one push", async () => {
    const one = await device("one");
    await expect(one.push(new Uint8Array(BODY_BYTES_MAX + 1))).rejects.toMatchObject({
      code: "too-large",
      bytesMax: BODY_BYTES_MAX,
    });
    await expect(one.push("x", { ttlS: 1.5 })).rejects.toMatchObject({ code: "invalid-options" });
    expect(one.status().queued).toBe(0);
    await one.push(new Uint8Array(BODY_BYTES_MAX));
    expect(one.status().queued).toBe(1);
  });
});
