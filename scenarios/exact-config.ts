/**
 * A relay's configuration exactly as a plan has it, in milliseconds and without the floors that keep an operator from
 * harm: a JSON file that a controller writes and names in the environment (`ZEROK_EXACT_CONFIG`). A relay that knows it
 * takes it instead of what its own file says about the same things, and tells so when it is ready; another one goes by
 * its file. For tests and nothing else.
 */
import type { RelayConfig } from "../core/relay/config.ts";
import { count, encodeFields, flag, isJsonObject, parseFields, type FieldCodec } from "./field-codec.ts";

export const EXACT_CONFIG_VARIABLE = "ZEROK_EXACT_CONFIG";

const FIELDS: { readonly [K in keyof RelayConfig]: FieldCodec<RelayConfig[K]> } = {
  handshakeTimeoutMs: count,
  idleTimeoutMs: count,
  sessionsMax: count,
  sessionsPerAddressMax: count,
  connectionsPerAddressPerMinute: count,
  totalConnectionsPerSecond: count,
  messagesPerMinute: count,
  messagesBurst: count,
  totalMessagesPerSecond: count,
  payloadBytesMax: count,
  groupBytesMax: count,
  totalBytesMax: count,
  groupsMax: count,
  devicesPerGroupMax: count,
  invitesMax: count,
  groupInvitesMax: count,
  inviteClaimsPerMinute: count,
  totalInviteClaimsPerMinute: count,
  rateEntriesMax: count,
  pullLimitMax: count,
  notify: flag,
  defaultTtlS: count,
  dedupeRetentionS: count,
  acknowledgedRetentionS: count,
  sweepMs: count,
  rekeyAfterMessages: count,
};

const TABLE = FIELDS as { readonly [field: string]: FieldCodec<unknown> };

export function encodeExactConfig(config: RelayConfig): string {
  return `${JSON.stringify(encodeFields(TABLE, { ...config }), undefined, 2)}\n`;
}

/** A text is the field that is missing, of the wrong shape or unknown; empty for what is no such file at all. */
export function parseExactConfig(json: string): RelayConfig | string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return "";
  }
  if (!isJsonObject(value)) return "";
  const fields = parseFields(TABLE, value);
  // Every field was parsed by its own codec.
  return fields.value === undefined ? (fields.badField ?? "") : (fields.value as unknown as RelayConfig);
}
