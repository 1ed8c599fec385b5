/**
 * Pairing: a group is made, its invite is handed over as a payload (a QR code, a text) or as a short code, and another
 * device joins with it. The short code's invite waits sealed at the relay, given once; the relay learns neither the code
 * nor the secret. Argon2id runs here, off the main thread.
 */
import type { DeviceId, RelayAddress } from "../../core/ids.ts";
import { deriveGroupKeys } from "../../core/keys.ts";
import {
  type Argon2Parameters,
  createSalt,
  DEFAULT_PARAMETERS,
  SHORT_CODE_PARAMETERS,
} from "../../core/pairing/argon2-parameters.ts";
import type { GroupFile } from "../../core/pairing/group-file.ts";
import { encodeInvite, type Invite, INVITE_TTL_S, parseInvite } from "../../core/pairing/invite.ts";
import { renderInviteError } from "../../core/pairing/invite-error.ts";
import type { LegacyInvite } from "../../core/pairing/legacy-invite.ts";
import { openInvite, sealInvite } from "../../core/pairing/sealed-invite.ts";
import {
  argonPasswordOf,
  argonSaltOf,
  createShortCode,
  lookupKeyOf,
  parseShortCode,
  renderShortCode,
  type ShortCode,
} from "../../core/pairing/short-code.ts";
import { Redacted } from "../../core/redacted.ts";
import { argon2id } from "../crypto/argon2id.ts";
import { createFastSuite } from "../crypto/fast-suite.ts";
import { createEntropy } from "../driver/entropy.ts";
import { requireGroupSecret } from "./options.ts";
import { InvalidInviteError } from "./sync-error.ts";

/** What a device needs of a group to be its member. */
export type Group = Pick<GroupFile, "relays" | "secret" | "salt" | "parameters">;

const SECRET_BYTES = 32;
const NONCE_BYTES = 24;

/**
 * A new group: its secret comes from the passphrase and a fresh salt, or without one is random. Throws
 * `InvalidOptionsError` for a passphrase that is too short.
 */
export async function createGroup(relays: readonly RelayAddress[], passphrase: string | undefined): Promise<GroupFile> {
  const entropy = createEntropy();
  const salt = createSalt(entropy);
  const parameters = DEFAULT_PARAMETERS;
  let secret: Redacted<Uint8Array>;
  if (passphrase === undefined) {
    const bytes = new Uint8Array(SECRET_BYTES);
    entropy.fill("group secret", bytes);
    secret = new Redacted(bytes);
  } else {
    secret = await requireGroupSecret({ passphrase, salt, argon2: parameters });
  }
  return groupFile({ relays, secret, salt, parameters });
}

export function groupFile(group: Group): GroupFile {
  const { groupId } = deriveGroupKeys(createFastSuite(), group.secret);
  const joinedAt = new Date().toISOString();
  return { ...group, claimedGroupId: groupId, name: null, undiallable: [], joinedAt, cursors: new Map() };
}

/** An invite into the group, good for ten minutes. */
export function createInvite(group: Group, creator: DeviceId, nowMs: number): Invite {
  // A group whose secret came with an old invite may have none: these tell nothing, but the format wants them.
  const salt = group.salt?.length === 16 ? group.salt : createSalt(createEntropy());
  const parameters: Argon2Parameters = group.parameters ?? DEFAULT_PARAMETERS;
  const expiresAtS = Math.floor(nowMs / 1000) + INVITE_TTL_S;
  return { version: 4, relays: group.relays, secret: group.secret, salt, parameters, expiresAtS, creator };
}

/** The text in the QR code, as secret as the group. */
export function invitePayload(invite: Invite): Redacted<string> {
  return encodeInvite(invite);
}

/** An invite as it waits at the relay. */
export interface CodedInvite {
  /** XXXX-XXXX-XXXX-XXXX */
  readonly code: Redacted<string>;
  readonly lookup: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Takes about a second: Argon2id over 64 MiB. */
export async function sealForCode(invite: Invite): Promise<CodedInvite> {
  const suite = createFastSuite();
  const entropy = createEntropy();
  const code = createShortCode(entropy);
  const nonce = new Uint8Array(NONCE_BYTES);
  entropy.fill("nonce", nonce);
  const sealed = sealInvite(suite, await keyOf(code), nonce, invite);
  return { code: renderShortCode(code), lookup: lookupKeyOf(suite, code), sealed };
}

/** Undefined for what is too long or too short to be a code at all. Throws `InvalidInviteError` for a mistyped one. */
export function readShortCode(typed: string): { readonly code: ShortCode; readonly lookup: Uint8Array } | undefined {
  const parsed = parseShortCode(typed);
  if (parsed.ok) return { code: parsed.value, lookup: lookupKeyOf(createFastSuite(), parsed.value) };
  if (parsed.error.type === "BadCharacter") {
    throw new InvalidInviteError(
      `Character ${parsed.error.at} of the short code is none that a code has: check it and type it again.`,
    );
  }
  const { characters, charactersWanted } = parsed.error;
  if (characters > 2 * charactersWanted || /^0k/i.test(typed.trim())) return undefined;
  throw new InvalidInviteError(
    `A short code has ${charactersWanted} characters, such as K7QM-2WXP-9R4T-HB3C, and this one has ${characters}.`,
  );
}

/** What the relay gave for a code. Throws `InvalidInviteError`. */
export async function openForCode(code: ShortCode, sealed: Uint8Array, nowMs: number): Promise<Invite | LegacyInvite> {
  const opened = openInvite(createFastSuite(), await keyOf(code), sealed, nowMs);
  if (opened.ok) return opened.value;
  throw new InvalidInviteError(
    opened.error.type === "Refused"
      ? "The second half of the short code is wrong. The relay has given the invite away by now: have a new one made with `zerok pair --create`."
      : renderInviteError(opened.error),
  );
}

/** An invite's payload, of version 4 or of upstream's 2 and 3. Throws `InvalidInviteError`. */
export function readPayload(payload: string, nowMs: number): Invite | LegacyInvite {
  const parsed = parseInvite(payload, nowMs);
  if (parsed.ok) return parsed.value;
  throw new InvalidInviteError(renderInviteError(parsed.error));
}

/**
 * The group that an invite leads to. `relays` are named instead of the invite's own, which upstream's invites have none
 * of that can be dialled. Throws `InvalidInviteError` when there is none at all.
 */
export function joinedGroup(invite: Invite | LegacyInvite, relays: readonly RelayAddress[]): GroupFile {
  const { secret, salt } = invite;
  const parameters = invite.version === 4 ? invite.parameters : null;
  const known = relays.length > 0 ? relays : invite.relays;
  if (known.length === 0) {
    throw new InvalidInviteError(
      `This invite of version ${invite.version} names no relay that can be reached from here: name one with --relay.`,
    );
  }
  return groupFile({ relays: known, secret, salt: salt.length === 0 ? null : salt, parameters });
}

async function keyOf(code: ShortCode): Promise<Redacted<Uint8Array>> {
  const salt = argonSaltOf(createFastSuite(), code);
  const key = await argon2id(argonPasswordOf(code), salt, SHORT_CODE_PARAMETERS);
  if (!key.ok) throw new InvalidInviteError(`The short code cannot be used: ${key.error.why}.`);
  return key.value;
}
