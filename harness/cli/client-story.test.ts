import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { BODY_BYTES_MAX } from "../../core/blob/seal.ts";
import { DEFAULT_CLIENT_CONFIG } from "../../core/client/config.ts";
import { encodeRelayAddress } from "../../core/ids.ts";
import { dataFolder } from "../client/data-folder.ts";
import { createGroupFile, readGroup } from "../client/group-store.ts";
import { createGroup } from "../client/pairing.ts";
import { requireRelayAddress } from "../client/relay-list.ts";
import { SyncClient } from "../client/sync-client.ts";
import { startTestRelay, type TestRelay } from "../client/relay-for-tests.ts";
import { runCli } from "../main.ts";
import type { RelaySettings } from "../relay/settings.ts";
import { createCapturedIo } from "./captured-io.ts";
import { createServices } from "./services.ts";
import { createTestSurroundings, type Given } from "./surroundings-for-tests.ts";

let home: string;
let relay: TestRelay | undefined;

beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "zerok-story-"))));
afterEach(async () => {
  await relay?.stop();
  relay = undefined;
  rmSync(home, { recursive: true, force: true });
});

async function startRelay(port = 0, settings: Partial<RelaySettings> = {}): Promise<TestRelay> {
  relay = await startTestRelay(join(home, "relay"), port, settings);
  return relay;
}

async function stopRelay(): Promise<void> {
  await relay?.stop();
  relay = undefined;
}

/** Words for the device in `home/<name>`, to the end. */
async function type(name: string, words: readonly string[], given: Given = {}) {
  const io = createCapturedIo();
  const around = createTestSurroundings(given);
  const argv = [words[0]!, "--data-dir", join(home, name), ...words.slice(1)];
  const code = await runCli(argv, io, createServices(), around);
  return { code, asked: around.asked, ...io.written };
}

async function done(name: string, ...words: string[]): Promise<string> {
  const { code, out, err } = await type(name, words);
  expect([code, err]).toEqual([0, expect.any(String)]);
  return out;
}

async function json(name: string, ...words: string[]) {
  const { code, out, err } = await type(name, [...words, "--json", "--quiet"]);
  expect(err).toBe("");
  return { code, ...JSON.parse(out) };
}

