/**
 * What a relay runs with: defaults, then the file, then the environment, then flags, the last word counting. Throws a
 * `UserError` that names the place of what does not fit.
 */
import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { RelayConfig } from "../../core/relay/config.ts";
import { checkRelayConfig } from "../../core/relay/config.ts";
import type { DriverLimits } from "../driver/driver-options.ts";
import { UserError } from "../user-error.ts";
import { describeMisfit, describeUnknown, parseConfig } from "./config-file.ts";
import { nearest } from "./nearest.ts";
import type { RelaySettings, SettingName } from "./settings.ts";
import { defaultSettings, parseValue, SETTING_NAMES, SETTINGS } from "./settings.ts";

/** Read when it is there and no other file is named. */
export const CONFIG_FILE = "relay.toml";

export interface ConfigSources {
  /** `--config`; undefined = relay.toml in the working folder, if there is one. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As typed, by flag: `--listen 127.0.0.1:0` is `["listen", "127.0.0.1:0"]`. */
  readonly flags: Readonly<Partial<Record<Flag, string | undefined>>>;
}

export type Flag = "listen" | "http" | "data-dir" | "log-level";

const FLAGS: Readonly<Record<Flag, SettingName>> = {
  listen: "server.bind_address",
  http: "http.bind_address",
  "data-dir": "storage.data_dir",
  "log-level": "log.level",
};

export interface LoadedSettings {
  readonly settings: RelaySettings;
  /** The file that was read. */
  readonly file: string | undefined;
}

export function loadSettings({ file, env, flags }: ConfigSources): LoadedSettings {
  const text = readConfig(file);
  const fromFile = text === undefined ? {} : parseFile(file ?? CONFIG_FILE, text);
  const settings = { ...defaultSettings(), ...fromFile, ...parseEnvironment(env), ...parseFlags(flags) };
  assertFitTogether(settings);
  return { settings, file: text === undefined ? undefined : (file ?? CONFIG_FILE) };
}

function readConfig(file: string | undefined): string | undefined {
  const path = file ?? CONFIG_FILE;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && file === undefined) return undefined;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : code;
    throw new UserError(`${path} cannot be read: ${why}. \`zerok relay --print-config\` shows what could be in it.`);
  }
}

function parseFile(file: string, text: string): Partial<RelaySettings> {
  const parsed = parseConfig(text);
  if (parsed.ok) return atFolder(parsed.value, dirname(resolve(file)));
  const [first] = parsed.error;
  const others = parsed.error.length - 1;
  const place = first!.line === undefined ? file : `${file}:${first!.line}`;
  const more = others === 0 ? "" : ` (${others} more ${others === 1 ? "problem" : "problems"} in this file.)`;
  throw new UserError(`${place}: ${first!.sentence}${more}`);
}

/** A relative data folder in a file is relative to that file, wherever the relay is started. */
function atFolder(values: Partial<RelaySettings>, folder: string): Partial<RelaySettings> {
  const dataDir = values["storage.data_dir"];
  return dataDir === undefined ? values : { ...values, "storage.data_dir": resolve(folder, dataDir) };
}

/** Each value is possible by itself by now. */
function assertFitTogether(settings: RelaySettings): void {
  const assertOrder = (low: SettingName, high: SettingName): void => {
    if (settings[low] <= settings[high]) return;
    throw new UserError(`${high} (${settings[high]}) must not be less than ${low} (${settings[low]}).`);
  };
  // A device may repeat a push until its ttl is over, and must then get the first answer.
  assertOrder("storage.default_ttl", "storage.dedupe_retention_secs");
  assertOrder("storage.max_group_storage", "storage.max_total_storage");
  assertOrder("limits.send_buffer_bytes", "limits.send_buffer_total_bytes");
  const { database, identity } = pathsOf(settings);
  if (database === identity) {
    throw new UserError(`storage.database and server.secret_key_path are the same file, ${database}: name two.`);
  }
  const [fault] = checkRelayConfig(relayConfigOf(settings));
  if (fault !== undefined) throw new UserError(`A relay cannot run with this: its ${fault.key} ${fault.message}.`);
}

function variableOf(name: SettingName): string {
  return `ZEROK_${name.replace(".", "_").toUpperCase()}`;
}

