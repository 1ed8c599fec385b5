/** What goes into a `SyncClient` and what comes out of it, as plain data. Ids are hex, a relay is its address. */
import type { ClientConfig } from "../../core/client/config.ts";
import type { SecretOptions } from "./options.ts";
import type { Acked } from "./sync-events.ts";

/** With `groupSecret` (32 bytes), or with `passphrase`, `salt` and `argon2` as they are on every device of the group. */
export interface SyncClientOptions extends SecretOptions {
  /** This device's own folder: its key, its queue and its inbox. Made when it is not there. */
  readonly dataDir: string;
  /** `0k://<relay id>@<host>:<port>`, in order of preference. */
  readonly relays: readonly string[];
  /** Default time to live of a push, seconds; 0 = the relay's default. */
  readonly ttlS?: number;
  /** What this process does, for whoever finds the folder in use. */
  readonly purpose?: string;
  /** How long to wait for a process that has the folder open. */
  readonly waitForFolderMs?: number;
  /** Times and sizes of the protocol: see `ClientConfig`. */
  readonly config?: Partial<ClientConfig>;
}

/** A push that is on disk. */
export interface Pushed {
  readonly blobId: string;
  /**
   * Resolves when the first relay has it durably. Rejects with `RefusedError`, `ExpiredError`, or `ClosedError` (then
   * it is still queued). May be left alone: a rejection that nobody looks at does no harm.
   */
  readonly acked: Promise<Acked>;
}

export interface RelayStatus {
  readonly relay: string;
  readonly isActive: boolean;
  /** Everything up to here is in the inbox; null before the first connection. */
  readonly cursor: number | null;
  readonly highestCursor: number | null;
  readonly epoch: string | null;
  /** Pushes that this relay has not answered for. */
  readonly queued: number;
}

export interface SyncStatus {
  readonly deviceId: string;
  readonly isConnected: boolean;
  readonly relays: readonly RelayStatus[];
  /** Pushes that some relay has not answered for. */
  readonly queued: number;
  readonly inbox: number;
  readonly unread: number;
  readonly quarantined: number;
  readonly lostRanges: number;
}

export interface GroupDevice {
  readonly deviceId: string;
  readonly isThisDevice: boolean;
  readonly isOnline: boolean;
  readonly isRevoked: boolean;
  readonly lastSeenMs: number;
  /** What it has acknowledged up to. */
  readonly cursor: number;
}

/** To be handed to another device. Both texts are as secret as the group. */
export interface CreatedInvite {
  /** `0k4:…`: the text of a QR code. Refused after `expiresAtMs`, but it holds the group's secret for good. */
  readonly payload: string;
  /** Good for one claim at `relay`; null when no relay is connected. */
  readonly shortCode: string | null;
  readonly relay: string | null;
  readonly expiresAtMs: number;
  /** Withdraws the short code. Throws as `devices` does. */
  withdraw(): Promise<void>;
}

export interface Patience {
  /** Default 30 s. */
  readonly timeoutMs?: number;
}
