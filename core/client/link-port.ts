/** What a link to a relay has of its client: what all links share, where its words go, and who decides over all of them. */
import type { BytePool } from "../bytes.ts";
import type { Context } from "../context.ts";
import type { Epoch, Position } from "../ids.ts";
import type { InboxItem } from "../inbox/take.ts";
import type { ChainHasher } from "../log/chain.ts";
import type { ConnectionId, Now } from "../machine.ts";
import type { MessageCodec } from "../wire/codec.ts";
import type { PullResponse } from "../wire/messages.ts";
import type { ClientConfig } from "./config.ts";
import type { ConnectorOutput } from "./connector.ts";
import type { Copies } from "./copies.ts";
import type { ClientEvent, DisconnectWhy } from "./events.ts";
import type { RelayLink } from "./relay-link.ts";
import type { Sealed, Sealer } from "./sealer.ts";
import type { SenderChains } from "./sender-chains.ts";
import type { OutboxRow } from "./sent-log.ts";
import type { DeviceOperation } from "./store.ts";

/** A page on its way into the inbox. */
export interface Taking {
  readonly items: readonly InboxItem[];
  readonly gone: PullResponse["gone"];
}

/** What an answer of the store is for. */
export type ClientJob =
  | { readonly for: "load"; readonly link: RelayLink }
  | { readonly for: "stage"; readonly ref: number; readonly sealed: Sealed }
  | { readonly for: "acked" | "give-up" }
  | { readonly for: "rebase"; readonly link: RelayLink; readonly epoch: Epoch }
  | {
      readonly for: "take";
      readonly link: RelayLink;
      readonly epoch: Epoch;
      readonly through: Position;
      readonly page: Taking;
    };

/** How a connection ended. `retryInMs` is null when it was left by wish. */
export interface Loss {
  readonly why: DisconnectWhy;
  readonly retryInMs: number | null;
  readonly wasLive: boolean;
}

export interface LinkPort {
  readonly config: ClientConfig;
  readonly context: Context;
  readonly sealer: Sealer;
  readonly copies: Copies;
  /** What was seen of each sender, by whichever relay. */
  readonly chains: SenderChains;
  readonly codec: MessageCodec;
  readonly pool: BytePool;
  readonly hasher: ChainHasher;
  readonly outputs: { push(output: ConnectorOutput): void };
  readonly nextConnection: () => ConnectionId;
  /** The number for the operation that is asked of the store next. */
  job(job: ClientJob): number;
  ask(operation: DeviceOperation): void;
  tell(event: ClientEvent): void;
  welcomed(link: RelayLink, now: Now): void;
  lost(link: RelayLink, loss: Loss, now: Now): void;
  revoked(): void;
  /** Its ttl is over and no relay has it: it leaves the sent log. */
  expired(entry: OutboxRow): void;
  /** This number will be at no relay: it leaves the sent log. */
  giveUp(sequence: number): void;
}
