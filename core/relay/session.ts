/** One accepted connection, from its first byte to its end. */
import type { DeviceId, GroupId } from "../ids.ts";
import type { AppendItem } from "../log/append.ts";
import type { ConnectionId } from "../machine.ts";
import type { SecureChannel } from "../noise/channel.ts";

/**
 * `greeting` until a Hello is accepted for looking up, `joining` while the store looks, `live` after Welcome. A session
 * that ends is forgotten at once: an answer that the store still owes it finds nobody.
 */
export type SessionPhase = "greeting" | "joining" | "live";

export interface Session {
  readonly connection: ConnectionId;
  readonly address: string;
  readonly channel: SecureChannel;
  phase: SessionPhase;
  /** Known from the Hello on. */
  membership: Membership | undefined;
  lastHeardMs: number;
  /** Since when no frame came whole although bytes of one did, or since it was last told so; undefined when not so. */
  partialSinceMs: number | undefined;
  /** Highest cursor served in a page: an Ack cannot claim more. */
  servedMax: number;
  acknowledged: number;
  /** A page is being read for it. */
  isPaging: boolean;
  /** The devices are being listed for it. */
  isListing: boolean;
  /** The store is asked for a batch of its pushes. */
  isAppending: boolean;
  /** Pushes that the store is not asked for yet, to be appended together. */
  batch: AppendItem[];
}

export interface Membership {
  readonly group: GroupId;
  readonly groupHex: string;
  readonly device: DeviceId;
  readonly deviceHex: string;
  /** Names this device of this group where its rate is kept. */
  readonly rateKey: string;
}
