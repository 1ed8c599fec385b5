/**
 * Our invite, version 4, and the one parser for every text that may be one.
 *
 * Text: `0k4:` ‖ base64url of (body ‖ checksum), at most 4096 characters. Body: the canonical MessagePack array [secret,
 * salt, memory in KiB, passes, lanes, expiry in seconds, creator, relay addresses]. Checksum: the first four bytes of
 * SHA-256 over a label and the body, so that a character lost in copying is noticed and is not another group. There is
 * no group id in it: who has the secret derives it, and a claim that nobody needs cannot be a lie.
 *
 * The text is as secret as the group: it is `Redacted` on its way out.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { encodeBase64url, parseBase64url } from "../base64url.ts";
import { concatBytes, isEqualBytes } from "../bytes.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import { DEVICE_ID_BYTES, encodeRelayAddress, parseRelayAddress, type DeviceId, type RelayAddress } from "../ids.ts";
import { assertInvariant } from "../invariant.ts";
import { CURSOR_MAX, TEXT_BYTES_MAX } from "../limits.ts";
import { Redacted } from "../redacted.ts";
import { fail, ok, type Result } from "../result.ts";
import { encodeText } from "../text.ts";
import { checkGrammar } from "../wire/grammar.ts";
import { createDecoder, createEncoder } from "../wire/msgpack.ts";
import { isParameters, SALT_BYTES, type Argon2Parameters } from "./argon2-parameters.ts";
import type { InviteError } from "./invite-error.ts";
import { parseLegacyInvite, type LegacyInvite } from "./legacy-invite.ts";

export interface Invite {
  readonly version: 4;
  /** In order of preference: one to `INVITE_RELAYS_MAX`. */
  readonly relays: readonly RelayAddress[];
  /** The group's, 32 bytes. */
  readonly secret: Redacted<Uint8Array>;
  /** With these and the passphrase, a device without an invite finds the same secret. */
  readonly salt: Uint8Array;
  readonly parameters: Argon2Parameters;
  /** Wall clock, seconds: from then on it is refused. */
  readonly expiresAtS: number;
  /** The device that made it. A hint: everybody who has the secret can write any. */
  readonly creator: DeviceId;
}

export const INVITE_TTL_S = 600;
export const INVITE_RELAYS_MAX = 8;
/** What a QR code still holds, and what is looked at before anything is decoded. */
export const INVITE_TEXT_LENGTH_MAX = 4096;

const PREFIX = "0k4:";
const ANY_PREFIX = /^0k([0-9]{1,9}):/;
const CHECKSUM_BYTES = 4;
const CHECKSUM_LABEL = encodeText("0k-sync invite 4");
const FIELDS = 8;

export function encodeInvite(invite: Invite): Redacted<string> {
  const { relays, secret, salt, parameters, expiresAtS, creator } = invite;
  assertInvariant(relays.length >= 1 && relays.length <= INVITE_RELAYS_MAX, "an invite has one to eight relays");
  assertInvariant(secret.expose().length === KEY_BYTES, "a group secret has 32 bytes");
  assertInvariant(salt.length === SALT_BYTES, "a salt has 16 bytes");
  assertInvariant(isParameters(parameters), "Argon2 parameters within their bounds");
  assertInvariant(Number.isSafeInteger(expiresAtS) && expiresAtS >= 0, "an expiry in whole seconds");
  assertInvariant(creator.length === DEVICE_ID_BYTES, "a device id has 32 bytes");
  const { memoryKiB, passes, lanes } = parameters;
  const addresses = relays.map(encodeRelayAddress);
  const body = createEncoder(512).encode([
    secret.expose(),
    salt,
    memoryKiB,
    passes,
    lanes,
    expiresAtS,
    creator,
    addresses,
  ]);
  assertInvariant(checkGrammar(body) === undefined, "an invite in canonical bytes");
  const text = PREFIX + encodeBase64url(concatBytes(body, checksumOf(body)));
  assertInvariant(text.length <= INVITE_TEXT_LENGTH_MAX, "the longest invite has 4096 characters");
  return new Redacted(text);
}

/** Any invite of any version, with white space around it. `wallMs`: the wall clock, for its expiry. */
export function parseInvite(text: string, wallMs: number): Result<Invite | LegacyInvite, InviteError> {
  const trimmed = text.length > 2 * INVITE_TEXT_LENGTH_MAX ? text : text.trim();
  if (trimmed.length > INVITE_TEXT_LENGTH_MAX) {
    return fail({ type: "TooLong", length: trimmed.length, lengthMax: INVITE_TEXT_LENGTH_MAX });
  }
  const prefix = ANY_PREFIX.exec(trimmed);
  const parsed =
    prefix === null
      ? parseLegacyInvite(trimmed)
      : prefix[0] === PREFIX
        ? parseBody(trimmed.slice(PREFIX.length))
        : fail({ type: "UnknownVersion" as const, version: Number(prefix[1]) });
  if (!parsed.ok) return parsed;
  const { expiresAtS } = parsed.value;
  const nowS = Math.floor(wallMs / 1000);
  return nowS >= expiresAtS ? fail({ type: "Expired", expiresAtS, nowS }) : parsed;
}

function parseBody(text: string): Result<Invite, InviteError> {
  const bytes = parseBase64url(text);
  if (bytes === undefined || bytes.length <= CHECKSUM_BYTES) return fail({ type: "Damaged" });
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  if (!isEqualBytes(bytes.subarray(-CHECKSUM_BYTES), checksumOf(body))) return fail({ type: "Damaged" });
  if (checkGrammar(body) !== undefined) return badField("body");
  // Whatever passed the grammar check decodes.
  const fields = createDecoder().decode(body);
  if (!Array.isArray(fields) || fields.length !== FIELDS) return badField("body");
  return parseFields(fields);
}

function parseFields(fields: readonly unknown[]): Result<Invite, InviteError> {
  const [secret, salt, memoryKiB, passes, lanes, expiresAtS, creator, addresses] = fields;
  if (!isBytes(secret, KEY_BYTES)) return badField("secret");
  if (!isBytes(salt, SALT_BYTES)) return badField("salt");
  const parameters = { memoryKiB, passes, lanes };
  if (!isParameters(parameters)) return badField("parameters");
  if (typeof expiresAtS !== "number" || expiresAtS > CURSOR_MAX) return badField("expiry");
  if (!isBytes(creator, DEVICE_ID_BYTES)) return badField("creator");
  const relays = parseRelays(addresses);
  if (relays === undefined) return badField("relays");
  return ok({
    version: 4,
    relays,
    secret: new Redacted(secret.slice()),
    salt: salt.slice(),
    parameters,
    expiresAtS,
    creator: creator.slice(),
  });
}

function parseRelays(addresses: unknown): readonly RelayAddress[] | undefined {
  if (!Array.isArray(addresses) || addresses.length < 1 || addresses.length > INVITE_RELAYS_MAX) return undefined;
  const relays: RelayAddress[] = [];
  for (const text of addresses as readonly unknown[]) {
    if (typeof text !== "string" || text.length > TEXT_BYTES_MAX) return undefined;
    const address = parseRelayAddress(text);
    // One address has one text.
    if (address === undefined || encodeRelayAddress(address) !== text) return undefined;
    relays.push(address);
  }
  return relays;
}

function checksumOf(body: Uint8Array): Uint8Array {
  return sha256(concatBytes(CHECKSUM_LABEL, body)).subarray(0, CHECKSUM_BYTES);
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

function badField(field: string): { readonly ok: false; readonly error: InviteError } {
  return fail({ type: "BadField", field });
}
