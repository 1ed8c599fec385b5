/**
 * Everything that an operator of a relay may set, as one table: names, defaults, bounds and what for. The file's
 * reader, the environment's, `--print-config` and the daemon all go by it, so no setting can be without effect or
 * without a description. Tables and names are upstream's where upstream has the thing; those marked "ours" are new.
 */
import { GROUP_DEVICES_MAX, PAYLOAD_BYTES_MAX } from "../../core/limits.ts";
import { DEFAULT_RELAY_CONFIG } from "../../core/relay/config.ts";
import { parseEndpoint } from "../driver/endpoint.ts";
import { DRIVER_LIMITS } from "../driver/driver-options.ts";
import { LOG_LEVELS } from "./log.ts";

interface CountSetting {
  readonly kind: "count";
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly what: string;
}
interface FlagSetting {
  readonly kind: "flag";
  readonly default: boolean;
  readonly what: string;
}
interface TextSetting {
  readonly kind: "text";
  readonly default: string;
  /** What fits, for a person: after "it takes". */
  readonly takes: string;
  readonly fits: (text: string) => boolean;
  /** A path in a file is relative to that file. */
  readonly isPath: boolean;
  readonly what: string;
}
export type Setting = CountSetting | FlagSetting | TextSetting;

function count(value: number, min: number, max: number, what: string): CountSetting {
  return { kind: "count", default: value, min, max, what };
}
function flag(value: boolean, what: string): FlagSetting {
  return { kind: "flag", default: value, what };
}
function text(value: string, takes: string, fits: (text: string) => boolean, what: string): TextSetting {
  return { kind: "text", default: value, takes, fits, isPath: false, what };
}
function path(value: string, what: string): TextSetting {
  const fits = (name: string): boolean => name !== "" && !name.includes("\0");
  return { kind: "text", default: value, takes: "the name of a file or folder", fits, isPath: true, what };
}

const isEndpoint = (value: string): boolean => parseEndpoint(value) !== undefined;
const ENDPOINT = 'host:port, such as "127.0.0.1:4433" or "[::]:4433"';
const DAY_S = 24 * 3600;
const YEAR_S = 365 * DAY_S;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const relay = DEFAULT_RELAY_CONFIG;

