import { GROUP_DEVICES_MAX, PAGE_BLOBS_MAX, PAYLOAD_BYTES_MAX, TTL_S_MAX } from "../limits.ts";

/** What an operator of a relay may set. Times in milliseconds of the monotonic clock unless the name says otherwise. */
export interface RelayConfig {
  /** From accepting a connection to its Hello: accept *and* read. */
  readonly handshakeTimeoutMs: number;
  /** A session is dropped when nothing was heard from it for this long. */
  readonly idleTimeoutMs: number;
  readonly sessionsMax: number;
  readonly sessionsPerAddressMax: number;
  /** New connections, whatever becomes of them: of one address per minute (which may all come at once), and of all. */
  readonly connectionsPerAddressPerMinute: number;
  readonly totalConnectionsPerSecond: number;
  /** Token bucket per device: messages per minute, and how many may come at once. */
  readonly messagesPerMinute: number;
  readonly messagesBurst: number;
  /** Token bucket over all devices: messages per second, and how many may come at once. */
  readonly totalMessagesPerSecond: number;
  /** Of one blob, as it is sealed. */
  readonly payloadBytesMax: number;
  /** Payload bytes held per group. */
  readonly groupBytesMax: number;
  /** Payload bytes held of all groups. */
  readonly totalBytesMax: number;
  readonly groupsMax: number;
  /** Revoked ones counted too. */
  readonly devicesPerGroupMax: number;
  /** Invites that wait, of all groups and of one. */
  readonly invitesMax: number;
  readonly groupInvitesMax: number;
  /** Claims of invites, right or wrong: of one address, and of all. */
  readonly inviteClaimsPerMinute: number;
  readonly totalInviteClaimsPerMinute: number;
  /** Entries in each table of rates (devices, addresses): beyond, newcomers share one. */
  readonly rateEntriesMax: number;
  readonly pullLimitMax: number;
  /** Whether other live sessions of the group are told of a new blob. */
  readonly notify: boolean;
  /** Wall-clock seconds. */
  readonly defaultTtlS: number;
  /** How long ids and chains outlive their payload, wall-clock seconds. */
  readonly dedupeRetentionS: number;
  /**
   * How long a payload stays that every known device has acknowledged, wall-clock seconds: for members that a relay
   * which lost its data does not know of yet, and for devices that join.
   */
  readonly acknowledgedRetentionS: number;
  readonly sweepMs: number;
  readonly rekeyAfterMessages: number;
}

export const DEFAULT_RELAY_CONFIG: RelayConfig = {
  handshakeTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  sessionsMax: 10_000,
  sessionsPerAddressMax: 256,
  connectionsPerAddressPerMinute: 600,
  totalConnectionsPerSecond: 1000,
  messagesPerMinute: 60_000,
  messagesBurst: 10_000,
  totalMessagesPerSecond: 100_000,
  payloadBytesMax: PAYLOAD_BYTES_MAX,
  groupBytesMax: 1024 * 1024 * 1024,
  totalBytesMax: 64 * 1024 * 1024 * 1024,
  groupsMax: 100_000,
  devicesPerGroupMax: GROUP_DEVICES_MAX,
  invitesMax: 10_000,
  groupInvitesMax: 16,
  inviteClaimsPerMinute: 10,
  totalInviteClaimsPerMinute: 600,
  rateEntriesMax: 100_000,
  pullLimitMax: 1000,
  notify: true,
  defaultTtlS: 7 * 24 * 3600,
  dedupeRetentionS: 30 * 24 * 3600,
  acknowledgedRetentionS: 24 * 3600,
  sweepMs: 60_000,
  rekeyAfterMessages: 65_536,
};

export interface ConfigFault {
  readonly key: keyof RelayConfig;
  /** For a person: what is wrong with the value and what may be. */
  readonly message: string;
}

/** Longer waits are cut short by the timers of common hosts. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** Sums and products of a bucket stay exact: tokens times milliseconds. */
const RATE_MAX = 1_000_000_000;
const MANY = Number.MAX_SAFE_INTEGER;

/** What each number may be. A quota of 0 is one: a relay that takes nothing for now. */
const RANGES: {
  readonly [K in keyof RelayConfig as RelayConfig[K] extends number ? K : never]: readonly [number, number];
} = {
  handshakeTimeoutMs: [1, TIMER_MS_MAX],
  idleTimeoutMs: [1, TIMER_MS_MAX],
  sessionsMax: [1, MANY],
  sessionsPerAddressMax: [1, MANY],
  connectionsPerAddressPerMinute: [1, RATE_MAX],
  totalConnectionsPerSecond: [1, RATE_MAX],
  messagesPerMinute: [1, RATE_MAX],
  messagesBurst: [1, RATE_MAX],
  totalMessagesPerSecond: [1, RATE_MAX],
  payloadBytesMax: [1024, PAYLOAD_BYTES_MAX],
  groupBytesMax: [0, MANY],
  totalBytesMax: [0, MANY],
  groupsMax: [1, MANY],
  devicesPerGroupMax: [1, GROUP_DEVICES_MAX],
  invitesMax: [0, MANY],
  groupInvitesMax: [0, MANY],
  inviteClaimsPerMinute: [1, RATE_MAX],
  totalInviteClaimsPerMinute: [1, RATE_MAX],
  rateEntriesMax: [1, MANY],
  pullLimitMax: [1, PAGE_BLOBS_MAX],
  defaultTtlS: [1, TTL_S_MAX],
  dedupeRetentionS: [1, MANY],
  acknowledgedRetentionS: [0, MANY],
  sweepMs: [1, TIMER_MS_MAX],
  rekeyAfterMessages: [1, MANY],
};

/**
 * Everything that no relay can run with, in the order of the keys; empty when the configuration is fine. Never throws,
 * whatever the numbers are.
 */
export function checkRelayConfig(config: RelayConfig): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  for (const [name, [least, most]] of Object.entries(RANGES)) {
    const key = name as keyof typeof RANGES;
    const value = config[key];
    if (Number.isSafeInteger(value) && value >= least && value <= most) continue;
    const range = most === MANY ? `of ${least} or more` : `from ${least} to ${most}`;
    faults.push({ key, message: `must be a whole number ${range}, not ${value}` });
  }
  // A device may repeat a push until its ttl is over, and must then get the first answer.
  if (config.dedupeRetentionS < config.defaultTtlS) {
    const message = `must not be shorter than defaultTtlS (${config.defaultTtlS}), not ${config.dedupeRetentionS}`;
    faults.push({ key: "dedupeRetentionS", message });
  }
  return faults;
}
