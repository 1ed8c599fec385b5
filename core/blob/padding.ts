/**
 * Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", 2019): a
 * length is rounded up until its binary form has few significant bits. An observer learns O(log log n) bits of a length
 * and the padding costs at most 12 %. Below `PADDED_BYTES_MIN` all lengths look alike. Whole numbers only, so that
 * every device pads alike. Called by `seal.ts`, which keeps the true length inside the plaintext.
 */
import { assertInvariant } from "../invariant.ts";
import { PADDED_BYTES_MIN } from "../limits.ts";

/** The bit operations below are on 32-bit numbers; far above every payload. */
const LENGTH_MAX = 2 ** 30;

assertInvariant(granuleOf(PADDED_BYTES_MIN) <= PADDED_BYTES_MIN, "the smallest padded length is padded itself");
assertInvariant(PADDED_BYTES_MIN % granuleOf(PADDED_BYTES_MIN) === 0, "padding what is padded changes nothing");

/** The length after padding: at least `length`, at least `PADDED_BYTES_MIN`, a fixed point of itself. */
export function paddedLength(length: number): number {
  assertInvariant(Number.isInteger(length) && length >= 0 && length <= LENGTH_MAX, "a length to pad");
  if (length <= PADDED_BYTES_MIN) return PADDED_BYTES_MIN;
  const granule = granuleOf(length);
  return (length + granule - 1) & -granule;
}

/** The longest padded length within `length`, which is at least `PADDED_BYTES_MIN`. */
export function paddedLengthWithin(length: number): number {
  assertInvariant(Number.isInteger(length) && length >= PADDED_BYTES_MIN && length <= LENGTH_MAX, "a length to fill");
  const granule = granuleOf(length);
  return length & -granule;
}

/** A power of two; lengths of as many bits as this one are multiples of it: E bits after the first, of which log2 E + 1 stay free. */
function granuleOf(length: number): number {
  const exponent = 31 - Math.clz32(length);
  const kept = 32 - Math.clz32(exponent);
  return 1 << (exponent - kept);
}
