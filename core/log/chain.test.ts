import { describe, expect, it } from "vitest";
import { concatBytes, encodeHex } from "../bytes.ts";
import { portableSuite as suite } from "../crypto/portable.ts";
import { GENESIS } from "../ids.ts";
import { ChainHasher } from "./chain.ts";

const BLOB = new Uint8Array(16).fill(7);
const PAYLOAD_HASH = suite.hash(Uint8Array.of(1, 2, 3));

describe("the chain", () => {
  it("is the hash of previous chain, cursor, blob id and payload hash, joined", () => {
    const hasher = new ChainHasher(suite);
    const cursor = 0x1_0203_0405;
    const joined = concatBytes(GENESIS, Uint8Array.of(0, 0, 0, 1, 2, 3, 4, 5), BLOB, PAYLOAD_HASH);
    expect(encodeHex(hasher.next(GENESIS, cursor, BLOB, PAYLOAD_HASH))).toBe(encodeHex(suite.hash(joined)));
  });

  it("is another one for another predecessor, cursor, blob or payload", () => {
    const hasher = new ChainHasher(suite);
    const chains = [
      hasher.next(GENESIS, 1, BLOB, PAYLOAD_HASH),
      hasher.next(new Uint8Array(32).fill(1), 1, BLOB, PAYLOAD_HASH),
      hasher.next(GENESIS, 2, BLOB, PAYLOAD_HASH),
      hasher.next(GENESIS, 1 + 2 ** 32, BLOB, PAYLOAD_HASH),
      hasher.next(GENESIS, 1, new Uint8Array(16).fill(8), PAYLOAD_HASH),
      hasher.next(GENESIS, 1, BLOB, suite.hash(Uint8Array.of(1, 2, 4))),
    ];
    expect(new Set(chains.map(encodeHex)).size).toBe(chains.length);
  });

  it("leaves nothing of one call to the next, and what it gave stays as it was", () => {
    const used = new ChainHasher(suite);
    const first = used.next(new Uint8Array(32).fill(9), 2 ** 52, new Uint8Array(16).fill(9), GENESIS);
    const copy = encodeHex(first);
    const second = used.next(GENESIS, 1, BLOB, PAYLOAD_HASH);
    expect(encodeHex(second)).toBe(encodeHex(new ChainHasher(suite).next(GENESIS, 1, BLOB, PAYLOAD_HASH)));
    expect(encodeHex(first)).toBe(copy);
  });
});
