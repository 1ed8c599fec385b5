/**
 * Who may connect, and who may do how much: every limit of a relay that needs no store. Connections are counted from
 * the moment they are accepted, and everything is limited by address or device *and* in total, since addresses and
 * device keys cost their owner little (invariant 13).
 */
import type { RelayConfig } from "./config.ts";
import type { DropWhy } from "./events.ts";
import { KeyedRates } from "./keyed-rates.ts";
import type { Sessions } from "./sessions.ts";
import { TokenBucket } from "./token-bucket.ts";

const MINUTE_MS = 60_000;

export class Admission {
  readonly #config: RelayConfig;
  readonly #sessions: Sessions;
  readonly #connections: KeyedRates;
  readonly #messages: KeyedRates;
  readonly #claims: KeyedRates;
  #totals:
    | { readonly connections: TokenBucket; readonly messages: TokenBucket; readonly claims: TokenBucket }
    | undefined;

  constructor(config: RelayConfig, sessions: Sessions) {
    this.#config = config;
    this.#sessions = sessions;
    const { connectionsPerAddressPerMinute, inviteClaimsPerMinute, rateEntriesMax } = config;
    const { messagesPerMinute, messagesBurst } = config;
    this.#connections = new KeyedRates(perMinute(connectionsPerAddressPerMinute), rateEntriesMax);
    this.#messages = new KeyedRates({ ...perMinute(messagesPerMinute), burst: messagesBurst }, rateEntriesMax);
    this.#claims = new KeyedRates(perMinute(inviteClaimsPerMinute), rateEntriesMax);
  }

  /** Why a new connection is turned away, before anything is spent on it. */
  refusal(address: string, nowMs: number): DropWhy | undefined {
    const { sessionsMax, sessionsPerAddressMax } = this.#config;
    if (this.#sessions.size >= sessionsMax) return "too-many-sessions";
    if (this.#sessions.countAt(address) >= sessionsPerAddressMax) return "too-many-from-address";
    const waitMs = this.#connections.take(address, nowMs) || this.#total(nowMs).connections.take(nowMs);
    return waitMs > 0 ? "connecting-too-often" : undefined;
  }

  /** How long this device has to wait before it may say anything; 0: what it says counts. */
  messageWaitMs(device: string, nowMs: number): number {
    return this.#messages.take(device, nowMs) || this.#total(nowMs).messages.take(nowMs);
  }

  /** Guessing the look-up of an invite is limited, whoever guesses: every claim counts. */
  claimWaitMs(address: string, nowMs: number): number {
    return this.#claims.take(address, nowMs) || this.#total(nowMs).claims.take(nowMs);
  }

  /** Entries in the tables of rates. */
  get entries(): number {
    return this.#connections.size + this.#messages.size + this.#claims.size;
  }

  forgetFull(nowMs: number): void {
    for (const rates of [this.#connections, this.#messages, this.#claims]) rates.forgetFull(nowMs);
  }

  #total(nowMs: number) {
    const { totalConnectionsPerSecond, totalMessagesPerSecond, totalInviteClaimsPerMinute } = this.#config;
    return (this.#totals ??= {
      connections: new TokenBucket(totalConnectionsPerSecond, 1000, totalConnectionsPerSecond, nowMs),
      messages: new TokenBucket(totalMessagesPerSecond, 1000, totalMessagesPerSecond, nowMs),
      claims: new TokenBucket(totalInviteClaimsPerMinute, MINUTE_MS, totalInviteClaimsPerMinute, nowMs),
    });
  }
}

function perMinute(count: number): { perPeriod: number; periodMs: number; burst: number } {
  return { perPeriod: count, periodMs: MINUTE_MS, burst: count };
}
