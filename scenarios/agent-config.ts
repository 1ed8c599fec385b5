/**
 * The file that a controller writes for each agent and `zerok agent --config` reads: JSON, mode 0600, because it holds
 * the group's secret. Everything that a device needs but its own disk; strict in both directions.
 */
import { encodeHex, parseHex } from "../core/bytes.ts";
import type { ClientConfig } from "../core/client/config.ts";
import { encodeRelayAddress, parseRelayAddress, type RelayAddress } from "../core/ids.ts";
import { Redacted } from "../core/redacted.ts";
import { fail, ok, type Result } from "../core/result.ts";
import {
  type FieldCodec,
  count,
  encodeFields,
  isJsonObject,
  listOf,
  parseFields,
  record,
  text,
} from "./field-codec.ts";

const SECRET_BYTES = 32;

export interface AgentConfig {
  /** What the device and its group are called in the history. */
  readonly device: string;
  readonly group: string;
  /** The agent's own folder: it makes it. */
  readonly dataDir: string;
  readonly groupSecret: Redacted<Uint8Array>;
  /** In order of preference, at least one. */
  readonly relays: readonly { readonly name: string; readonly address: RelayAddress }[];
  readonly config: ClientConfig;
}

export interface AgentConfigError {
  /** `relays[0]`, or empty for the whole. */
  readonly field: string;
  /** What it takes. */
  readonly takes: string;
}

const secret: FieldCodec<Redacted<Uint8Array>> = {
  encode: (value) => encodeHex(value.expose()),
  parse(value) {
    const bytes = typeof value === "string" ? parseHex(value) : undefined;
    return bytes?.length === SECRET_BYTES ? new Redacted(bytes) : undefined;
  },
};

const address: FieldCodec<RelayAddress> = {
  encode: encodeRelayAddress,
  parse: (value) => (typeof value === "string" ? parseRelayAddress(value) : undefined),
};

const client = record<ClientConfig>({
  pollMs: count,
  keepAliveMs: count,
  answerTimeoutMs: count,
  connectTimeoutMs: count,
  pushWindow: count,
  queueRowsMax: count,
  queueBytesMax: count,
  pullLimit: count,
  pullBytesMax: count,
  ttlS: count,
  rekeyAfterMessages: count,
  preferAgainMs: count,
  visitMs: count,
});

const FIELDS: { readonly [K in keyof AgentConfig]: FieldCodec<AgentConfig[K]> } = {
  device: text,
  group: text,
  dataDir: text,
  groupSecret: secret,
  relays: listOf(record<AgentConfig["relays"][number]>({ name: text, address })),
  config: client,
};

const TAKES: { readonly [field: string]: string } = {
  device: "a text",
  group: "a text",
  dataDir: "the path of a folder",
  groupSecret: `${SECRET_BYTES} bytes in hex`,
  relays: 'a list of at least one {"name": …, "address": "0k://…@host:port"}',
  config: "an object with every field of a client's configuration, whole numbers from 0",
};

const TABLE = FIELDS as { readonly [field: string]: FieldCodec<unknown> };

export function encodeAgentConfig(config: AgentConfig): string {
  return `${JSON.stringify(encodeFields(TABLE, { ...config }), undefined, 2)}\n`;
}

export function parseAgentConfig(json: string): Result<AgentConfig, AgentConfigError> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return fail({ field: "", takes: "JSON" });
  }
  if (!isJsonObject(value)) return fail({ field: "", takes: "a JSON object" });
  const fields = parseFields(TABLE, value);
  const badField = fields.badField ?? "";
  if (fields.value === undefined) return fail({ field: badField, takes: TAKES[badField] ?? "nothing: no such field" });
  // Every field was parsed by its own codec.
  const config = fields.value as unknown as AgentConfig;
  return config.relays.length > 0 ? ok(config) : fail({ field: "relays", takes: TAKES["relays"]! });
}
