import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkRelayConfig, DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import { UserError } from "../user-error.ts";
import { parseConfig } from "./config-file.ts";
import { driverLimitsOf, loadSettings, pathsOf, relayConfigOf, renderSettings } from "./config.ts";
import type { ConfigSources } from "./config.ts";
import type { SettingName } from "./settings.ts";
import { defaultSettings, SETTING_NAMES, SETTINGS } from "./settings.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "zerok-relay-config-"));
  file = join(folder, "relay.toml");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(toml: string, sources: Partial<ConfigSources> = {}) {
  writeFileSync(file, toml);
  return loadSettings({ file, env: {}, flags: {}, ...sources }).settings;
}
function mistake(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error("was taken");
}

describe("upstream's own file", () => {
  it("is understood, and every key in it has its effect", () => {
    const settings = load(`
[server]
bind_address = "127.0.0.1:5000"
secret_key_path = "relay.key"
[storage]
database = "other.db"
max_blob_size = 1000000
max_group_storage = 104857600
default_ttl = 3600
[limits]
connections_per_ip = 11
messages_per_minute = 100
hello_timeout_secs = 3
max_concurrent_sessions = 12
max_pull_limit = 13
global_requests_per_second = 14
[http]
bind_address = "0.0.0.0:9090"
metrics_enabled = false
[cleanup]
interval_secs = 3600
enabled = false
`);
    expect(relayConfigOf(settings)).toMatchObject({
      payloadBytesMax: 1_000_000,
      groupBytesMax: 104_857_600,
      defaultTtlS: 3600,
      sessionsPerAddressMax: 11,
      messagesPerMinute: 100,
      handshakeTimeoutMs: 3000,
      sessionsMax: 12,
      pullLimitMax: 13,
      totalMessagesPerSecond: 14,
      sweepMs: 3_600_000,
    });
    expect(settings).toMatchObject({
      "server.bind_address": "127.0.0.1:5000",
      "http.bind_address": "0.0.0.0:9090",
      "http.metrics_enabled": false,
      "cleanup.enabled": false,
    });
    const paths = pathsOf({ ...settings, "storage.data_dir": "/data" });
    expect(paths).toEqual({ folder: "/data", database: "/data/other.db", identity: "/data/relay.key" });
  });
});

