/** The host's randomness as machines want it: drawn in blocks, because a call for 24 bytes costs as much as one for 4096. */
import { randomFillSync } from "node:crypto";
import { assertInvariant } from "../../core/invariant.ts";
import type { Entropy } from "../../core/machine.ts";

const POOL_BYTES = 4096;
/** Longer draws bypass the pool. */
const POOLED_BYTES_MAX = 256;
const RANGE = 2 ** 32;

export function createEntropy(fillRandom: (out: Uint8Array) => void = (out) => void randomFillSync(out)): Entropy {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;

  function fill(out: Uint8Array): void {
    if (out.length > POOLED_BYTES_MAX) return fillRandom(out);
    if (used + out.length > POOL_BYTES) {
      fillRandom(pool);
      used = 0;
    }
    const drawn = pool.subarray(used, used + out.length);
    out.set(drawn);
    // What was handed out may be a key: it does not stay here.
    drawn.fill(0);
    used += out.length;
  }

  const word = new Uint8Array(4);
  const view = new DataView(word.buffer);
  return {
    fill: (_label, out) => fill(out),
    below(_label, bound) {
      assertInvariant(Number.isSafeInteger(bound) && bound >= 1 && bound <= RANGE, "below: bound from 1 to 2^32");
      // The last, incomplete run of `bound` numbers would make the small ones likelier.
      const fair = RANGE - (RANGE % bound);
      for (;;) {
        fill(word);
        const drawn = view.getUint32(0);
        if (drawn < fair) return drawn % bound;
      }
    },
  };
}
