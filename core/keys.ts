/**
 * What a group's 32-byte secret gives: the key that seals payloads, the seed that signs Hello, and from it the public
 * key and the GroupId. All are functions of the secret alone, so every device with the secret has the same ones, and
 * the GroupId tells nothing of the secret. The client derives them when it is configured; the relay needs `groupIdOf`.
 */
import { concatBytes } from "./bytes.ts";
import { KEY_BYTES, type CryptoSuite } from "./crypto/suite.ts";
import type { GroupId } from "./ids.ts";
import { assertInvariant } from "./invariant.ts";
import { Redacted } from "./redacted.ts";
import { encodeText } from "./text.ts";

export interface GroupKeys {
  /** XChaCha20-Poly1305 key of the payloads, derived as upstream derives it. */
  readonly encryption: Redacted<Uint8Array>;
  /** Ed25519 seed that proves membership. */
  readonly signingSeed: Redacted<Uint8Array>;
  /** Ed25519 public key of `signingSeed`. */
  readonly groupKey: Uint8Array;
  readonly groupId: GroupId;
}

const SALT = encodeText("0k-sync-group-key-v1");
const ENCRYPTION = encodeText("encryption");
const SIGNING = encodeText("signing-v2");
const GROUP_LABEL = encodeText("0k-sync/2 group");

export function deriveGroupKeys(suite: CryptoSuite, secret: Redacted<Uint8Array>): GroupKeys {
  const bytes = secret.expose();
  assertInvariant(bytes.length === KEY_BYTES, "a group secret has 32 bytes");
  const seed = suite.hkdf(bytes, SALT, SIGNING, KEY_BYTES);
  const groupKey = suite.signPublicKey(seed);
  return {
    encryption: new Redacted(suite.hkdf(bytes, SALT, ENCRYPTION, KEY_BYTES)),
    signingSeed: new Redacted(seed),
    groupKey,
    groupId: groupIdOf(suite, groupKey),
  };
}

/** The id of the group whose members can sign for `groupKey`. */
export function groupIdOf(suite: CryptoSuite, groupKey: Uint8Array): GroupId {
  assertInvariant(groupKey.length === KEY_BYTES, "a group key has 32 bytes");
  return suite.hash(concatBytes(GROUP_LABEL, groupKey));
}