describe("what does not fit is refused with file, line and what would fit", () => {
  it.each([
    [
      "[limits]\nmesages_per_minute = 5",
      /relay\.toml:2: There is no setting limits\.mesages_per_minute\. Did you mean limits\.messages_per_minute\?$/,
    ],
    ["[limit]\nmessages_per_minute = 5", /relay\.toml:1: There is no table \[limit\]\. Did you mean \[limits\]\?$/],
    ["messages_per_minute = 5", /relay\.toml:1: messages_per_minute belongs into the table \[limits\]\.$/],
    ["limits = 5", /relay\.toml:1: limits is a table: write \[limits\]/],
    ["qwertyuiopasdf = 5", /relay\.toml:1: There is no setting qwertyuiopasdf\. `zerok relay --print-config` lists/],
    [
      "# c\n\n[limits]\n# c\nmessages_per_minute = 0",
      /relay\.toml:5: 0 does not fit limits\.messages_per_minute: it takes a whole number from 1 /,
    ],
    ["[limits]\nmessages_per_minute = 1.5", /:2: 1\.5 does not fit/],
    ["[limits]\nmessages_per_minute = nan", /:2: NaN does not fit/],
    ['[limits]\nmessages_per_minute = "5"', /:2: "5" does not fit/],
    ["[limits]\nmessages_per_minute = [5]", /:2: A list does not fit/],
    ["[limits]\nmessages_per_minute = 1979-05-27", /:2: A date does not fit/],
    ["[limits.messages_per_minute]\nx = 1", /:1: A table does not fit/],
    ["limits.messages_per_minute = -1", /:1: -1 does not fit/],
    [
      "[limits]\nmax_pull_limit = 1001",
      /:2: 1001 does not fit limits\.max_pull_limit: it takes a whole number from 1 to 1000\./,
    ],
    [
      "[storage]\nmax_blob_size = 1048576",
      /:2: 1048576 does not fit storage\.max_blob_size: it takes a whole number from 1024 to 1032192\./,
    ],
    ["[server]\nnotify = 1", /:2: 1 does not fit server\.notify: it takes true or false\./],
    ['[server]\nbind_address = "4433"', /:2: "4433" does not fit server\.bind_address: it takes host:port, such as/],
    ['[log]\nlevel = "loud"', /:2: "loud" does not fit log\.level: it takes silent, fatal/],
    ['[storage]\ndatabase = ""', /:2: "" does not fit storage\.database: it takes the name of a file/],
    [
      "[limits]\nmax_device_name_len = 256",
      /:2: limits\.max_device_name_len cannot be set: devices tell this relay no names/,
    ],
    ["[limits\n", /relay\.toml:1: This is not TOML: /],
    ["[limits]\nmessages_per_minute = 5\nmessages_per_minute = 6", /relay\.toml:3: This is not TOML: /],
    [`a = ${"[".repeat(100)}${"]".repeat(100)}`, /This is not TOML/],
    ["[__proto__]\nx = 1", /relay\.toml/],
    ["[limits]\nmessages_per_minute = 99999999999999999999", /relay\.toml:2: /],
    ["[limits]\na = 1\nb = 2\nc = 3", /:2: There is no setting limits\.a\..* \(2 more problems in this file\.\)$/],
    [
      "[storage]\ndefault_ttl = 2000000\ndedupe_retention_secs = 100000",
      /storage\.dedupe_retention_secs \(100000\) must not be less than storage\.default_ttl \(2000000\)\./,
    ],
    ['[storage]\ndatabase = "x"\n[server]\nsecret_key_path = "x"', /are the same file/],
  ])("%j", (toml, sentence) => {
    const message = mistake(() => load(toml));
    expect(message).toMatch(sentence);
    expect(message).not.toContain("\n");
    expect(message.length).toBeLessThan(500);
  });

  it("a file that was named must be there; one that was not need not", () => {
    expect(mistake(() => loadSettings({ file: join(folder, "no.toml"), env: {}, flags: {} }))).toMatch(/no such file/);
    expect(mistake(() => loadSettings({ file: folder, env: {}, flags: {} }))).toMatch(/it is a folder/);
  });

  it("whatever the text: an answer, never an exception", () => {
    const piece = fc.constantFrom(
      "[limits]",
      "[",
      "]",
      "=",
      '"',
      "messages_per_minute",
      "\n",
      "1",
      ".",
      "{",
      "}",
      "#",
      "'''",
      "\\u0000",
      " ",
      "true",
    );
    const toml = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.array(piece, { maxLength: 60 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(toml, (text) => {
        const parsed = parseConfig(text);
        if (!parsed.ok)
          for (const { sentence } of parsed.error) expect([...sentence].every((letter) => letter >= " ")).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(parseConfig("#".repeat(70_000)).ok).toBe(false);
  });
});

describe("file < environment < flags", () => {
  it("the last word counts", () => {
    const toml = '[server]\nbind_address = "a:1"\nnotify = false\n[log]\nlevel = "warn"';
    const env = {
      ZEROK_SERVER_BIND_ADDRESS: "b:2",
      ZEROK_LIMITS_MAX_PULL_LIMIT: "7",
      PATH: "x",
      ZEROK_PASSPHRASE: "y",
    };
    const settings = load(toml, { env, flags: { listen: "c:3" } });
    expect(settings["server.bind_address"]).toBe("c:3");
    expect(settings["limits.max_pull_limit"]).toBe(7);
    expect(settings["log.level"]).toBe("warn");
    expect(settings["server.notify"]).toBe(false);
    expect(load(toml, { env })["server.bind_address"]).toBe("b:2");
    expect(load(toml)["server.bind_address"]).toBe("a:1");
    const flags = { http: "off", "data-dir": "d", "log-level": "trace" };
    expect(load("", { flags })).toMatchObject({
      "http.bind_address": "off",
      "storage.data_dir": "d",
      "log.level": "trace",
    });
  });

  it.each([
    [
      { env: { ZEROK_LIMITS_MAX_PULL_LIMIT: "0" } },
      /^ZEROK_LIMITS_MAX_PULL_LIMIT in the environment: "0" does not fit limits\.max_pull_limit/,
    ],
    [{ env: { ZEROK_LIMITS_MAX_PULL_LIMIT: "1e2" } }, /does not fit/],
    [{ env: { ZEROK_SERVER_NOTIFY: "yes" } }, /it takes true or false/],
    [
      { env: { ZEROK_LIMITS_MAX_PUL_LIMIT: "5" } },
      /no setting of a relay\. Did you mean ZEROK_LIMITS_MAX_PULL_LIMIT\?/,
    ],
    [{ flags: { listen: "nowhere" } }, /^--listen: "nowhere" does not fit server\.bind_address/],
    [{ flags: { "log-level": "" } }, /^--log-level: "" does not fit/],
  ])("%j", (sources, sentence) => expect(mistake(() => load("", sources))).toMatch(sentence));

  it("a data folder in a file is relative to the file, a typed one to where it was typed", () => {
    expect(pathsOf(load('[storage]\ndata_dir = "d"')).folder).toBe(join(folder, "d"));
    expect(pathsOf(load("", { flags: { "data-dir": "d" } })).folder).toBe(join(process.cwd(), "d"));
    expect(pathsOf(load('[storage]\ndata_dir = "/d"\ndatabase = "/e/f.db"')).database).toBe("/e/f.db");
  });
});

describe("the table of settings", () => {
  it("has the machine's own defaults", () => {
    expect(relayConfigOf(defaultSettings())).toEqual(DEFAULT_RELAY_CONFIG);
  });

  it("printed, it is a file that says the same", () => {
    const settings = { ...defaultSettings(), "limits.max_pull_limit": 77, "server.notify": false };
    expect(load(renderSettings(settings))).toEqual({
      ...settings,
      "storage.data_dir": join(folder, settings["storage.data_dir"]),
    });
    for (const name of SETTING_NAMES) expect(renderSettings(settings)).toContain(`# ${SETTINGS[name].what}\n`);
  });

  it("takes no value that the machine cannot run with", () => {
    for (const end of ["min", "max"] as const) {
      const settings: Record<string, unknown> = { ...defaultSettings() };
      for (const name of SETTING_NAMES) {
        const setting = SETTINGS[name];
        if (setting.kind === "count") settings[name] = setting[end];
      }
      const config = relayConfigOf(settings as never);
      expect(checkRelayConfig(config).filter(({ key }) => key !== "dedupeRetentionS")).toEqual([]);
    }
  });

  it("reaches the machine or the driver with every number in it", () => {
    const elsewhere: readonly SettingName[] = ["server.shutdown_grace_secs"];
    const before = [relayConfigOf(defaultSettings()), driverLimitsOf(defaultSettings())];
    for (const name of SETTING_NAMES) {
      const setting = SETTINGS[name];
      if (setting.kind !== "count" || elsewhere.includes(name)) continue;
      const settings = { ...defaultSettings(), [name]: setting.default - 1 || setting.max };
      expect([relayConfigOf(settings), driverLimitsOf(settings)], name).not.toEqual(before);
    }
  });
});