/** One sentence on stderr, nothing on stdout but the same for a program, nothing of ours inside. */
async function mistake(name: string, words: readonly string[], given: Given = {}) {
  const { code, out, err } = await type(name, words, given);
  expect(err).toMatch(/^zerok: [^\n]+\n$/);
  if (words.includes("--json")) expect(JSON.parse(out).error.message).toBe(err.slice("zerok: ".length, -1));
  else expect(out).toBe("");
  expect(err).not.toMatch(/\bat .*\.(ts|js|mjs):\d|\[object|undefined/);
  return { code, err };
}

/** Follows the group until `end` is called; `until` waits for what it shows. */
function watching(name: string, ...words: string[]) {
  const io = createCapturedIo();
  const around = createTestSurroundings();
  let changed = (): void => {};
  const tell = (write: (text: string) => void) => (text: string) => {
    write(text);
    changed();
  };
  const shown = { ...io, out: tell(io.out), err: tell(io.err) };
  const argv = ["pull", "--watch", "--data-dir", join(home, name), ...words];
  const ended = runCli(argv, shown, createServices(), around);
  return {
    written: io.written,
    async until(part: RegExp): Promise<void> {
      while (!part.test(io.written.out + io.written.err)) await new Promise<void>((resolve) => (changed = resolve));
    },
    end: async () => {
      around.stop();
      return ended;
    },
  };
}

async function firstDevice(name = "laptop") {
  await done(name, "init", "--name", name);
  return json(name, "pair", "--create", "--relay", relay!.address);
}

/** Two members of one group, without the second that a short code takes. */
async function pairedDevices(): Promise<void> {
  const group = await createGroup([requireRelayAddress(relay!.address)], undefined);
  for (const name of ["laptop", "phone"]) {
    await done(name, "init", "--name", name);
    createGroupFile(dataFolder(join(home, name)), group);
    await done(name, "sync");
  }
}

describe("a newcomer's story", () => {
  it("three devices, text and a file, a relay that goes away and comes back", async () => {
    const { port } = await startRelay();
    expect(await done("laptop", "init", "--name", "laptop")).toMatch(
      /Device ready:.*laptop[^]*pair --create[^]*pair --join/,
    );

    const created = await done("laptop", "pair", "--create", "--relay", relay!.address);
    const payload = /0k4:[\w-]+/.exec(created)![0];
    const code = /^ {2}((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})$/m.exec(created)![1]!;
    expect(created).toMatch(/█▀▀|▄▄▄▄▄/);
    expect(created).toMatch(/ten minutes/);

    await done("phone", "init", "--name", "phone");
    expect(await done("phone", "pair", "--join", payload)).toMatch(/Joined group .*connected to 0k:/s);
    await done("tablet", "init", "--name", "tablet");
    await done("tablet", "pair", "--join", code.toLowerCase().replaceAll("-", " "), "--relay", `127.0.0.1:${port}`);

    const phone = watching("phone", "--out", join(home, "files"));
    await phone.until(/Watching/);
    expect(await done("laptop", "push", "hello", "everybody")).toMatch(
      /Pushed 15 bytes\.\n {2}Blob ID: [0-9a-f]{32}\n {2}Cursor: {2}1 at 0k:/,
    );
    await phone.until(/\[1\] [0-9a-f]{8} {2}hello everybody\n/);
    writeFileSync(join(home, "photo.jpg"), Uint8Array.of(0xff, 0xd8, 0, 1));
    await done("tablet", "push", "--file", join(home, "photo.jpg"));
    await phone.until(/\[2\] [0-9a-f]{8} {2}file photo\.jpg, 4 bytes → /);
    expect([...readFileSync(join(home, "files", "photo.jpg"))]).toEqual([0xff, 0xd8, 0, 1]);

    await stopRelay();
    await phone.until(/connection is lost \(the relay is shutting down\)/);
    const queued = await type("laptop", ["push", "while it is away"]);
    expect(queued.code).toBe(0);
    expect(queued.out).toMatch(
      /Queued, not sent yet\. No relay could be reached.*nothing answers[^]*safe on this disk[^]*zerok sync/,
    );
    expect(await json("laptop", "status", "--offline")).toMatchObject({ queued: 1 });

    await startRelay(port);
    expect(await done("laptop", "sync")).toMatch(/Sent 1, received [1-3] /);
    await phone.until(/\[3\] [0-9a-f]{8} {2}while it is away\n/);
    expect(await phone.end()).toBe(0);
    expect(phone.written.out.match(/^\[/gm)?.length).toBe(3);

    const tablet = await json("tablet", "pull");
    expect(tablet.entries.map((entry: { type: string }) => entry.type)).toEqual(["text", "file", "text"]);
    expect(tablet.entries[1]).toMatchObject({ name: "photo.jpg", isOwn: true, base64: "/9gAAQ==", bytes: 4 });
    expect(tablet).toMatchObject({ unread: 0, isCaughtUp: true, code: 0 });
    expect(await done("tablet", "pull")).toBe("Nothing new.\n");
  });
});

describe("pull", () => {
  it("keeps the limit, shows each entry once, and looks back without changing that", async () => {
    await startRelay();
    await pairedDevices();
    for (const text of ["a", "b", "c"]) await done("laptop", "push", text);
    const texts = async (...words: string[]) =>
      (await json("phone", "pull", ...words)).entries.map(({ text }: { text: string }) => text);
    expect(await texts("--limit", "1")).toEqual(["a"]);
    expect((await type("phone", ["pull", "--after", "0", "--limit", "1"])).err).toMatch(/^2 more: .*pull --after 1/m);
    expect(await texts("--after", "0")).toEqual(["a", "b", "c"]);
    expect(await texts("--after", "1", "--limit", "1")).toEqual(["b"]);
    expect(await texts()).toEqual(["b", "c"]);
    expect(await texts()).toEqual([]);
  });

  it("shows again what nobody could take", async () => {
    await startRelay();
    await pairedDevices();
    await done("laptop", "push", "a");
    for (const words of [[], ["--json"]]) {
      const deaf = { ...createCapturedIo(), taken: () => Promise.resolve(false) };
      const argv = ["pull", "--data-dir", join(home, "phone"), ...words];
      expect(await runCli(argv, deaf, createServices(), createTestSurroundings())).toBe(0);
    }
    const watch = { ...createCapturedIo(), taken: () => Promise.resolve(false) };
    const argv = ["pull", "--watch", "--data-dir", join(home, "phone")];
    expect(await runCli(argv, watch, createServices(), createTestSurroundings())).toBe(0);
    expect((await json("phone", "pull")).entries).toMatchObject([{ text: "a" }]);
    expect((await json("phone", "pull")).entries).toEqual([]);
  });

  it("shows what is here already when no relay answers, and ends with 2", async () => {
    await startRelay();
    await pairedDevices();
    await done("laptop", "push", "a");
    await done("phone", "sync");
    await stopRelay();
    const { code, out, err } = await type("phone", ["pull"]);
    expect([code, out]).toEqual([2, expect.stringMatching(/^\[1\] [0-9a-f]{8} {2}a\n$/)]);
    expect(err).toMatch(/here already\. No relay could be reached .*nothing answers/);
  });

  it("never writes over a file, and says so of text that would command the terminal", async () => {
    await startRelay();
    await pairedDevices();
    const out = join(home, "out");
    mkdirSync(out);
    writeFileSync(join(out, "a.txt"), "mine");
    writeFileSync(join(home, "a.txt"), "theirs");
    await done("laptop", "push", "--file", join(home, "a.txt"));
    await done("laptop", "push", "x\u001b[2Jy");
    const shown = await done("phone", "pull", "--out", out);
    expect(shown).toMatch(/a \(2\)\.txt\n.*x\\u001b\[2Jy\n/s);
    expect(readFileSync(join(out, "a.txt"), "utf8")).toBe("mine");
    expect(readFileSync(join(out, "a (2).txt"), "utf8")).toBe("theirs");
  });

  it("watches one JSON line for each entry, up to a limit", async () => {
    await startRelay();
    await pairedDevices();
    await done("laptop", "push", "early");
    const phone = watching("phone", "--json", "--limit", "2");
    await phone.until(/early/);
    await done("laptop", "push", "late");
    await phone.until(/late/);
    expect(await phone.end()).toBe(0);
    const lines = phone.written.out.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).text)).toEqual(["early", "late"]);
  });

  it("waits with --watch for a relay that is not there yet", async () => {
    const { port } = await startRelay();
    await pairedDevices();
    await stopRelay();
    const phone = watching("phone");
    await phone.until(/nothing answers.*Trying again/);
    await startRelay(port);
    await done("laptop", "push", "at last");
    await phone.until(/at last/);
    expect(await phone.end()).toBe(0);
  });
});

