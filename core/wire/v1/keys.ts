/**
 * The keys of version 1, from a group's secret of 32 bytes, with upstream's labels. The secret itself is Argon2id over
 * the passphrase as it was typed (`parsePassphraseV1`, and `UPSTREAM_TIERS` in `core/pairing`), which is no matter of
 * this room: it takes seconds.
 */
import { concatBytes } from "../../bytes.ts";
import { KEY_BYTES, type CryptoSuite } from "../../crypto/suite.ts";
import { BLOB_ID_BYTES } from "../../ids.ts";
import { assertInvariant } from "../../invariant.ts";
import { Redacted } from "../../redacted.ts";
import { encodeText } from "../../text.ts";

export interface GroupKeysV1 {
  readonly encryption: Redacted<Uint8Array>;
  /** Derived by upstream and never used. */
  readonly authentication: Redacted<Uint8Array>;
}

const GROUP_SALT = encodeText("0k-sync-group-key-v1");
const ENCRYPTION = encodeText("encryption");
const AUTHENTICATION = encodeText("authentication");
const CONTENT_SALT = encodeText("0k-sync-content-v1");
const CONTENT = encodeText("content-encryption");

export function deriveGroupKeysV1(suite: CryptoSuite, secret: Redacted<Uint8Array>): GroupKeysV1 {
  return {
    encryption: derive(suite, secret, GROUP_SALT, ENCRYPTION),
    authentication: derive(suite, secret, GROUP_SALT, AUTHENTICATION),
  };
}

/**
 * The key of one content. Nothing separates the blob id from the label behind it, so it is the fixed length of the id
 * that keeps two contents from having one key: upstream takes any length, we do not.
 */
export function deriveContentKeyV1(
  suite: CryptoSuite,
  secret: Redacted<Uint8Array>,
  blobId: Uint8Array,
): Redacted<Uint8Array> {
  assertInvariant(blobId.length === BLOB_ID_BYTES, "a blob id has 16 bytes");
  return derive(suite, secret, CONTENT_SALT, concatBytes(blobId, CONTENT));
}

function derive(
  suite: CryptoSuite,
  secret: Redacted<Uint8Array>,
  salt: Uint8Array,
  info: Uint8Array,
): Redacted<Uint8Array> {
  const bytes = secret.expose();
  assertInvariant(bytes.length === KEY_BYTES, "a group secret has 32 bytes");
  return new Redacted(suite.hkdf(bytes, salt, info, KEY_BYTES));
}
