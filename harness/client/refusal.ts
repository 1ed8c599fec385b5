/** Why a relay said no, or a connection ended, in words that a person can act upon. */
import type { DisconnectWhy } from "../../core/client/events.ts";
import { ErrorCode } from "../../core/wire/error-code.ts";

const REFUSALS: Readonly<Record<number, string>> = {
  [ErrorCode.InvalidMessage]: "the relay did not understand the message",
  [ErrorCode.UnknownGroup]: "the relay does not know this group",
  [ErrorCode.Unauthorized]: "the relay did not accept this group's signature",
  [ErrorCode.DeviceRevoked]: "this device was revoked",
  [ErrorCode.NotBlobOwner]: "another device pushed it, and only that one may delete it",
  [ErrorCode.VersionUnsupported]: "the relay speaks another version of the protocol",
  [ErrorCode.BlobConflict]: "the relay holds other bytes under this id",
  [ErrorCode.UnknownInvite]: "there is no such invite, or it was used, cancelled or is over",
  [ErrorCode.UnknownDevice]: "the relay knows no such device in this group",
  [ErrorCode.UnknownBlob]: "the relay knows no such blob in this group",
  [ErrorCode.RateLimited]: "too many requests in a short time",
  [ErrorCode.BlobTooLarge]: "it is larger than this relay takes",
  [ErrorCode.GroupQuotaExceeded]: "the group's space at the relay is used up",
  [ErrorCode.StorageFailed]: "the relay's disk failed",
  [ErrorCode.StorageFull]: "the relay is full",
  [ErrorCode.InviteRefused]: "the relay keeps no more invites now",
  [ErrorCode.RelayOverloaded]: "the relay is overloaded",
  [ErrorCode.RelayShuttingDown]: "the relay is shutting down",
};

/** A clause without a full stop. */
export function describeRefusal(code: number | null): string {
  return (code === null ? undefined : REFUSALS[code]) ?? `the relay refused (error ${code ?? "unknown"})`;
}

const ENDS: Readonly<Record<DisconnectWhy, string>> = {
  "closed-by-application": "left by wish",
  "visit-over": "nothing more to do there",
  refused: "nothing answers at that address",
  "connect-timeout": "it did not answer in time",
  closed: "the relay closed the connection",
  silent: "nothing was heard from it any more",
  "handshake-failed": "the handshake failed: it is no relay of this protocol",
  "wrong-relay": "another relay answers there: its key is not the one in the address",
  "invalid-message": "it sent what does not belong to the protocol",
  "page-refused": "it answered with a page that does not fit what it said before",
  dishonest: "it denies what it had acknowledged before",
  replaced: "another process connected as this same device",
  "relay-shutdown": "the relay is shutting down",
  "epoch-changed": "the relay lost or rolled back data; it is asked anew",
  "store-failed": "this device's disk failed",
  rejected: "the relay turned this device away",
  overloaded: "the relay is overloaded",
  revoked: "this device was revoked by its group",
};

export function describeEnd(why: DisconnectWhy): string {
  return ENDS[why];
}
