/** What an operator of a device may set. Times in milliseconds of the monotonic clock unless the name says otherwise. */
export interface ClientConfig {
  /** Pulls at least this often while live, so that a lost Notify costs at most this long. */
  readonly pollMs: number;
  /** A Ping goes out when nothing was heard for this long … */
  readonly keepAliveMs: number;
  /** … and the connection is given up when nothing was heard for this long after. Also the bound on any answer. */
  readonly answerTimeoutMs: number;
  /** From the dial to the end of the handshake and the Welcome. */
  readonly connectTimeoutMs: number;
  /** Pushes sent and not yet answered. */
  readonly pushWindow: number;
  /** Pushes that wait without an acknowledgement of any relay, and their sealed bytes: what is beyond is refused. */
  readonly queueRowsMax: number;
  readonly queueBytesMax: number;
  /** Blobs and payload bytes asked for in one Pull. */
  readonly pullLimit: number;
  readonly pullBytesMax: number;
  /** Default ttl of a push, seconds; 0 = the relay's default. */
  readonly ttlS: number;
  /** Noise messages per direction between two rekeys. */
  readonly rekeyAfterMessages: number;
  /** With several relays: how long after a more preferred one failed it is tried again, while another is live. */
  readonly preferAgainMs: number;
  /** With several relays: the others are visited at least this often; sooner when a copy is owed there. */
  readonly visitMs: number;
}

export const DEFAULT_CLIENT_CONFIG: ClientConfig = {
  pollMs: 30_000,
  keepAliveMs: 15_000,
  answerTimeoutMs: 10_000,
  connectTimeoutMs: 30_000,
  pushWindow: 64,
  queueRowsMax: 10_000,
  queueBytesMax: 256 * 1024 * 1024,
  pullLimit: 100,
  pullBytesMax: 512 * 1024,
  ttlS: 0,
  rekeyAfterMessages: 65_536,
  preferAgainMs: 60_000,
  visitMs: 300_000,
};

/** Delays between attempts: 1, 2, 4 … seconds up to the cap, plus jitter (protocol invariant 12). */
export const BACKOFF = { firstMs: 1000, capMs: 30_000, jitterMs: 5000, resetAfterMs: 30_000 } as const;
/** A replaced session tries again after this long, doubling (protocol invariant 17). */
export const REPLACED = { firstMs: 30_000, capMs: 3_600_000 } as const;
/** A visit to a relay stays for so long after there is nothing more to do, so that a stream of pushes is one visit. */
export const VISIT_LINGER_MS = 2000;
