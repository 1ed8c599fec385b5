/**
 * A crypto suite with an observer: whatever a host seals and whatever it opens is seen here, below the machine, so that
 * no code of the protocol can encrypt or read without being recorded.
 */
import type { CryptoSuite } from "../core/crypto/suite.ts";

export interface SuiteObserver {
  /** As the suite is called, before it seals: all of it is the caller's and must be copied to be kept. */
  sealed?(...call: Parameters<CryptoSuite["aeadSeal"]>): void;
  /** A transport message was decrypted: all of `plaintext` can be read by this host, and is what its machine will get. */
  opened?(plaintext: Uint8Array): void;
}

export function observeSuite(suite: CryptoSuite, observer: SuiteObserver): CryptoSuite {
  return {
    name: suite.name,
    aeadSeal(key, nonce, ad, plaintext, out) {
      observer.sealed?.(key, nonce, ad, plaintext, out);
      suite.aeadSeal(key, nonce, ad, plaintext, out);
    },
    aeadOpen(key, nonce, ad, sealed, out) {
      const isOpen = suite.aeadOpen(key, nonce, ad, sealed, out);
      if (isOpen && out.length > 0) observer.opened?.(out);
      return isOpen;
    },
    xaeadSeal(key, nonce, ad, plaintext, out) {
      observer.sealed?.(key, nonce, ad, plaintext, out);
      suite.xaeadSeal(key, nonce, ad, plaintext, out);
    },
    xaeadOpen: (key, nonce, ad, sealed, out) => suite.xaeadOpen(key, nonce, ad, sealed, out),
    hash: (bytes) => suite.hash(bytes),
    hmac: (key, bytes) => suite.hmac(key, bytes),
    hkdf: (secret, salt, info, length) => suite.hkdf(secret, salt, info, length),
    dhPublicKey: (privateKey) => suite.dhPublicKey(privateKey),
    dh: (privateKey, publicKey) => suite.dh(privateKey, publicKey),
    signPublicKey: (seed) => suite.signPublicKey(seed),
    sign: (seed, message) => suite.sign(seed, message),
    verify: (publicKey, message, signature) => suite.verify(publicKey, message, signature),
  };
}
