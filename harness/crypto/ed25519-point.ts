/**
 * Whether 32 bytes can be a public key under strict verification: y below the field's prime, and no point of small
 * order, for which anybody can sign. The host's library checks neither.
 */

/** 2^255 − 19, little-endian. */
const PRIME = Uint8Array.from([0xed, ...Array.from({ length: 30 }, () => 0xff), 0x7f]);

/** The y of all points whose order divides 8, little-endian: 0, 1, −1 and the two of order 8. Either sign of x. */
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
].map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));

export function isStrictPublicKey(bytes: Uint8Array): boolean {
  return isBelowPrime(bytes) && !SMALL_ORDER.some((y) => hasY(bytes, y));
}

function isBelowPrime(bytes: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const digit = i === 31 ? bytes[i]! & 0x7f : bytes[i]!;
    if (digit !== PRIME[i]!) return digit < PRIME[i]!;
  }
  return false;
}

function hasY(bytes: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (bytes[i] !== y[i]) return false;
  return (bytes[31]! & 0x7f) === y[31];
}
