/**
 * What a handshake has agreed on so far (Noise, section 5.2): the hash `h` of everything both sides have seen, the
 * chaining key `ck` of everything both sides share, and, after the first key, a cipher. Only `handshake.ts` uses it.
 * Every `h` and `ck` is a fresh array, so what was handed out stays as it was.
 */
import { EMPTY, concatBytes } from "../bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { HASH_BYTES, TAG_BYTES } from "../crypto/suite.ts";
import { encodeText } from "../text.ts";
import { CipherState } from "./cipher-state.ts";

const ONE = Uint8Array.of(1);
const TWO = Uint8Array.of(2);

export class SymmetricState {
  readonly #suite: CryptoSuite;
  #hash: Uint8Array;
  #chainingKey: Uint8Array;
  #cipher: CipherState | undefined;

  constructor(suite: CryptoSuite, protocolName: string) {
    const name = encodeText(protocolName);
    this.#suite = suite;
    // A name that fits is padded with zeros, a longer one is hashed.
    this.#hash =
      name.length <= HASH_BYTES ? concatBytes(name, new Uint8Array(HASH_BYTES - name.length)) : suite.hash(name);
    this.#chainingKey = this.#hash;
  }

  get hash(): Uint8Array {
    return this.#hash;
  }

  /** What `encryptAndHash` adds to a plaintext: a tag, once there is a key. */
  get overheadBytes(): number {
    return this.#cipher === undefined ? 0 : TAG_BYTES;
  }

  mixHash(data: Uint8Array): void {
    this.#hash = this.#suite.hash(concatBytes(this.#hash, data));
  }

  mixKey(secret: Uint8Array): void {
    const [chainingKey, key] = this.#derive(secret);
    this.#chainingKey = chainingKey;
    this.#cipher = new CipherState(this.#suite, key);
  }

  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    let sealed = plaintext;
    if (this.#cipher !== undefined) {
      sealed = new Uint8Array(plaintext.length + TAG_BYTES);
      this.#cipher.encrypt(this.#hash, plaintext, sealed);
    }
    this.mixHash(sealed);
    return sealed;
  }

  /** `undefined` when it was altered. `sealed` has at least `overheadBytes` bytes. */
  decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
    let plaintext = sealed;
    if (this.#cipher !== undefined) {
      plaintext = new Uint8Array(sealed.length - TAG_BYTES);
      if (!this.#cipher.decrypt(this.#hash, sealed, plaintext)) return undefined;
    }
    this.mixHash(sealed);
    return plaintext;
  }

  /** The ciphers of the two directions: first the initiator's to send with, then the responder's. */
  split(): readonly [CipherState, CipherState] {
    const [first, second] = this.#derive(EMPTY);
    return [new CipherState(this.#suite, first), new CipherState(this.#suite, second)];
  }

  /** Noise's HKDF with two outputs. */
  #derive(secret: Uint8Array): readonly [Uint8Array, Uint8Array] {
    const extracted = this.#suite.hmac(this.#chainingKey, secret);
    const first = this.#suite.hmac(extracted, ONE);
    return [first, this.#suite.hmac(extracted, concatBytes(first, TWO))];
  }
}
