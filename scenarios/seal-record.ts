/** What a host seals, as a `seal` record has it: a number that names the key, and the nonce as a number or in hex. */
import { encodeHex, readU32 } from "../core/bytes.ts";
import type { SealRecord } from "./history.ts";

const COUNTER_NONCE_BYTES = 12;

/** A nonce that counts: a message of the transport. The others are random, of a blob. */
export function isTransportNonce(nonce: Uint8Array): boolean {
  return nonce.length === COUNTER_NONCE_BYTES;
}

/** A message of the transport that is really sent: handshakes have associated data, and a rekey is never sent. */
export function isTransportSeal(nonce: Uint8Array, ad: Uint8Array): boolean {
  return isTransportNonce(nonce) && ad.length === 0 && !isRekey(nonce);
}

/** `undefined` for what is never sent: Noise's last counter makes the next key, on both ends alike. */
export function sealRecord(at: number, host: string, key: Uint8Array, nonce: Uint8Array): SealRecord | undefined {
  const isCounter = isTransportNonce(nonce);
  if (isCounter && isRekey(nonce)) return undefined;
  return { type: "seal", at, host, key: nameKey(key), nonce: isCounter ? counterOf(nonce) : encodeHex(nonce) };
}

/** 53 bits of a hash: enough that two keys of a run do not share a name, and no way back to the key. */
function nameKey(key: Uint8Array): number {
  let a = 0x9e3779b9;
  let b = 0x7f4a7c15;
  for (let at = 0; at + 4 <= key.length; at += 4) {
    const word = readU32(key, at);
    a = Math.imul(a ^ word, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ word ^ a, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  return (a >>> 11) * 0x1_0000_0000 + (b >>> 0);
}

/** Noise's last counter makes the next key on both ends alike; what it seals is never sent. */
function isRekey(nonce: Uint8Array): boolean {
  for (let i = 4; i < COUNTER_NONCE_BYTES; i++) if (nonce[i] !== 0xff) return false;
  return true;
}

/** Noise's nonce: four zero bytes and a little-endian counter. */
function counterOf(nonce: Uint8Array): number {
  let low = 0;
  let high = 0;
  for (let i = 3; i >= 0; i--) {
    low = low * 256 + nonce[4 + i]!;
    high = high * 256 + nonce[8 + i]!;
  }
  return high * 0x1_0000_0000 + low;
}
