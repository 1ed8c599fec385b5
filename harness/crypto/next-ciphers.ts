/**
 * Ciphers that are made before they are asked for. To make one of the host's costs up to three times what it then does to
 * a short message, most of all in a process that has just been woken; and a channel counts its messages, so that after
 * each one the next nonce is known. Whoever has answered and is about to wait calls `prepare`, and the next message finds
 * its cipher ready: the time between the two is used, the time that somebody waits is shorter.
 *
 * It holds: a cipher is handed out once, and only for the very key and nonce that it was made for; a wrong guess costs
 * the making and nothing else. Under load nothing is prepared, because nobody waits. So many keys at a time have one ready,
 * the latest, so that ten thousand idle channels hold nothing; and no key is kept alive by it.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { CipherChaCha20Poly1305, DecipherChaCha20Poly1305 } from "node:crypto";
import { isEqualBytes } from "../../core/bytes.ts";
import { TAG_BYTES } from "../../core/crypto/suite.ts";

const CIPHER = "chacha20-poly1305";
const TAG = { authTagLength: TAG_BYTES } as const;
/** More keys than this in one turn are load. */
const KEYS_MAX = 16;
/** Keys that have a cipher ready, in each direction. */
const READY_MAX = 64;
/** Before it the nonce of a channel is zeros, from it on a number, little-endian (Noise, section 12). */
const COUNTER_AT = 4;

/** Where a suite gets its ciphers (RFC 8439) from: each for one message. */
export interface Ciphers {
  sealing(key: Uint8Array, nonce: Uint8Array): CipherChaCha20Poly1305;
  opening(key: Uint8Array, nonce: Uint8Array): DecipherChaCha20Poly1305;
}

export const FRESH_CIPHERS: Ciphers = {
  sealing: (key, nonce) => createCipheriv(CIPHER, key, nonce, TAG),
  opening: (key, nonce) => createDecipheriv(CIPHER, key, nonce, TAG),
};

export class NextCiphers implements Ciphers {
  readonly #sealing = new Prepared(FRESH_CIPHERS.sealing);
  readonly #opening = new Prepared(FRESH_CIPHERS.opening);

  sealing(key: Uint8Array, nonce: Uint8Array): CipherChaCha20Poly1305 {
    return this.#sealing.take(key, nonce);
  }

  opening(key: Uint8Array, nonce: Uint8Array): DecipherChaCha20Poly1305 {
    return this.#opening.take(key, nonce);
  }

  /** How often a message found its cipher ready. */
  get foundReady(): number {
    return this.#opening.found + this.#sealing.found;
  }

  /** What was in use since the last time gets its next ones. */
  prepare(): void {
    this.#opening.prepare();
    this.#sealing.prepare();
  }
}

interface Kept<Cipher> {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly cipher: Cipher;
}

class Prepared<Cipher> {
  found = 0;
  readonly #make: (key: Uint8Array, nonce: Uint8Array) => Cipher;
  readonly #kept = new WeakMap<Uint8Array, Kept<Cipher>>();
  /** Keys that may have one ready, in a ring: whoever comes takes the place of the one that came first. */
  readonly #places: WeakRef<Uint8Array>[] = [];
  readonly #hasPlace = new WeakSet<Uint8Array>();
  #nextPlace = 0;
  /** Keys in use since the last time, each with the nonce that will come. */
  readonly #next = new Map<Uint8Array, Uint8Array>();

  constructor(make: (key: Uint8Array, nonce: Uint8Array) => Cipher) {
    this.#make = make;
  }

  take(key: Uint8Array, nonce: Uint8Array): Cipher {
    if (this.#next.size <= KEYS_MAX) this.#next.set(key, following(nonce));
    const kept = this.#kept.get(key);
    if (kept === undefined) return this.#make(key, nonce);
    this.#kept.delete(key);
    const isIt = isEqualBytes(kept.nonce, nonce) && isEqualBytes(kept.key, key);
    if (!isIt) return this.#make(key, nonce);
    this.found += 1;
    return kept.cipher;
  }

  prepare(): void {
    if (this.#next.size === 0) return;
    if (this.#next.size <= KEYS_MAX) {
      for (const [key, nonce] of this.#next) {
        this.#takePlace(key);
        this.#kept.set(key, { key: key.slice(), nonce, cipher: this.#make(key, nonce) });
      }
    }
    this.#next.clear();
  }

  #takePlace(key: Uint8Array): void {
    if (this.#hasPlace.has(key)) return;
    const former = this.#places[this.#nextPlace]?.deref();
    if (former !== undefined) {
      this.#kept.delete(former);
      this.#hasPlace.delete(former);
    }
    this.#places[this.#nextPlace] = new WeakRef(key);
    this.#hasPlace.add(key);
    this.#nextPlace = (this.#nextPlace + 1) % READY_MAX;
  }
}

function following(nonce: Uint8Array): Uint8Array {
  const next = nonce.slice();
  for (let at = COUNTER_AT; at < next.length; at++) {
    next[at] = next[at]! + 1;
    if (next[at] !== 0) break;
  }
  return next;
}
