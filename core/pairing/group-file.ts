/**
 * `group.json`: what a device keeps of its group. Ours has upstream's keys and adds the name, the Argon2 parameters and
 * relay addresses that we can dial; upstream's own files, the old keys `relay_address` and `cursor` included, are read.
 * The harness reads and writes the file; the secret is in it, in hex, so it is written with mode 0600.
 */
import { encodeBase64url } from "../base64url.ts";
import { encodeHex } from "../bytes.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import { encodeRelayAddress, GROUP_ID_BYTES, parseRelayAddress, type GroupId, type RelayAddress } from "../ids.ts";
import { assertInvariant } from "../invariant.ts";
import { Redacted } from "../redacted.ts";
import { ok, type Result } from "../result.ts";
import { parseIdText } from "../wire/v1/ids.ts";
import { isParameters, SALT_BYTES_MAX, SALT_BYTES_MIN, type Argon2Parameters } from "./argon2-parameters.ts";
import {
  bad,
  isMoment,
  isShortText,
  isWhole,
  missing,
  parseHexOf,
  parseJsonObject,
  valueOf,
  type FileError,
  type JsonObject,
  type Moment,
} from "./json-file.ts";

export interface GroupFile {
  /** As the file says; who needs it derives it from the secret. Upstream's files hold the id of version 1. */
  readonly claimedGroupId: GroupId | null;
  readonly name: string | null;
  /** In order of preference. */
  readonly relays: readonly RelayAddress[];
  /** Relays of an upstream file, as it names them: they cannot be dialled from here. */
  readonly undiallable: readonly string[];
  readonly joinedAt: Moment | null;
  /** 32 bytes. */
  readonly secret: Redacted<Uint8Array>;
  readonly salt: Uint8Array | null;
  /** `null` in upstream's files, whose parameters depend on the machine (`UPSTREAM_TIERS`). */
  readonly parameters: Argon2Parameters | null;
  /** Upstream's, by relay as the file names it. Ours are kept with the inbox, never here. */
  readonly cursors: ReadonlyMap<string, number>;
}

const RELAYS_MAX = 64;
const CURSORS_MAX = 64;

export function parseGroupFile(text: string): Result<GroupFile, FileError> {
  const json = parseJsonObject(text);
  return json.ok ? parseKeys(json.value) : json;
}

/** Ends with a line feed. As secret as the group. */
export function renderGroupFile(file: GroupFile): Redacted<string> {
  assertInvariant(file.secret.expose().length === KEY_BYTES, "a group secret has 32 bytes");
  const { claimedGroupId, parameters } = file;
  const json = {
    ...(claimedGroupId !== null && { group_id: encodeBase64url(claimedGroupId) }),
    ...(file.name !== null && { name: file.name }),
    relay_addresses: [...file.relays.map(encodeRelayAddress), ...file.undiallable],
    ...(file.joinedAt !== null && { joined_at: file.joinedAt }),
    cursors: Object.fromEntries(file.cursors),
    group_secret_hex: encodeHex(file.secret.expose()),
    ...(file.salt !== null && { salt_hex: encodeHex(file.salt) }),
    ...(parameters !== null && {
      argon2: { memory_kib: parameters.memoryKiB, passes: parameters.passes, lanes: parameters.lanes },
    }),
  };
  return new Redacted(`${JSON.stringify(json, undefined, 2)}\n`);
}

function parseKeys(json: JsonObject): Result<GroupFile, FileError> {
  const secretText = valueOf(json, "group_secret_hex");
  if (secretText === undefined) return missing("group_secret_hex");
  const secret = parseHexOf(secretText, KEY_BYTES, KEY_BYTES);
  if (secret === undefined) return bad("group_secret_hex", "64 hex digits");

  const idText = valueOf(json, "group_id");
  const claimedGroupId = typeof idText === "string" ? parseIdText(idText) : undefined;
  if (idText !== undefined && claimedGroupId === undefined) {
    return bad("group_id", `the base64url text of ${GROUP_ID_BYTES} bytes, 43 characters`);
  }

  const name = valueOf(json, "name");
  if (name !== undefined && !isShortText(name)) return bad("name", "a text of 1 to 256 characters");
  const joinedAt = valueOf(json, "joined_at");
  if (joinedAt !== undefined && !isMoment(joinedAt)) return bad("joined_at", "a time as a text or in whole seconds");

  const addresses = parseAddresses(json);
  if (!addresses.ok) return addresses;
  const cursors = parseCursors(json, addresses.value);
  if (!cursors.ok) return cursors;

  const saltText = valueOf(json, "salt_hex");
  const salt = saltText === undefined ? null : parseHexOf(saltText, SALT_BYTES_MIN, SALT_BYTES_MAX);
  if (salt === undefined) return bad("salt_hex", `hex of ${SALT_BYTES_MIN} to ${SALT_BYTES_MAX} bytes`);
  const parameters = parseParameters(valueOf(json, "argon2"));
  if (parameters === undefined) {
    return bad("argon2", '{"memory_kib": 19456 to 1048576, "passes": 1 to 16, "lanes": 1 to 16}');
  }

  const relays: RelayAddress[] = [];
  const undiallable: string[] = [];
  for (const address of addresses.value) {
    const relay = parseRelayAddress(address);
    if (relay === undefined) undiallable.push(address);
    else relays.push(relay);
  }
  return ok({
    claimedGroupId: claimedGroupId ?? null,
    name: name ?? null,
    relays,
    undiallable,
    joinedAt: joinedAt ?? null,
    secret: new Redacted(secret),
    salt,
    parameters,
    cursors: cursors.value,
  });
}

/** The old key names the first relay. None at all is a file that names its relays elsewhere. */
function parseAddresses(json: JsonObject): Result<readonly string[], FileError> {
  const list = valueOf(json, "relay_addresses") ?? [];
  if (!Array.isArray(list) || list.length > RELAYS_MAX || !list.every(isShortText)) {
    return bad("relay_addresses", `a list of at most ${RELAYS_MAX} addresses`);
  }
  const first = valueOf(json, "relay_address");
  if (first !== undefined && !isShortText(first)) return bad("relay_address", "an address");
  return ok([...new Set(first === undefined ? list : [first, ...list])]);
}

/** The old key is the cursor at the first relay. */
function parseCursors(json: JsonObject, addresses: readonly string[]): Result<ReadonlyMap<string, number>, FileError> {
  const expected = "whole numbers up to 2^53 − 1 by relay address";
  const object = valueOf(json, "cursors") ?? {};
  if (typeof object !== "object" || Array.isArray(object)) return bad("cursors", expected);
  const entries = Object.entries(object);
  if (entries.length > CURSORS_MAX) return bad("cursors", expected);
  const cursors = new Map<string, number>();
  for (const [address, cursor] of entries) {
    if (!isShortText(address) || !isWhole(cursor)) return bad("cursors", expected);
    cursors.set(address, cursor);
  }
  const old = valueOf(json, "cursor");
  if (old === undefined) return ok(cursors);
  if (!isWhole(old)) return bad("cursor", "a whole number up to 2^53 − 1");
  const first = addresses[0];
  if (first !== undefined && !cursors.has(first)) cursors.set(first, old);
  return ok(cursors);
}

function parseParameters(value: unknown): Argon2Parameters | null | undefined {
  if (value === undefined) return null;
  if (typeof value !== "object" || value === null) return undefined;
  const json = value as JsonObject;
  const parameters = { memoryKiB: json["memory_kib"], passes: json["passes"], lanes: json["lanes"] };
  return isParameters(parameters) ? parameters : undefined;
}