function parseEnvironment(env: ConfigSources["env"]): Partial<RelaySettings> {
  const values: Record<string, unknown> = {};
  const variables = new Map(SETTING_NAMES.map((name) => [variableOf(name), name]));
  const ours = new RegExp(`^ZEROK_(${[...new Set(SETTING_NAMES.map((name) => name.split(".")[0]))].join("|")})_`, "i");
  for (const [variable, written] of Object.entries(env)) {
    if (written === undefined) continue;
    const name = variables.get(variable);
    if (name === undefined) {
      // Others of the same prefix belong to other commands.
      if (!ours.test(variable)) continue;
      const meant = nearest(variable, [...variables.keys()]);
      const hint = meant === undefined ? describeUnknown(variable) : `Did you mean ${meant}?`;
      throw new UserError(`The environment has ${variable}, which is no setting of a relay. ${hint}`);
    }
    values[name] = parseOne(name, written, `${variable} in the environment`);
  }
  return values as Partial<RelaySettings>;
}

function parseFlags(flags: ConfigSources["flags"]): Partial<RelaySettings> {
  const values: Record<string, unknown> = {};
  for (const [flag, name] of Object.entries(FLAGS)) {
    const written = flags[flag as Flag];
    if (written !== undefined) values[name] = parseOne(name, written, `--${flag}`);
  }
  return values as Partial<RelaySettings>;
}

function parseOne(name: SettingName, written: string, place: string): unknown {
  const value = parseValue(SETTINGS[name], written);
  if (value === undefined) throw new UserError(`${place}: ${describeMisfit(name, JSON.stringify(written))}`);
  return value;
}

/** As a relay.toml that says the same. */
export function renderSettings(settings: RelaySettings): string {
  const lines: string[] = [];
  let table = "";
  for (const name of SETTING_NAMES) {
    const [of, key] = name.split(".") as [string, string];
    if (of !== table) lines.push(...(table === "" ? [] : [""]), `[${of}]`);
    table = of;
    lines.push(`# ${SETTINGS[name].what}`, `${key} = ${JSON.stringify(settings[name])}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Files lie in the data folder unless they are named absolutely. */
export function pathsOf(settings: RelaySettings): { readonly folder: string; database: string; identity: string } {
  const folder = resolve(settings["storage.data_dir"]);
  const inside = (name: string): string => (isAbsolute(name) ? name : join(folder, name));
  return {
    folder,
    database: inside(settings["storage.database"]),
    identity: inside(settings["server.secret_key_path"]),
  };
}

/** What the machine is given. */
export function relayConfigOf(settings: RelaySettings): RelayConfig {
  return {
    handshakeTimeoutMs: settings["limits.hello_timeout_secs"] * 1000,
    idleTimeoutMs: settings["limits.idle_timeout_secs"] * 1000,
    sessionsMax: settings["limits.max_concurrent_sessions"],
    sessionsPerAddressMax: settings["limits.connections_per_ip"],
    connectionsPerAddressPerMinute: settings["limits.connections_per_ip_per_minute"],
    totalConnectionsPerSecond: settings["limits.global_connections_per_second"],
    messagesPerMinute: settings["limits.messages_per_minute"],
    messagesBurst: settings["limits.messages_burst"],
    totalMessagesPerSecond: settings["limits.global_requests_per_second"],
    payloadBytesMax: settings["storage.max_blob_size"],
    groupBytesMax: settings["storage.max_group_storage"],
    totalBytesMax: settings["storage.max_total_storage"],
    devicesPerGroupMax: settings["storage.max_devices_per_group"],
    invitesMax: settings["storage.max_invites"],
    groupInvitesMax: settings["storage.max_invites_per_group"],
    inviteClaimsPerMinute: settings["limits.invite_claims_per_minute"],
    totalInviteClaimsPerMinute: settings["limits.global_invite_claims_per_minute"],
    rateEntriesMax: settings["limits.rate_entries"],
    groupsMax: settings["storage.max_groups"],
    pullLimitMax: settings["limits.max_pull_limit"],
    notify: settings["server.notify"],
    defaultTtlS: settings["storage.default_ttl"],
    dedupeRetentionS: settings["storage.dedupe_retention_secs"],
    acknowledgedRetentionS: settings["storage.acknowledged_retention_secs"],
    sweepMs: settings["cleanup.interval_secs"] * 1000,
    rekeyAfterMessages: settings["server.rekey_after_messages"],
  };
}

/** What the driver is given: connections that are turned away or being closed need room beside those that live. */
export function driverLimitsOf(settings: RelaySettings): Partial<DriverLimits> {
  return {
    sendBufferBytesMax: settings["limits.send_buffer_bytes"],
    sendBufferTotalBytesMax: settings["limits.send_buffer_total_bytes"],
    connectionsMax: 2 * settings["limits.max_concurrent_sessions"] + 1000,
  };
}
