/**
 * Keys as the host's library wants them. Making a `KeyObject` costs up to twice the operation it is for, so each one is
 * kept beside the array that it was made from: for as long as that array lives, and no longer (a weak map bounds
 * itself, and no secret becomes a string that outlives its owner). An array that was overwritten since is noticed.
 *
 * Raw keys go in as JWK: DER, the other way in, is parsed eight times as slowly.
 */
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { isEqualBytes } from "../../core/bytes.ts";

export type Curve = "X25519" | "Ed25519";

interface Kept {
  readonly bytes: Uint8Array;
  readonly key: KeyObject;
}

export class KeyObjects {
  readonly #make: (bytes: Uint8Array) => KeyObject;
  readonly #kept = new WeakMap<Uint8Array, Kept>();

  constructor(make: (bytes: Uint8Array) => KeyObject) {
    this.#make = make;
  }

  of(bytes: Uint8Array): KeyObject {
    const kept = this.#kept.get(bytes);
    if (kept !== undefined && isEqualBytes(kept.bytes, bytes)) return kept.key;
    const key = this.#make(bytes);
    this.#kept.set(bytes, { bytes: bytes.slice(), key });
    return key;
  }
}

export function importPrivateKey(crv: Curve, bytes: Uint8Array): KeyObject {
  // The format wants the public half too; it is computed from `d`, and `x` is not read.
  return createPrivateKey({ format: "jwk", key: { kty: "OKP", crv, d: base64(bytes), x: "" } });
}

export function importPublicKey(crv: Curve, bytes: Uint8Array): KeyObject {
  return createPublicKey({ format: "jwk", key: { kty: "OKP", crv, x: base64(bytes) } });
}

/** The 32 bytes of the public half. */
export function exportPublicKey(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  return Uint8Array.from(Buffer.from(x!, "base64url"));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
}