export const SETTINGS = {
  "server.bind_address": text("0.0.0.0:4433", ENDPOINT, isEndpoint, "where devices connect; port 0 = any free one"),
  "server.public_address": text(
    "",
    `${ENDPOINT}, or "" for none`,
    (value) => value === "" || isEndpoint(value),
    "how devices reach this relay from outside, for the address that it prints (ours)",
  ),
  "server.secret_key_path": path("identity.key", "the relay's private key; made at the first start, in data_dir"),
  "server.shutdown_grace_secs": count(10, 1, 600, "time to finish after SIGTERM or SIGINT (ours)"),
  "server.notify": flag(relay.notify, "tell devices at once of what others pushed (ours)"),
  "server.rekey_after_messages": count(
    relay.rekeyAfterMessages,
    2,
    2 ** 32,
    "Noise messages under one key; devices must be set alike (ours)",
  ),
  "storage.data_dir": path("relay-data", "folder of everything that is kept (ours)"),
  "storage.database": path("relay.db", "the SQLite file, in data_dir"),
  "storage.max_blob_size": count(
    relay.payloadBytesMax,
    1024,
    PAYLOAD_BYTES_MAX,
    "bytes of one blob, as its device sealed it",
  ),
  "storage.max_group_storage": count(relay.groupBytesMax, 1024, TIB, "payload bytes held for one group"),
  "storage.max_total_storage": count(relay.totalBytesMax, 1024, 1024 * TIB, "payload bytes held of all groups (ours)"),
  "storage.max_groups": count(relay.groupsMax, 1, 10_000_000, "groups (ours)"),
  "storage.max_devices_per_group": count(
    relay.devicesPerGroupMax,
    1,
    GROUP_DEVICES_MAX,
    "devices of one group, revoked ones too (ours)",
  ),
  "storage.max_invites": count(relay.invitesMax, 0, 10_000_000, "invites that wait for their short code (ours)"),
  "storage.max_invites_per_group": count(relay.groupInvitesMax, 0, 10_000, "of which so many of one group (ours)"),
  "storage.default_ttl": count(
    relay.defaultTtlS,
    1,
    YEAR_S,
    "seconds that a blob is kept when its device does not say",
  ),
  "storage.dedupe_retention_secs": count(
    relay.dedupeRetentionS,
    DAY_S,
    10 * YEAR_S,
    "how long a blob's id is known after its payload is gone (ours)",
  ),
  "storage.acknowledged_retention_secs": count(
    relay.acknowledgedRetentionS,
    0,
    YEAR_S,
    "how long a blob stays that every device of its group has (ours)",
  ),
  "limits.connections_per_ip": count(
    relay.sessionsPerAddressMax,
    1,
    1_000_000,
    "connections at once from one IPv4 address or IPv6 network (/64)",
  ),
  "limits.connections_per_ip_per_minute": count(
    relay.connectionsPerAddressPerMinute,
    1,
    1_000_000_000,
    "new connections from one of these, whatever becomes of them (ours)",
  ),
  "limits.global_connections_per_second": count(
    relay.totalConnectionsPerSecond,
    1,
    1_000_000_000,
    "new connections from everywhere (ours)",
  ),
  "limits.messages_per_minute": count(relay.messagesPerMinute, 1, 1_000_000_000, "messages of one device"),
  "limits.messages_burst": count(relay.messagesBurst, 1, 1_000_000_000, "of which so many may come at once (ours)"),
  "limits.global_requests_per_second": count(
    relay.totalMessagesPerSecond,
    1,
    1_000_000_000,
    "messages of all devices together",
  ),
  "limits.invite_claims_per_minute": count(
    relay.inviteClaimsPerMinute,
    1,
    1_000_000,
    "short codes that one address may try (ours)",
  ),
  "limits.global_invite_claims_per_minute": count(
    relay.totalInviteClaimsPerMinute,
    1,
    1_000_000,
    "short codes that everybody together may try (ours)",
  ),
  "limits.rate_entries": count(
    relay.rateEntriesMax,
    100,
    10_000_000,
    "devices and addresses whose rates are remembered; beyond, newcomers share one (ours)",
  ),
  "limits.hello_timeout_secs": count(relay.handshakeTimeoutMs / 1000, 1, 600, "from connecting to a complete Hello"),
  "limits.idle_timeout_secs": count(
    relay.idleTimeoutMs / 1000,
    5,
    DAY_S,
    "a device that is silent for so long is dropped (ours)",
  ),
  "limits.max_concurrent_sessions": count(relay.sessionsMax, 1, 1_000_000, "connections at once"),
  "limits.max_pull_limit": count(relay.pullLimitMax, 1, 1000, "blobs in one page"),
  "limits.send_buffer_bytes": count(
    DRIVER_LIMITS.sendBufferBytesMax,
    2 * 1024 * 1024,
    GIB,
    "unsent bytes of one connection; a device that reads too slowly is dropped (ours)",
  ),
  "limits.send_buffer_total_bytes": count(
    DRIVER_LIMITS.sendBufferTotalBytesMax,
    16 * 1024 * 1024,
    64 * GIB,
    "unsent bytes of all connections together (ours)",
  ),
  "http.bind_address": text(
    "127.0.0.1:8080",
    `${ENDPOINT}, or "off"`,
    (value) => value === "off" || isEndpoint(value),
    'where /health, /ready and /metrics are; "off" for nowhere',
  ),
  "http.metrics_enabled": flag(true, "whether there is /metrics"),
  "cleanup.enabled": flag(true, "whether blobs go when their time is over"),
  "cleanup.interval_secs": count(relay.sweepMs / 1000, 1, DAY_S, "how often to look"),
  "log.level": text(
    "info",
    LOG_LEVELS.join(", "),
    (value) => (LOG_LEVELS as readonly string[]).includes(value),
    "how much to write to stderr (ours)",
  ),
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;
type ValueOf<S extends Setting> = S extends CountSetting ? number : S extends FlagSetting ? boolean : string;
export type RelaySettings = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };
export type SettingValue = RelaySettings[SettingName];

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** Names of upstream that have nothing to act on here, and why. */
export const REFUSED: Readonly<Record<string, string>> = {
  "limits.max_device_name_len": "devices tell this relay no names, so there is nothing to limit: remove the line",
};

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

export function defaultSettings(): RelaySettings {
  return Object.fromEntries(SETTING_NAMES.map((name) => [name, SETTINGS[name].default])) as unknown as RelaySettings;
}

/** What the setting takes, for a person: after "it takes". */
export function describeValues(setting: Setting): string {
  switch (setting.kind) {
    case "count":
      return `a whole number from ${setting.min} to ${setting.max}`;
    case "flag":
      return "true or false";
    case "text":
      return setting.takes;
  }
}

/** The value if it is one for this setting. */
export function fitValue(setting: Setting, value: unknown): SettingValue | undefined {
  switch (setting.kind) {
    case "count": {
      const fits = typeof value === "number" && Number.isSafeInteger(value) && value >= setting.min;
      return fits && value <= setting.max ? value : undefined;
    }
    case "flag":
      return typeof value === "boolean" ? value : undefined;
    case "text":
      return typeof value === "string" && setting.fits(value) ? value : undefined;
  }
}

/** The value that was written as text, in the environment or on the command line. */
export function parseValue(setting: Setting, written: string): SettingValue | undefined {
  if (setting.kind === "count") return /^[0-9]{1,15}$/.test(written) ? fitValue(setting, Number(written)) : undefined;
  if (setting.kind === "flag") return written === "true" ? true : written === "false" ? false : undefined;
  return fitValue(setting, written);
}
