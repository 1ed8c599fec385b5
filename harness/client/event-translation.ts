/** The events of the client machine, as an application hears them: ids in hex, relays by their addresses, words for codes. */
import { encodeHex } from "../../core/bytes.ts";
import type { ClientEvent } from "../../core/client/events.ts";
import { unreachable } from "../../core/invariant.ts";
import { describeStorage } from "./options.ts";
import { describeRefusal } from "./refusal.ts";
import type { RelayList } from "./relay-list.ts";
import { StorageError } from "./sync-error.ts";
import type { SyncEventMap } from "./sync-events.ts";

/** These the client makes itself, from more than one event. */
type Composed = "blob" | "all-relays-failed" | "broken";

export type News = {
  [Name in Exclude<keyof SyncEventMap, Composed>]: { readonly name: Name; readonly told: SyncEventMap[Name][0] };
}[Exclude<keyof SyncEventMap, Composed>];

/** Undefined for what is told to whoever asked, and for the machine's ways of working. */
export function translateEvent(
  event: Exclude<ClientEvent, { type: "inbox" | "all-relays-failed" }>,
  relays: RelayList,
): News | undefined {
  switch (event.type) {
    case "connected": {
      const relay = relays.textOf(event.relay);
      return { name: "connected", told: { relay, epoch: encodeHex(event.epoch), maxCursor: event.max } };
    }
    case "disconnected": {
      const { why, retryInMs } = event;
      return { name: "disconnected", told: { relay: relays.textOf(event.relay), why, retryInMs } };
    }
    case "acked": {
      const { blobId, position } = event;
      const relay = relays.textOf(event.relay);
      return { name: "acked", told: { blobId: encodeHex(blobId), relay, cursor: position.cursor } };
    }
    case "refused": {
      const { code, isFinal } = event;
      const relay = relays.textOf(event.relay);
      const why = describeRefusal(code);
      return { name: "refused", told: { blobId: encodeHex(event.blobId), relay, why, errorCode: code, isFinal } };
    }
    case "gave-up":
      return { name: "expired", told: { blobId: encodeHex(event.blobId), wasSent: event.wasSent } };
    case "quarantined": {
      const { cursor, blobId, why } = event;
      return {
        name: "quarantined",
        told: { relay: relays.textOf(event.relay), cursor, blobId: encodeHex(blobId), why },
      };
    }
    case "lost-history": {
      const { from, to, why } = event.range;
      return { name: "lost-history", told: { relay: relays.textOf(event.relay), from, to, why } };
    }
    case "epoch-changed":
      return {
        name: "epoch-changed",
        told: { relay: relays.textOf(event.relay), epoch: encodeHex(event.epoch) },
      };
    case "accused": {
      const { what, cursor, sender } = event;
      const relay = relays.textOf(event.relay);
      return { name: "accused", told: { relay, what, cursor, sender: sender === null ? null : encodeHex(sender) } };
    }
    case "device-revoked": {
      const { device, by, reason, timestampMs } = event;
      return {
        name: "device-revoked",
        told: { device: encodeHex(device), by: encodeHex(by), reason, timestampMs },
      };
    }
    case "store-failed":
      return { name: "storage-failed", told: new StorageError(describeStorage(event.error)) };
    case "ready":
    case "connecting":
    case "queued":
    case "push-failed":
    case "notified":
    case "pulling":
    case "pulled":
    case "pull-failed":
    case "page-refused":
    case "deleted":
    case "devices":
    case "invite-kept":
    case "invite-cancelled":
    case "request-failed":
      return undefined;
    default:
      return unreachable(event);
  }
}
