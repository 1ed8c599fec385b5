import { describe, expect, it } from "vitest";
import { EMPTY, encodeHex } from "../bytes.ts";
import { portableSuite as suite } from "../crypto/portable.ts";
import { InvariantViolation } from "../invariant.ts";
import { CipherState } from "./cipher-state.ts";

const KEY = new Uint8Array(32).fill(9);
const AD = Uint8Array.of(1, 2, 3);
const PLAINTEXT = new Uint8Array(40).fill(5);

function direct(key: Uint8Array, nonce: readonly number[], ad = AD, plaintext = PLAINTEXT): Uint8Array {
  const out = new Uint8Array(plaintext.length + 16);
  suite.aeadSeal(key, Uint8Array.from(nonce), ad, plaintext, out);
  return out;
}
function encrypt(state: CipherState, plaintext = PLAINTEXT): Uint8Array {
  const out = new Uint8Array(plaintext.length + 16);
  state.encrypt(AD, plaintext, out);
  return out;
}
function decrypt(state: CipherState, sealed: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(sealed.length - 16);
  return state.decrypt(AD, sealed, out) ? out : undefined;
}

describe("CipherState", () => {
  it("counts in the last eight bytes of the nonce, little-endian", () => {
    const state = new CipherState(suite, KEY);
    expect(encrypt(state)).toEqual(direct(KEY, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    expect(encrypt(state)).toEqual(direct(KEY, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]));
    expect(state.counter).toBe(2);
    const late = new CipherState(suite, KEY, 0x0102_ffff_ffff);
    expect(encrypt(late)).toEqual(direct(KEY, [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 2, 1, 0, 0]));
    expect(encrypt(late)).toEqual(direct(KEY, [0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0]));
  });

  it("opens in order only, and a refused message moves nothing", () => {
    const alice = new CipherState(suite, KEY);
    const bob = new CipherState(suite, KEY);
    const [first, second] = [encrypt(alice), encrypt(alice)];
    expect(decrypt(bob, second)).toBeUndefined();
    expect(bob.counter).toBe(0);
    expect(decrypt(bob, first)).toEqual(PLAINTEXT);
    expect(decrypt(bob, first)).toBeUndefined();
    expect(decrypt(bob, second)).toEqual(PLAINTEXT);
    expect(bob.counter).toBe(2);
  });

  it("rekeys as Noise says: another key array, the old one untouched, the counter going on", () => {
    const key = KEY.slice();
    const state = new CipherState(suite, key);
    encrypt(state);
    state.rekey();
    expect(key).toEqual(KEY);
    expect(state.counter).toBe(1);
    const maximum = [0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255];
    const next = direct(KEY, maximum, EMPTY, new Uint8Array(32)).subarray(0, 32);
    expect(encodeHex(encrypt(state))).toBe(encodeHex(direct(next, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])));
  });

  it("refuses to run out of counters, and keys of another length", () => {
    expect(() => encrypt(new CipherState(suite, KEY, 2 ** 48))).toThrow(InvariantViolation);
    expect(() => new CipherState(suite, KEY, -1)).toThrow(InvariantViolation);
    expect(() => new CipherState(suite, KEY.subarray(1))).toThrow(InvariantViolation);
  });
});
