/** What an operator of a relay may set. Times in milliseconds of the monotonic clock unless the name says otherwise. */
export interface RelayConfig {
  /** From accepting a connection to its Hello: accept *and* read. */
  readonly handshakeTimeoutMs: number;
  /** A session is dropped when nothing was heard from it for this long. */
  readonly idleTimeoutMs: number;
  readonly sessionsMax: number;
  readonly sessionsPerAddressMax: number;
  /** Token bucket per device: messages per minute, and how many may come at once. */
  readonly messagesPerMinute: number;
  readonly messagesBurst: number;
  /** Token bucket over all devices: messages per second, and how many may come at once. */
  readonly totalMessagesPerSecond: number;
  /** Payload bytes held per group. */
  readonly groupBytesMax: number;
  readonly groupsMax: number;
  readonly pullLimitMax: number;
  /** Whether other live sessions of the group are told of a new blob. */
  readonly notify: boolean;
  /** Wall-clock seconds. */
  readonly defaultTtlS: number;
  /** How long ids and chains outlive their payload, wall-clock seconds. */
  readonly dedupeRetentionS: number;
  readonly sweepMs: number;
  readonly rekeyAfterMessages: number;
}

export const DEFAULT_RELAY_CONFIG: RelayConfig = {
  handshakeTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  sessionsMax: 10_000,
  sessionsPerAddressMax: 256,
  messagesPerMinute: 60_000,
  messagesBurst: 10_000,
  totalMessagesPerSecond: 100_000,
  groupBytesMax: 1024 * 1024 * 1024,
  groupsMax: 100_000,
  pullLimitMax: 1000,
  notify: true,
  defaultTtlS: 7 * 24 * 3600,
  dedupeRetentionS: 30 * 24 * 3600,
  sweepMs: 60_000,
  rekeyAfterMessages: 65_536,
};
