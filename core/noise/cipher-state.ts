/**
 * One direction's key and message counter (Noise, section 5.1). Both the handshake and the channel seal and open with
 * it. It holds: a nonce is used once with a key, because the counter only grows, and a message that was refused moves
 * nothing. The key array is never written to: `rekey` takes a new one, since a suite may remember what it prepared
 * for a key by the array's identity.
 */
import { EMPTY } from "../bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { KEY_BYTES, TAG_BYTES } from "../crypto/suite.ts";
import { assertInvariant } from "../invariant.ts";

const NONCE_BYTES = 12;
/** Noise allows 2^64 − 1 messages; a number counts exactly to 2^53, and nobody gets anywhere near this. */
const COUNTER_MAX = 2 ** 48;
/** The nonce that Noise keeps for rekeying: the counter that no message has. */
const REKEY_NONCE = new Uint8Array(NONCE_BYTES).fill(0xff, 4);
const REKEY_PLAINTEXT = new Uint8Array(KEY_BYTES);

export class CipherState {
  readonly #suite: CryptoSuite;
  #key: Uint8Array;
  #counter: number;
  /** Four zero bytes and the counter, little-endian; written anew for every message. */
  readonly #nonce = new Uint8Array(NONCE_BYTES);

  /** Keeps `key`: the caller must not write to it afterwards. */
  constructor(suite: CryptoSuite, key: Uint8Array, counter = 0) {
    assertInvariant(key.length === KEY_BYTES, "CipherState: key of 32 bytes");
    assertInvariant(Number.isSafeInteger(counter) && counter >= 0, "CipherState: a whole counter");
    this.#suite = suite;
    this.#key = key;
    this.#counter = counter;
  }

  /** Messages sealed or opened so far; a rekey does not reset it. */
  get counter(): number {
    return this.#counter;
  }

  /** Writes ciphertext ‖ tag to `out`; `plaintext` is 16 bytes shorter, or `out` itself (see the suite's port). */
  encrypt(ad: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    this.#prepareNonce();
    this.#suite.aeadSeal(this.#key, this.#nonce, ad, plaintext, out);
    this.#counter++;
  }

  /** The reverse. False when anything was altered: `out` is then worthless and the counter stays. */
  decrypt(ad: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean {
    this.#prepareNonce();
    if (!this.#suite.aeadOpen(this.#key, this.#nonce, ad, sealed, out)) return false;
    this.#counter++;
    return true;
  }

  /** Takes the key that Noise derives from the present one. The counter goes on, as Noise says. */
  rekey(): void {
    const sealed = new Uint8Array(KEY_BYTES + TAG_BYTES);
    this.#suite.aeadSeal(this.#key, REKEY_NONCE, EMPTY, REKEY_PLAINTEXT, sealed);
    this.#key = sealed.slice(0, KEY_BYTES);
  }

  #prepareNonce(): void {
    const counter = this.#counter;
    assertInvariant(counter < COUNTER_MAX, "CipherState: the counter is exhausted");
    const nonce = this.#nonce;
    nonce[4] = counter;
    nonce[5] = counter >>> 8;
    nonce[6] = counter >>> 16;
    nonce[7] = counter >>> 24;
    const high = Math.floor(counter / 0x1_0000_0000);
    nonce[8] = high;
    nonce[9] = high >>> 8;
  }
}
