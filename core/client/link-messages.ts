/**
 * What each message of a relay means to the link that heard it. Before the Welcome only a Welcome, an Error or a Bye
 * may come; a message that only a device says ends the session. Called by the link, once per message.
 */
import { unreachable } from "../invariant.ts";
import type { Now } from "../machine.ts";
import { ErrorCode } from "../wire/error-code.ts";
import type { DeviceRevoked, ErrorMessage, Message } from "../wire/messages.ts";
import { RETRY_MS } from "./backoff.ts";
import type { DisconnectWhy } from "./events.ts";
import type { RelayLink } from "./relay-link.ts";

const BYE_WHYS: ReadonlyMap<string, DisconnectWhy> = new Map([
  ["replaced", "replaced"],
  ["shutdown", "relay-shutdown"],
  ["epoch", "epoch-changed"],
]);

export function hearMessage(link: RelayLink, message: Message, now: Now): void {
  if (message.type === "Bye") return link.connector.lose(BYE_WHYS.get(message.reason) ?? "closed", now);
  if (message.type === "Error") return hearError(link, message, now);
  if (link.phase === "joining") {
    if (message.type === "Welcome") link.welcome(message, now);
    else link.connector.lose("invalid-message", now);
    return;
  }
  // What was read in the same piece as a message that ended the session is void.
  if (!link.isLive) return;
  const { relay } = link;
  switch (message.type) {
    case "PushAck":
      return link.acked(message, now);
    case "PullResponse":
      return link.pulled(message, now);
    case "Notify":
      return link.notified(message.latest);
    case "Ping":
      return link.connector.send({ type: "Pong", token: message.token });
    case "Pong":
      return;
    case "Deleted": {
      const ref = link.requests.answered(message);
      if (ref === undefined) return link.unexpected();
      return link.tell({ type: "deleted", relay, ref, blobId: message.blobId.slice(), cursor: message.cursor });
    }
    case "Devices": {
      const ref = link.requests.answered(message);
      if (ref === undefined) return link.unexpected();
      const devices = message.devices.map((known) => ({ ...known, device: known.device.slice() }));
      return link.tell({ type: "devices", relay, ref, devices });
    }
    case "InviteKept": {
      const ref = link.requests.answered(message);
      if (ref === undefined) return link.unexpected();
      return link.tell({ type: "invite-kept", relay, ref, lookup: message.lookup.slice(), ttlS: message.ttlS });
    }
    case "InviteCancelled": {
      const ref = link.requests.answered(message);
      if (ref === undefined) return link.unexpected();
      return link.tell({ type: "invite-cancelled", relay, ref, lookup: message.lookup.slice() });
    }
    case "DeviceRevoked":
      return hearRevoked(link, message);
    case "Hello":
    case "Welcome":
    case "Push":
    case "Pull":
    case "Ack":
    case "InvitePut":
    case "InviteClaim":
    case "InviteGiven":
    case "InviteCancel":
    case "Delete":
    case "ListDevices":
    case "RevokeDevice":
      return link.connector.lose("invalid-message", now);
    default:
      unreachable(message);
  }
}

function hearError(link: RelayLink, error: ErrorMessage, now: Now): void {
  const { code, retryable, subject } = error;
  if (code === ErrorCode.DeviceRevoked && (link.isLive || link.phase === "joining")) return link.revoked();
  if (link.phase === "joining") return link.connector.lose(retryable ? "overloaded" : "rejected", now);
  const waitMs = Math.max(RETRY_MS, error.retryAfterMs);
  if (subject.message === "Pull") return link.pullRefused(code, waitMs, now);
  if (subject.message === "Push" || subject.message === null) {
    if (subject.blobId !== null) link.pushRefused(subject.blobId, code, retryable, waitMs, now);
    return;
  }
  link.requestRefused(subject.message, code, retryable ? error.retryAfterMs : null);
}

function hearRevoked(link: RelayLink, message: DeviceRevoked): void {
  const { device, by, reason, timestampMs } = message;
  const ref = link.requests.answered(message) ?? null;
  const { relay } = link;
  link.tell({ type: "device-revoked", relay, ref, device: device.slice(), by: by.slice(), reason, timestampMs });
  if (link.isOwn(device)) link.revoked();
}
