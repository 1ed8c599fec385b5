/**
 * The handshake `Noise_XX_25519_ChaChaPoly_BLAKE2s` (Noise, section 5.3), our own because it must replay: the
 * ephemeral key comes from the caller's entropy, nothing is drawn in here. Call `writeMessage` and `readMessage` in
 * turn, the initiator writing first, until `isFinished`; then `split` once. After an error the handshake is spoiled
 * and must be dropped. Calling out of turn is our own mistake and throws; whatever a peer did is a `NoiseError`.
 *
 * The pattern is a table of tokens and all Diffie-Hellman goes through the suite: a hybrid pattern adds tokens to the
 * table and cases to `#mixSecret`, and touches nothing else.
 */
import { concatBytes } from "../bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { KEY_BYTES } from "../crypto/suite.ts";
import { assertInvariant, unreachable } from "../invariant.ts";
import { NOISE_MESSAGE_BYTES_MAX } from "../limits.ts";
import type { Result } from "../result.ts";
import { fail, ok } from "../result.ts";
import type { CipherState } from "./cipher-state.ts";
import { SymmetricState } from "./symmetric-state.ts";

export type Role = "initiator" | "responder";

/** A public key to send (`e`, `s`), or a secret of two keys: the initiator's first, the responder's second. */
export type SecretToken = "ee" | "es" | "se";
export type Token = "e" | "s" | SecretToken;

export interface Pattern {
  readonly protocolName: string;
  /** One row a message, the initiator's first. */
  readonly messages: readonly (readonly Token[])[];
}

export const XX: Pattern = {
  protocolName: "Noise_XX_25519_ChaChaPoly_BLAKE2s",
  messages: [["e"], ["e", "ee", "s", "es"], ["s", "se"]],
};

/** What a peer did wrong. */
export type NoiseError =
  /** Shorter than the keys and tags that the message must hold. */
  | { readonly type: "Truncated"; readonly lengthBytes: number }
  /** Altered, for other keys or another prologue (`tag`); or a public key of small order (`public key`). */
  | { readonly type: "Refused"; readonly what: "tag" | "public key" };

export interface HandshakeOptions {
  readonly suite: CryptoSuite;
  readonly role: Role;
  /** Both sides must have the same, or the second message is refused. */
  readonly prologue: Uint8Array;
  /** Our long-lived private key. */
  readonly staticKey: Uint8Array;
  /** The private key of this handshake only: 32 bytes of fresh entropy. */
  readonly ephemeral: Uint8Array;
}

/** What a finished handshake leaves behind. */
export interface Session {
  readonly send: CipherState;
  readonly receive: CipherState;
  /** The same on both sides, and different for every handshake: what a signature binds itself to. */
  readonly handshakeHash: Uint8Array;
}

export function createHandshake(options: HandshakeOptions): Handshake {
  return new Handshake(options, XX);
}

export class Handshake {
  readonly #suite: CryptoSuite;
  readonly #role: Role;
  readonly #pattern: Pattern;
  readonly #symmetric: SymmetricState;
  readonly #staticKey: Uint8Array;
  readonly #ephemeral: Uint8Array;
  #remoteStatic: Uint8Array | undefined;
  #remoteEphemeral: Uint8Array | undefined;
  /** Messages written and read so far; even ones are the initiator's. */
  #turn = 0;
  #isSpoiled = false;

  constructor(options: HandshakeOptions, pattern: Pattern) {
    assertInvariant(options.staticKey.length === KEY_BYTES, "handshake: static key of 32 bytes");
    assertInvariant(options.ephemeral.length === KEY_BYTES, "handshake: ephemeral key of 32 bytes");
    this.#suite = options.suite;
    this.#role = options.role;
    this.#pattern = pattern;
    this.#staticKey = options.staticKey;
    this.#ephemeral = options.ephemeral;
    this.#symmetric = new SymmetricState(options.suite, pattern.protocolName);
    this.#symmetric.mixHash(options.prologue);
  }