describe("push", () => {
  it("takes standard input, binary too", async () => {
    await startRelay();
    await pairedDevices();
    expect((await type("laptop", ["push", "-"], { input: "from a pipe\n" })).code).toBe(0);
    expect((await type("laptop", ["push", "--quiet", "-"], { input: Uint8Array.of(0xc1, 1, 0, 9) })).code).toBe(0);
    expect((await type("laptop", ["push", "--", "--not-an-option"])).code).toBe(0);
    const { entries } = await json("phone", "pull");
    expect(entries).toMatchObject([
      { type: "text", text: "from a pipe\n" },
      { type: "file", name: "stdin", base64: "wQEACQ==" },
      { type: "text", text: "--not-an-option" },
    ]);
  });

  it("tells a program what became of it", async () => {
    const { port } = await startRelay();
    await pairedDevices();
    const sent = await json("laptop", "push", "x", "--ttl", "1h");
    expect(sent).toMatchObject({ code: 0, state: "acknowledged", cursor: 1, bytes: 1, relay: relay!.address });
    await stopRelay();
    expect(await json("laptop", "push", "y")).toMatchObject({ code: 0, state: "queued", why: /No relay/ });
    await startRelay(port);
    // Any command that connects sends what is queued.
    expect(await json("laptop", "push", "z")).toMatchObject({ state: "acknowledged", cursor: 3 });
  });

  it("is refused when too much waits for a relay, and says what to type", async () => {
    await startRelay();
    await pairedDevices();
    await stopRelay();
    const folder = dataFolder(join(home, "laptop"));
    const group = readGroup(folder)!;
    const client = await SyncClient.open({
      dataDir: folder.path,
      relays: group.relays.map(encodeRelayAddress),
      groupSecret: group.secret,
    });
    const { queueRowsMax } = DEFAULT_CLIENT_CONFIG;
    await Promise.all(Array.from({ length: queueRowsMax }, () => client.push("")));
    await client.close();
    const { code, err } = await mistake("laptop", ["push", "one more"]);
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(
        /Nothing was queued: 10,000 pushes \([\d,]+ bytes\) in .*laptop wait.*`.*zerok sync.*push again/,
      ),
    ]);
  });

  it("ends with 1 when the relay will not have it", async () => {
    await startRelay(0, { "storage.max_group_storage": 4096 });
    await pairedDevices();
    writeFileSync(join(home, "big"), new Uint8Array(8192));
    const { code, out } = await type("laptop", ["push", "--file", join(home, "big"), "--wait", "300ms"]);
    // A full group may have room again: the push waits.
    expect([code, out]).toEqual([0, expect.stringMatching(/Queued.*acknowledgement took longer than 0\.3 s/)]);
  });
});

describe("the group", () => {
  it("lists devices, revokes one by how its id begins, and that one is turned away", async () => {
    await startRelay();
    await pairedDevices();
    const { devices } = await json("laptop", "devices");
    const phone = devices.find((device: { isThisDevice: boolean }) => !device.isThisDevice);
    const listed = await done("laptop", "devices");
    expect(listed).toMatch(new RegExp(`${phone.deviceId.slice(0, 16)} +away`));
    expect(listed).toMatch(/ laptop \(this device\)\n/);
    expect([phone.name, devices.map(({ name }: { name: string | null }) => name)]).toEqual([
      null,
      expect.arrayContaining([null, "laptop"]),
    ]);
    expect(await done("laptop", "devices", "--revoke", phone.deviceId.slice(0, 8), "--reason", "lost")).toMatch(
      /is revoked/,
    );
    expect(await done("laptop", "devices")).toMatch(new RegExp(`${phone.deviceId.slice(0, 16)} +revoked`));
    const { code, err } = await mistake("phone", ["pull"]);
    expect([code, err]).toEqual([1, expect.stringMatching(/was revoked/)]);
    const pushed = await mistake("phone", ["push", "too late"]);
    expect(pushed).toMatchObject({ code: 1, err: /was revoked.* in the queue in \S+, and nobody else gets it/ });
    expect((await json("phone", "status")).queued).toBe(1);
  });

  it("deletes what this device pushed", async () => {
    await startRelay();
    await pairedDevices();
    const { blobId } = await json("laptop", "push", "oops");
    expect((await mistake("phone", ["delete", blobId])).err).toMatch(/only that one may delete/);
    expect(await done("laptop", "delete", blobId)).toMatch(/Deleted.*cursor 1/);
    await done("late", "init", "--name", "late");
    const invite = await json("laptop", "pair", "--create");
    await done("late", "pair", "--join", invite.payload);
    const pulled = await json("late", "pull");
    expect(pulled.entries).toEqual([]);
    expect((await json("late", "status")).lostRanges).toBe(1);
  });

  it("goes on with another relay when the first is away, and brings both up to date", async () => {
    await startRelay();
    const second = await startTestRelay(join(home, "second"));
    try {
      await done("laptop", "init", "--name", "laptop");
      const invite = await json("laptop", "pair", "--create", "--relay", relay!.address, "--relay", second.address);
      await done("phone", "init", "--name", "phone");
      await done("phone", "pair", "--join", invite.payload);
      await done("laptop", "push", "to both");
      const { relays } = await json("laptop", "status");
      expect(relays).toMatchObject([
        { isReachable: true, highestCursor: 1, queued: 0 },
        { isReachable: true, highestCursor: 1, queued: 0 },
      ]);
      const { port } = relay!;
      await stopRelay();
      expect(await json("laptop", "push", "second only")).toMatchObject({
        state: "acknowledged",
        relay: second.address,
      });
      expect((await json("phone", "pull")).entries.map(({ text }: { text: string }) => text)).toEqual([
        "to both",
        "second only",
      ]);
      await startRelay(port);
      expect(await json("laptop", "sync")).toMatchObject({ isComplete: true, queued: 0 });
      expect((await json("phone", "pull")).entries).toEqual([]);
    } finally {
      await second.stop();
    }
  });
});

describe("pairing", () => {
  it("gives a short code once, and withdraws one", async () => {
    await startRelay();
    const { shortCode } = await firstDevice();
    for (const name of ["b", "c", "d"]) await done(name, "init", "--name", name);
    const at = ["--relay", relay!.address];
    await done("b", "pair", "--join", shortCode, ...at);
    expect(await mistake("c", ["pair", "--join", shortCode, ...at])).toMatchObject({
      code: 1,
      err: /has no invite for this code/,
    });

    const second = await json("laptop", "pair", "--create");
    expect(second.shortCode).not.toBe(shortCode);
    const wrong = `${second.shortCode.slice(0, 15)}${second.shortCode[15] === "A" ? "B" : "A"}${second.shortCode.slice(16)}`;
    expect(await mistake("c", ["pair", "--join", wrong, ...at])).toMatchObject({
      code: 1,
      err: /second half .* wrong/,
    });

    const third = await json("laptop", "pair", "--create");
    expect(await done("laptop", "pair", "--cancel")).toMatch(/Withdrawn/);
    expect(await mistake("c", ["pair", "--join", third.shortCode, ...at])).toMatchObject({ code: 1 });
    expect(await done("laptop", "pair", "--cancel")).toMatch(/No short code of this device is waiting/);

    const fourth = await json("laptop", "pair", "--create");
    const { out, err } = await type("laptop", ["pair", "--create"]);
    expect(err).toMatch(/made before opens nothing any more/);
    const fifth = { shortCode: /pair --join (\S+) --relay/.exec(out)![1]! };
    expect(await mistake("c", ["pair", "--join", fourth.shortCode, ...at])).toMatchObject({ code: 1 });
    await done("c", "pair", "--join", fifth.shortCode, ...at);
  });

  it("works without a relay, by the payload, and says what is missing", async () => {
    const { address } = await startRelay();
    await stopRelay();
    await done("laptop", "init", "--name", "laptop");
    const { code, out } = await type("laptop", ["pair", "--create", "--relay", address]);
    expect(code).toBe(0);
    expect(out).toMatch(/No short code: No relay could be reached/);
    await done("phone", "init", "--name", "phone");
    const joined = await type("phone", ["pair", "--join", "-"], { input: `${/0k4:[\w-]+/.exec(out)![0]}\n` });
    expect([joined.code, joined.err]).toEqual([0, expect.stringMatching(/connect soon: npx zerok sync/)]);
  });

  it("asks for a passphrase, or takes it from the environment or a file, and never keeps it", async () => {
    await startRelay();
    const words = ["pair", "--create", "--relay", relay!.address, "--json"];
    await done("a", "init", "--name", "a");
    expect((await mistake("a", words, { answers: ["long enough", "something else"] })).err).toMatch(
      /passphrases differ/,
    );
    expect((await mistake("a", words, { answers: ["short", "short"] })).err).toMatch(/at least 8 characters/);
    expect(existsSync(join(home, "a", "group.json"))).toBe(false);
    const asked = await type("a", words, { answers: ["correct horse", "correct horse"] });
    expect(asked.asked.length).toBe(2);
    await done("b", "init", "--name", "b");
    expect((await type("b", words, { env: { ZEROK_PASSPHRASE: "correct horse" } })).code).toBe(0);
    await done("c", "init", "--name", "c");
    writeFileSync(join(home, "pass"), "correct horse\n");
    expect((await type("c", [...words, "--passphrase-file", join(home, "pass")])).code).toBe(0);
    const groups = ["a", "b", "c"].map((name) => readFileSync(join(home, name, "group.json"), "utf8"));
    for (const text of groups) {
      expect(text).not.toMatch(/correct horse/);
      expect(JSON.parse(text)).toMatchObject({
        salt_hex: expect.stringMatching(/^[0-9a-f]{32}$/),
        argon2: { memory_kib: 65536, passes: 3, lanes: 4 },
      });
    }
    expect(new Set(groups.map((text) => JSON.parse(text).group_secret_hex)).size).toBe(3);
  });
});

describe("files", () => {
  it("are for their owner only", async () => {
    await startRelay();
    await firstDevice();
    await done("laptop", "push", "x");
    const folder = join(home, "laptop");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const modes = readdirSync(folder).map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]);
    expect(Object.fromEntries(modes)).toMatchObject({
      "device.json": "600",
      "group.json": "600",
      "device.sqlite": "600",
      "invite.json": "600",
    });
    for (const [, mode] of modes) expect(mode).toBe("600");
    const device = JSON.parse(readFileSync(join(folder, "device.json"), "utf8"));
    expect(device).toEqual({
      device_id: expect.stringMatching(/^[\w-]{43}$/),
      device_name: "laptop",
      created_at: expect.any(String),
    });
  });
});

it("takes over upstream's files, and asks for a relay that can be reached from here", async () => {
  await startRelay();
  const folder = join(home, "old");
  mkdirSync(folder);
  const id = Buffer.alloc(32, 9).toString("base64url");
  writeFileSync(
    join(folder, "device.json"),
    JSON.stringify({ device_id: id, device_name: "old one", created_at: "2026-01-02T03:04:05Z" }),
  );
  writeFileSync(
    join(folder, "group.json"),
    JSON.stringify({ group_id: id, relay_address: id, cursor: 7, joined_at: "x", group_secret_hex: "ab".repeat(32) }),
  );
  expect(await done("old", "status", "--offline")).toMatch(/old one[^]*of another transport, not usable here/);
  expect((await mistake("old", ["push", "x"])).err).toMatch(
    /no relay that can be reached from here: .*pair --create --relay/,
  );
  expect((await json("old", "pair", "--create", "--relay", relay!.address)).shortCode).not.toBeNull();
  expect(await json("old", "push", "x")).toMatchObject({ state: "acknowledged", cursor: 1 });
});

it("does not take an emptied database for a new device", async () => {
  await startRelay();
  await firstDevice();
  writeFileSync(join(home, "laptop", "device.sqlite"), "");
  expect(await mistake("laptop", ["push", "x"])).toMatchObject({
    code: 3,
    err: /device\.sqlite is empty, and with it/,
  });
});

describe("secrets", () => {
  it("are in no output but the invite's", async () => {
    await startRelay();
    await pairedDevices();
    const secret: string = JSON.parse(readFileSync(join(home, "laptop", "group.json"), "utf8")).group_secret_hex;
    const said: string[] = [];
    for (const words of [["status"], ["devices"], ["push", "x"], ["pull"], ["sync"], ["pair", "--cancel"]]) {
      for (const way of [[], ["--json"]]) {
        const { out, err } = await type("laptop", [...words, ...way]);
        said.push(out, err);
      }
    }
    const bytes = Buffer.from(secret, "hex");
    for (const shape of [secret, bytes.toString("base64url"), bytes.toString("base64")]) {
      expect(said.join("\n")).not.toContain(shape);
    }
    const { out } = await type("laptop", ["pair", "--create"]);
    expect(Buffer.from(/0k4:([\w-]+)/.exec(out)![1]!, "base64url").includes(bytes)).toBe(true);
  });

  it("are not in what is written down of a bug of ours", async () => {
    const io = createCapturedIo();
    const around = {
      ...createTestSurroundings(),
      get env(): NodeJS.ProcessEnv {
        throw new TypeError("boom");
      },
    };
    expect(await runCli(["push", "nobody's business", "--ttl=1h"], io, createServices(), around)).toBe(70);
    const path = /details are in (\S+)\.\n/.exec(io.written.err)![1]!;
    const details = readFileSync(path, "utf8");
    rmSync(dirname(path), { recursive: true });
    expect(details).toMatch(/^zerok push … --ttl\n/);
    expect(details).not.toMatch(/business/);
  });
});

describe("serve", () => {
  it("is a relay for as long as it runs", async () => {
    const io = createCapturedIo();
    const around = createTestSurroundings();
    // Of this test alone: others may serve at the same time.
    vi.stubEnv("TMPDIR", home);
    onTestFinished(() => void vi.unstubAllEnvs());
    const served = new Promise<string>((resolve) => {
      io.out = (text) => resolve(JSON.parse(text).address);
    });
    const ended = runCli(["serve", "--json"], io, createServices(), around);
    const address = await served;
    const folders = (): readonly string[] => readdirSync(home).filter((name) => name.startsWith("zerok-serve-"));
    expect(folders()).toHaveLength(1);
    await done("laptop", "init", "--name", "laptop");
    const { shortCode } = await json("laptop", "pair", "--create", "--relay", address);
    expect(shortCode).toMatch(/^(\w{4}-){3}\w{4}$/);
    expect(await json("laptop", "push", "x")).toMatchObject({ state: "acknowledged" });
    around.stop();
    expect(await ended).toBe(0);
    expect(folders()).toEqual([]);
  });
});

it("commands on one folder at the same time wait for each other", async () => {
  await startRelay();
  await pairedDevices();
  const pushed = await Promise.all(["a", "b", "c"].map((text) => json("laptop", "push", text)));
  expect(pushed.map(({ state }) => state)).toEqual(["acknowledged", "acknowledged", "acknowledged"]);
  const { entries } = await json("phone", "pull");
  expect(entries.map(({ text }: { text: string }) => text).sort()).toEqual(["a", "b", "c"]);
});

describe("mistakes", () => {
  const NOBODY = `0k://${"ab".repeat(32)}@127.0.0.1:1`;

  it.each<[string, string[], number, RegExp]>([
    ["no device", ["push", "x"], 64, /no device in .* yet.*zerok init --name NAME --data-dir/],
    ["no device to pair", ["pair", "--create", "--relay", NOBODY], 64, /zerok init/],
    ["no device for status", ["status"], 64, /zerok init/],
    ["a name of nothing", ["init", "--name", " "], 64, /1 to 100 printable characters/],
    ["no name", ["init"], 64, /name.*zerok init --help/],
    ["an unknown option", ["push", "x", "--to", "y"], 64, /to: npx zerok push --help/],
    ["serve at nowhere", ["serve", "--listen", "here"], 64, /"here" does not fit --listen/],
  ])("%s", async (_name, words, code, message) => {
    if (words[0] === "serve") {
      const io = createCapturedIo();
      expect(await runCli(words, io, createServices(), createTestSurroundings())).toBe(code);
      expect(io.written.err).toMatch(message);
    } else {
      expect(await mistake("nobody", words)).toEqual({ code, err: expect.stringMatching(message) });
    }
  });

  it.each<[string, string[], number, RegExp]>([
    ["no group", ["push", "x"], 64, /in no group yet.*pair --create.*pair --join/],
    ["a second init", ["init", "--name", "again"], 64, /a device in .* already, "laptop"/],
    ["neither side of a pair", ["pair"], 64, /two sides/],
    ["both sides of a pair", ["pair", "--create", "--join", "x"], 64, /two sides/],
    ["no relay", ["pair", "--create"], 64, /needs a relay.*zerok serve/],
    [
      "a relay's address that is none",
      ["pair", "--create", "--relay", "localhost:1"],
      64,
      /"localhost:1" is not a relay's address: that is 0k:/,
    ],
    ["one relay twice", ["pair", "--create", "--relay", NOBODY, "--relay", NOBODY], 64, /same id/],
    ["too many relays", ["pair", "--create", ...Array(9).fill(["--relay", NOBODY]).flat()], 64, /at most 8/],
    [
      "a passphrase file that is not there",
      ["pair", "--create", "--relay", NOBODY, "--passphrase-file", "/nonexistent"],
      64,
      /passphrase-file .*no such file/,
    ],
    ["a code without a relay", ["pair", "--join", "K7QM-2WXP-9R4T-HB3C"], 64, /has to be named/],
    ["a code of the wrong length", ["pair", "--join", "K7QM-2WXP"], 1, /has 16 characters.*this one has 8/],
    ["a code with a strange character", ["pair", "--join", "K7QM-2WXP-9R4T-HB3*"], 1, /Character 16 of the short code/],
    [
      "a code at a relay that is away",
      ["pair", "--join", "K7QM-2WXP-9R4T-HB3C", "--relay", "127.0.0.1:1"],
      2,
      /127\.0\.0\.1:1 could not be asked: nothing answers/,
    ],
    [
      "a code at no address",
      ["pair", "--join", "K7QM-2WXP-9R4T-HB3C", "--relay", "there"],
      64,
      /"there" is no relay to claim a code at.*HOST:PORT/,
    ],
    ["something else than an invite", ["pair", "--join", "x".repeat(300)], 1, /no invite/],
    ["a cut payload", ["pair", "--join", "0k4:AAAA"], 1, /damaged/],
    ["cancel without a group", ["pair", "--cancel"], 64, /in no group yet/],
  ])("with a device and no group: %s", async (_name, words, code, message) => {
    await done("laptop", "init", "--name", "laptop");
    expect(await mistake("laptop", words)).toEqual({ code, err: expect.stringMatching(message) });
    expect(existsSync(join(home, "laptop", "group.json"))).toBe(false);
  });

  it("in a group", async () => {
    await done("laptop", "init", "--name", "laptop");
    await done("laptop", "pair", "--create", "--relay", NOBODY);
    const big = join(home, "big");
    writeFileSync(big, new Uint8Array(BODY_BYTES_MAX + 1));
    for (const [words, code, message] of [
      [["push"], 64, /nothing to push/],
      [["push", ""], 64, /nothing to push/],
      [["push", "-"], 64, /standard input was empty/],
      [["push", "x", "--file", big], 64, /one of the three/],
      [["push", "--file", big], 64, /too large.*at most [\d,]+ bytes/],
      [["push", "--file", join(home, "none")], 64, /none cannot be read: there is no such file/],
      [["push", "--file", home], 64, /cannot be read: it is a folder/],
      [["push", "x", "--ttl", "soon"], 64, /"soon" does not fit --ttl/],
      [["push", "x", "--wait", "10"], 64, /"10" does not fit --wait/],
      [["pull", "--limit", "0"], 64, /"0" does not fit --limit/],
      [["pull", "--after", "-1"], 64, /after/],
      [["pull", "--out", join(big, "x")], 3, /--out .* cannot be used: there is a file where a folder/],
      [["sync", "--wait", "never"], 64, /--wait/],
      [["devices"], 2, /No relay could be reached/],
      [["devices", "--reason", "lost"], 64, /--reason goes with --revoke/],
      [["devices", "--revoke", "abcd", "--reason", "bored"], 64, /"bored" does not fit --reason/],
      [["delete", "xyz"], 64, /"xyz" is not a blob id/],
      [["delete", "00".repeat(16)], 2, /No relay could be reached/],
      [["pair", "--join", "0k4:AAAA"], 64, /in group .* already.*another folder/],
      [["pair", "--create", "--passphrase-file", big], 64, /cannot be changed/],
    ] as const) {
      expect([words, await mistake("laptop", words)]).toEqual([words, { code, err: expect.stringMatching(message) }]);
    }
    expect(await json("laptop", "status", "--offline")).toMatchObject({ queued: 0, inbox: 0 });
  });

  it("an expired invite", async () => {
    await startRelay();
    const { payload } = await firstDevice();
    await done("phone", "init", "--name", "phone");
    const { now } = Date;
    try {
      Date.now = () => now() + 700_000;
      expect(await mistake("phone", ["pair", "--join", payload])).toEqual({
        code: 1,
        err: expect.stringMatching(/expired 100 s ago|expired 10\d s ago/),
      });
    } finally {
      Date.now = now;
    }
  });

  it("a folder that another process has", async () => {
    await done("laptop", "init", "--name", "laptop");
    await done("laptop", "pair", "--create", "--relay", NOBODY);
    const holder = await SyncClient.open({
      dataDir: join(home, "laptop"),
      relays: [NOBODY],
      groupSecret: new Uint8Array(32),
      purpose: "zerok pull --watch",
    });
    try {
      const { code, err } = await mistake("laptop", ["push", "x"]);
      expect([code, err]).toEqual([3, expect.stringMatching(/in use by `zerok pull --watch` \(process \d+\)/)]);
      expect(await json("laptop", "status")).toMatchObject({ code: 0, queued: null, inUse: /in use by/ });
    } finally {
      await holder.close();
    }
  });

  it("a folder that cannot be", async () => {
    writeFileSync(join(home, "file"), "");
    expect(await mistake("file", ["init", "--name", "x"])).toMatchObject({
      code: 3,
      err: /data folder .* cannot be used/,
    });
    expect(await mistake("file/below", ["init", "--name", "x"])).toMatchObject({ code: 3 });
    mkdirSync(join(home, "bad"));
    writeFileSync(join(home, "bad", "device.json"), "{");
    expect(await mistake("bad", ["status"])).toMatchObject({ code: 3, err: /device\.json is not JSON/ });
  });
});

it("every command's help has examples that lead on", async () => {
  for (const command of ["init", "pair", "push", "pull", "sync", "status", "devices", "delete", "serve"]) {
    const { code, out } = await type("x", [command, "--help"]);
    expect([command, code]).toEqual([command, 0]);
    expect(out).toMatch(/Examples:\n +\S/);
    if (command !== "serve") expect(out).toMatch(/Exit codes: 0 done/);
  }
});
