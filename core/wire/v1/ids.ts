/**
 * Upstream's ids in print, and the GroupId of version 1. Device, group and relay node ids are 32 bytes, printed as 43
 * characters of base64url; a blob id is 16 bytes, printed as a UUID. The GroupId of version 1 is another one than ours
 * of the same secret: knowing it was all that upstream's relays ask for.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { encodeBase64url, parseBase64url } from "../../base64url.ts";
import { concatBytes, encodeHex, parseHex } from "../../bytes.ts";
import { BLOB_ID_BYTES } from "../../ids.ts";
import { assertInvariant } from "../../invariant.ts";
import type { Redacted } from "../../redacted.ts";
import { encodeText } from "../../text.ts";

const ID_BYTES = 32;
const SHORT_ID_LENGTH = 8;
const GROUP_LABEL = encodeText("0k-sync-group-id-v1");
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** SHA-256 of the label and the secret. Upstream takes secrets of any length here, not only of 32 bytes. */
export function groupIdV1Of(secret: Redacted<Uint8Array>): Uint8Array {
  return sha256(concatBytes(GROUP_LABEL, secret.expose()));
}

/** The text of a device, group or relay node id. */
export function encodeIdText(id: Uint8Array): string {
  assertInvariant(id.length === ID_BYTES, "an id of version 1 has 32 bytes");
  return encodeBase64url(id);
}

/** `undefined` unless it is the text of exactly 32 bytes. */
export function parseIdText(text: string): Uint8Array | undefined {
  const id = text.length === 43 ? parseBase64url(text) : undefined;
  return id?.length === ID_BYTES ? id : undefined;
}

/** The beginning of an id's text, for people; of a text that is shorter, all of it. */
export function shortIdText(text: string): string {
  return text.length <= SHORT_ID_LENGTH ? text : `${text.slice(0, SHORT_ID_LENGTH)}…`;
}

/** 8-4-4-4-12, lower case. Any 16 bytes are an id: the version bits of a UUID mean nothing here. */
export function encodeBlobIdText(blobId: Uint8Array): string {
  assertInvariant(blobId.length === BLOB_ID_BYTES, "a blob id has 16 bytes");
  const hex = encodeHex(blobId);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The 36 characters, in either case; `undefined` otherwise. */
export function parseBlobIdText(text: string): Uint8Array | undefined {
  return UUID.test(text) ? parseHex(text.replaceAll("-", "")) : undefined;
}