  /** The peer's long-lived public key, from the message on that carries it. Proved only when `isFinished`. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#remoteStatic;
  }

  get isFinished(): boolean {
    return this.#turn === this.#pattern.messages.length;
  }

  /** Whether the next message is ours to write. */
  get isOurTurn(): boolean {
    return !this.isFinished && (this.#turn % 2 === 0) === (this.#role === "initiator");
  }

  /** The next message of ours. `Refused` when the peer's earlier public key is of small order. */
  writeMessage(payload: Uint8Array): Result<Uint8Array, NoiseError> {
    assertInvariant(this.isOurTurn && !this.#isSpoiled, "handshake: writing out of turn");
    const parts: Uint8Array[] = [];
    for (const token of this.#pattern.messages[this.#turn]!) {
      if (token === "e") {
        const publicKey = this.#suite.dhPublicKey(this.#ephemeral);
        this.#symmetric.mixHash(publicKey);
        parts.push(publicKey);
      } else if (token === "s") {
        parts.push(this.#symmetric.encryptAndHash(this.#suite.dhPublicKey(this.#staticKey)));
      } else if (!this.#mixSecret(token)) {
        return this.#spoil({ type: "Refused", what: "public key" });
      }
    }
    parts.push(this.#symmetric.encryptAndHash(payload));
    const message = concatBytes(...parts);
    assertInvariant(message.length <= NOISE_MESSAGE_BYTES_MAX, "handshake: payload too long");
    this.#turn++;
    return ok(message);
  }

  /** Takes the peer's next message and gives its payload. */
  readMessage(message: Uint8Array): Result<Uint8Array, NoiseError> {
    assertInvariant(!this.isOurTurn && !this.isFinished && !this.#isSpoiled, "handshake: reading out of turn");
    let at = 0;
    for (const token of this.#pattern.messages[this.#turn]!) {
      if (token === "e" || token === "s") {
        const length = KEY_BYTES + (token === "s" ? this.#symmetric.overheadBytes : 0);
        if (message.length - at < length) return this.#spoil({ type: "Truncated", lengthBytes: message.length });
        // A copy: keys outlive the buffer that they came in.
        const field = message.slice(at, at + length);
        at += length;
        if (token === "e") {
          this.#symmetric.mixHash(field);
          this.#remoteEphemeral = field;
        } else {
          const publicKey = this.#symmetric.decryptAndHash(field);
          if (publicKey === undefined) return this.#spoil({ type: "Refused", what: "tag" });
          this.#remoteStatic = publicKey;
        }
      } else if (!this.#mixSecret(token)) {
        return this.#spoil({ type: "Refused", what: "public key" });
      }
    }
    if (message.length - at < this.#symmetric.overheadBytes) {
      return this.#spoil({ type: "Truncated", lengthBytes: message.length });
    }
    const payload = this.#symmetric.decryptAndHash(message.subarray(at));
    if (payload === undefined) return this.#spoil({ type: "Refused", what: "tag" });
    this.#turn++;
    return ok(payload);
  }

  /** The ciphers of the session. Once, when the handshake is finished. */
  split(): Session {
    assertInvariant(this.isFinished && !this.#isSpoiled, "handshake: split of an unfinished handshake");
    this.#isSpoiled = true;
    const [initiators, responders] = this.#symmetric.split();
    const handshakeHash = this.#symmetric.hash;
    return this.#role === "initiator"
      ? { send: initiators, receive: responders, handshakeHash }
      : { send: responders, receive: initiators, handshakeHash };
  }

  /** False when the peer's key is of small order. */
  #mixSecret(token: SecretToken): boolean {
    const isInitiator = this.#role === "initiator";
    let isOursStatic: boolean;
    let isTheirsStatic: boolean;
    switch (token) {
      case "ee":
        isOursStatic = false;
        isTheirsStatic = false;
        break;
      case "es":
        isOursStatic = !isInitiator;
        isTheirsStatic = isInitiator;
        break;
      case "se":
        isOursStatic = isInitiator;
        isTheirsStatic = !isInitiator;
        break;
      default:
        return unreachable(token);
    }
    const theirs = isTheirsStatic ? this.#remoteStatic : this.#remoteEphemeral;
    assertInvariant(theirs !== undefined, "handshake: the pattern sends a key before it is used");
    const secret = this.#suite.dh(isOursStatic ? this.#staticKey : this.#ephemeral, theirs);
    if (secret === undefined) return false;
    this.#symmetric.mixKey(secret);
    return true;
  }

  #spoil(error: NoiseError): Result<never, NoiseError> {
    this.#isSpoiled = true;
    return fail(error);
  }
}
