/**
 * A relay's configuration from a plan as the file that the daemon reads. The file counts in whole seconds and has
 * floors of its own, so some plans can only be met approximately; each such setting is named.
 */
import type { RelayConfig } from "../../core/relay/config.ts";

export interface RelayToml {
  readonly text: string;
  /** Settings that are not exactly as the plan has them, in words. */
  readonly approximations: readonly string[];
}

const DAY_S = 24 * 3600;

export function renderRelayToml(config: RelayConfig): RelayToml {
  const approximations: string[] = [];
  const seconds = (name: string, ms: number, minS: number): number => {
    const wholeS = Math.max(minS, Math.ceil(ms / 1000));
    if (1000 * wholeS !== ms) approximations.push(`${name} is ${wholeS} s instead of ${ms} ms`);
    return wholeS;
  };
  const atLeast = (name: string, value: number, min: number): number => {
    if (value < min) approximations.push(`${name} is ${min} instead of ${value}`);
    return Math.max(min, value);
  };
  // Every field is named, so that the compiler asks for a new one.
  const {
    handshakeTimeoutMs,
    idleTimeoutMs,
    sessionsMax,
    sessionsPerAddressMax,
    connectionsPerAddressPerMinute,
    totalConnectionsPerSecond,
    messagesPerMinute,
    messagesBurst,
    totalMessagesPerSecond,
    payloadBytesMax,
    groupBytesMax,
    totalBytesMax,
    groupsMax,
    devicesPerGroupMax,
    invitesMax,
    groupInvitesMax,
    inviteClaimsPerMinute,
    totalInviteClaimsPerMinute,
    rateEntriesMax,
    pullLimitMax,
    notify,
    defaultTtlS,
    dedupeRetentionS,
    acknowledgedRetentionS,
    sweepMs,
    rekeyAfterMessages,
    ...unnamed
  } = config;
  unnamed satisfies Record<string, never>;
  const tables = {
    server: { notify, rekey_after_messages: rekeyAfterMessages },
    storage: {
      max_blob_size: payloadBytesMax,
      max_group_storage: atLeast("max_group_storage", groupBytesMax, 1024),
      max_total_storage: atLeast("max_total_storage", totalBytesMax, 1024),
      max_groups: groupsMax,
      max_devices_per_group: devicesPerGroupMax,
      max_invites: invitesMax,
      max_invites_per_group: groupInvitesMax,
      default_ttl: defaultTtlS,
      dedupe_retention_secs: atLeast("dedupe_retention_secs", dedupeRetentionS, Math.max(DAY_S, defaultTtlS)),
      acknowledged_retention_secs: acknowledgedRetentionS,
    },
    limits: {
      connections_per_ip: sessionsPerAddressMax,
      connections_per_ip_per_minute: connectionsPerAddressPerMinute,
      global_connections_per_second: totalConnectionsPerSecond,
      messages_per_minute: messagesPerMinute,
      messages_burst: messagesBurst,
      global_requests_per_second: totalMessagesPerSecond,
      invite_claims_per_minute: inviteClaimsPerMinute,
      global_invite_claims_per_minute: totalInviteClaimsPerMinute,
      rate_entries: rateEntriesMax,
      hello_timeout_secs: seconds("hello_timeout_secs", handshakeTimeoutMs, 1),
      idle_timeout_secs: seconds("idle_timeout_secs", idleTimeoutMs, 5),
      max_concurrent_sessions: sessionsMax,
      max_pull_limit: pullLimitMax,
    },
    cleanup: { interval_secs: seconds("interval_secs", sweepMs, 1) },
  };
  const lines: string[] = [];
  for (const [table, values] of Object.entries(tables)) {
    lines.push(`[${table}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`), "");
  }
  return { text: lines.join("\n"), approximations };
}
