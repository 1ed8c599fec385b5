/** From an invite's text to the group that it leads to: by its payload, or by a short code and the relay where it waits. */
import { encodeHex, isEqualBytes } from "../../core/bytes.ts";
import { encodeRelayAddress, parseRelayAddress, type RelayAddress } from "../../core/ids.ts";
import type { GroupFile } from "../../core/pairing/group-file.ts";
import type { Invite } from "../../core/pairing/invite.ts";
import type { Redacted } from "../../core/redacted.ts";
import type { Argon2Parameters } from "../crypto/argon2id.ts";
import { parseEndpoint } from "../driver/endpoint.ts";
import { claimInvite } from "./invite-claim.ts";
import { joinedGroup, openForCode, readPayload, readShortCode } from "./pairing.ts";
import { requireRelayAddress } from "./relay-list.ts";
import { InvalidInviteError, InvalidOptionsError } from "./sync-error.ts";

export type InviteTexts =
  /** `relays` instead of the invite's own; upstream's invites need some. */
  | { readonly payload: string; readonly relays?: readonly string[] }
  /** `relay`: `host:port`, or with the id to insist on, `0k://…@host:port`. A code is good for one claim. */
  | { readonly shortCode: string; readonly relay: string };

/** What `SyncClient.open` needs of a group. */
export interface JoinedInvite {
  readonly groupSecret: Redacted<Uint8Array>;
  readonly relays: readonly string[];
  readonly salt?: Uint8Array;
  readonly argon2?: Argon2Parameters;
}

const CLAIM_TIMEOUT_MS = 10_000;

/**
 * For an application: `SyncClient.open({ dataDir, ...(await joinInvite({ payload })) })`. Throws `InvalidInviteError`,
 * `InvalidOptionsError`, and for a code `NotConnectedError` or `RefusedError`.
 */
export async function joinInvite(texts: InviteTexts): Promise<JoinedInvite> {
  const { secret, relays, salt, parameters } = await resolveInvite(texts);
  return {
    groupSecret: secret,
    relays: relays.map(encodeRelayAddress),
    ...(salt !== null && { salt }),
    ...(parameters !== null && { argon2: parameters }),
  };
}

export async function resolveInvite(texts: InviteTexts): Promise<GroupFile> {
  if ("payload" in texts) {
    return joinedGroup(readPayload(texts.payload, Date.now()), (texts.relays ?? []).map(requireRelayAddress));
  }
  const coded = readShortCode(texts.shortCode);
  if (coded === undefined) {
    throw new InvalidInviteError("This is no short code: that is 16 characters, such as K7QM-2WXP-9R4T-HB3C.");
  }
  const relay = claimAddress(texts.relay);
  const { relayId, sealed } = await claimInvite(relay, coded.lookup, CLAIM_TIMEOUT_MS);
  const invite = await openForCode(coded.code, sealed, Date.now());
  if (invite.version !== 4) return joinedGroup(invite, []);
  return joinedGroup(invite, reached(invite, relayId, relay.endpoint));
}

function claimAddress(typed: string): RelayAddress | { readonly id: null; readonly endpoint: string } {
  const text = typed.trim();
  if (parseRelayAddress(text) !== undefined) return requireRelayAddress(text);
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined && endpoint.port > 0) return { id: null, endpoint: text };
  throw new InvalidOptionsError(
    `"${text.slice(0, 120)}" is no relay to claim a code at: that is HOST:PORT, such as relay.example:4433, or the relay's whole address, 0k://…@HOST:PORT.`,
  );
}

/**
 * The invite's relays, with the address by which this device has just reached one of them: what the other device calls
 * 127.0.0.1 may have another name here. The id decides that it is the same relay.
 */
function reached(invite: Invite, relayId: Uint8Array, endpoint: string): readonly RelayAddress[] {
  if (!invite.relays.some(({ id }) => isEqualBytes(id, relayId))) {
    const id = encodeHex(relayId).slice(0, 8);
    throw new InvalidInviteError(
      `The relay at ${endpoint} (${id}…) is none of the group's relays, so something stands between: join by the payload instead.`,
    );
  }
  return invite.relays.map((relay) => (isEqualBytes(relay.id, relayId) ? { id: relay.id, endpoint } : relay));
}
