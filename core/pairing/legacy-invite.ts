/**
 * Upstream's invites, versions 2 (one relay) and 3 (several): base64url of a JSON text whose byte strings are arrays of
 * numbers. Written with the same bytes as upstream writes them. Read so that its secret can be used: its relays are iroh
 * keys, which we cannot dial, so whoever joins names a relay of ours.
 *
 * Read as upstream reads it (either spelling of the relays' key, one id or a list, unknown keys ignored, no salt), but
 * what upstream takes on trust is checked here: the group id belongs to the secret, and the salt is none or long enough
 * for Argon2. A key that is given twice is not noticed: the last one counts.
 */
import { encodeBase64url, parseBase64url } from "../base64url.ts";
import { EMPTY, encodeHex, isEqualBytes } from "../bytes.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import type { RelayAddress } from "../ids.ts";
import { assertInvariant } from "../invariant.ts";
import { Redacted } from "../redacted.ts";
import { fail, ok, type Result } from "../result.ts";
import { encodeText, parseText } from "../text.ts";
import { groupIdV1Of } from "../wire/v1/ids.ts";
import { SALT_BYTES_MAX, SALT_BYTES_MIN } from "./argon2-parameters.ts";
import type { InviteError } from "./invite-error.ts";

export interface LegacyInvite {
  readonly version: 2 | 3;
  /** None: upstream's relays cannot be dialled from here. */
  readonly relays: readonly RelayAddress[];
  /** What it names instead: iroh endpoint ids in hex, in order of preference. */
  readonly undiallable: readonly string[];
  readonly secret: Redacted<Uint8Array>;
  /** Empty when it carries none. */
  readonly salt: Uint8Array;
  /** Wall clock, seconds. */
  readonly createdAtS: number;
  readonly expiresAtS: number;
}

export interface LegacyInviteOptions {
  readonly version: 2 | 3;
  /** 32 bytes each; exactly one in version 2. */
  readonly relayNodeIds: readonly Uint8Array[];
  readonly secret: Redacted<Uint8Array>;
  readonly salt: Uint8Array;
  readonly createdAtS: number;
  readonly expiresAtS: number;
}

const NODE_ID_BYTES = 32;
/** More do not fit into the longest text of an invite. */
const NODE_IDS_MAX = 64;

type Json = Readonly<Record<string, unknown>>;

/** In the order in which upstream writes the keys. */
export function encodeLegacyInvite(options: LegacyInviteOptions): Redacted<string> {
  const { version, relayNodeIds, secret, salt, createdAtS, expiresAtS } = options;
  assertInvariant(relayNodeIds.length > 0 && (version === 3 || relayNodeIds.length === 1), "relays of this version");
  assertInvariant(secret.expose().length === KEY_BYTES, "a group secret has 32 bytes");
  const json = JSON.stringify({
    version,
    relay_node_ids: relayNodeIds.map((id) => [...id]),
    group_id: [...groupIdV1Of(secret)],
    group_secret: [...secret.expose()],
    salt: [...salt],
    created_at: createdAtS,
    expires_at: expiresAtS,
  });
  return new Redacted(encodeBase64url(encodeText(json)));
}

/** `text` is bounded and trimmed; its expiry is the caller's to look at. */
export function parseLegacyInvite(text: string): Result<LegacyInvite, InviteError> {
  const json = parseJson(text);
  if (json === undefined) return fail({ type: "NotAnInvite" });
  const { version } = json;
  if (!isWhole(version)) return fail({ type: "NotAnInvite" });
  if (version !== 2 && version !== 3) return fail({ type: "UnknownVersion", version });
  const relayNodeIds = parseRelayNodeIds(json);
  if (relayNodeIds === undefined) return badField("relay_node_ids");
  const secret = parseNumbers(json["group_secret"], KEY_BYTES, KEY_BYTES);
  if (secret === undefined) return badField("group_secret");
  const groupId = parseNumbers(json["group_id"], NODE_ID_BYTES, NODE_ID_BYTES);
  const hidden = new Redacted(secret);
  if (groupId === undefined || !isEqualBytes(groupId, groupIdV1Of(hidden))) return badField("group_id");
  const salt = parseSalt(json["salt"]);
  if (salt === undefined) return badField("salt");
  const createdAtS = json["created_at"];
  const expiresAtS = json["expires_at"];
  if (!isWhole(createdAtS)) return badField("created_at");
  if (!isWhole(expiresAtS)) return badField("expires_at");
  const undiallable = relayNodeIds.map(encodeHex);
  return ok({ version, relays: [], undiallable, secret: hidden, salt, createdAtS, expiresAtS });
}

function parseJson(text: string): Json | undefined {
  const bytes = parseBase64url(text);
  const json = bytes === undefined ? undefined : parseText(bytes);
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function parseRelayNodeIds(json: Json): readonly Uint8Array[] | undefined {
  const isPlural = Object.hasOwn(json, "relay_node_ids");
  if (isPlural === Object.hasOwn(json, "relay_node_id")) return undefined;
  const value = json[isPlural ? "relay_node_ids" : "relay_node_id"];
  if (!Array.isArray(value) || value.length === 0 || value.length > NODE_IDS_MAX) return undefined;
  const rows: readonly unknown[] = typeof value[0] === "number" ? [value] : value;
  const ids: Uint8Array[] = [];
  for (const row of rows) {
    const id = parseNumbers(row, NODE_ID_BYTES, NODE_ID_BYTES);
    if (id === undefined) return undefined;
    ids.push(id);
  }
  return ids;
}

function parseSalt(value: unknown): Uint8Array | undefined {
  if (value === undefined) return EMPTY;
  const salt = parseNumbers(value, 0, SALT_BYTES_MAX);
  return salt !== undefined && (salt.length === 0 || salt.length >= SALT_BYTES_MIN) ? salt : undefined;
}

function parseNumbers(value: unknown, lengthMin: number, lengthMax: number): Uint8Array | undefined {
  if (!Array.isArray(value) || value.length < lengthMin || value.length > lengthMax) return undefined;
  for (const number of value) if (!isWhole(number) || number > 0xff) return undefined;
  return Uint8Array.from(value as readonly number[]);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function badField(field: string): { readonly ok: false; readonly error: InviteError } {
  return fail({ type: "BadField", field });
}
