/**
 * Proof of membership: the signature in Hello, made with the group's Ed25519 key over `"0k-sync/2 hello"` ‖ handshake
 * hash ‖ canonical bytes of Hello's other fields. The handshake hash binds it to one connection, so that a Hello that
 * was overheard opens nothing elsewhere. Elements that a later minor appends to Hello are not under this signature.
 * The client signs, the relay checks.
 */
import { concatBytes } from "../bytes.ts";
import { HASH_BYTES, type CryptoSuite } from "../crypto/suite.ts";
import { assertInvariant } from "../invariant.ts";
import type { Redacted } from "../redacted.ts";
import { encodeText } from "../text.ts";
import type { Hello } from "./messages.ts";
import { createEncoder } from "./msgpack.ts";
import { TAGS } from "./tags.ts";

const LABEL = encodeText("0k-sync/2 hello");

/** Overwritten by every Hello. */
const ENCODER = createEncoder(256);

/** The bytes under the signature. Label and handshake hash have fixed lengths, so no two Hellos share them. */
export function encodeHelloToSign(hello: Omit<Hello, "signature">, handshakeHash: Uint8Array): Uint8Array {
  assertInvariant(handshakeHash.length === HASH_BYTES, "a handshake hash has 32 bytes");
  const fields = ENCODER.encodeSharedRef([
    TAGS.Hello,
    hello.versions,
    hello.groupKey,
    hello.epoch,
    hello.contiguous.cursor,
    hello.contiguous.chain,
    hello.highest.cursor,
    hello.highest.chain,
  ]);
  return concatBytes(LABEL, handshakeHash, fields);
}

/** `groupSigningSeed` belongs to `fields.groupKey` (`deriveGroupKeys` gives both). */
export function signHello(
  suite: CryptoSuite,
  groupSigningSeed: Redacted<Uint8Array>,
  fields: Omit<Hello, "signature">,
  handshakeHash: Uint8Array,
): Hello {
  const signature = suite.sign(groupSigningSeed.expose(), encodeHelloToSign(fields, handshakeHash));
  return { ...fields, signature };
}

export function isHelloSigned(suite: CryptoSuite, hello: Hello, handshakeHash: Uint8Array): boolean {
  return suite.verify(hello.groupKey, encodeHelloToSign(hello, handshakeHash), hello.signature);
}
