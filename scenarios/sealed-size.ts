/** How large a body is when it is sealed: what a quota and a page's budget count, and what goes over the wire. */
import { paddedLength } from "../core/blob/padding.ts";

/** Nonce and tag, and the fixed header of the plaintext. */
const SEALED_EXTRA_BYTES = 40;
const HEADER_BYTES = 77;

/** At least: a sender that gave up numbers tells of them in its next blob. */
export function sealedBytesMin(bodyBytes: number): number {
  return paddedLength(HEADER_BYTES + bodyBytes) + SEALED_EXTRA_BYTES;
}
